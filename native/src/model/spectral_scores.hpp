// What spectral statistics say about a recording: all frames of a stretch are pooled into one vector, whose distance to normal ones is
// the stretch's score. The score of a recording is the mean over its stretches; segments' scores only compare those of one stretch.
#pragma once

#include <vector>

#include "model.hpp"
#include "scored_groups.hpp"
#include "segment_cut.hpp"
#include "spectrograms.hpp"

namespace asd::model {

asd_status spectral_scores(const asd_model &model, const Spectrograms &spectrograms, const Cut &cut, const std::vector<Group> &groups,
                           std::int32_t threads, ScoredGroups *scores);

}  // namespace asd::model
