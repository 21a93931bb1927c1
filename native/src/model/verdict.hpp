// From detectors' scores to those of a recording and its stretches, and where to listen.
#pragma once

#include <cstdint>
#include <vector>

#include "manifest.hpp"
#include "scored_groups.hpp"
#include "segment_cut.hpp"

namespace asd::model {

struct DetectorScores {
    const Detector *detector;
    ScoredGroups scores;
};

// The sum of standardised scores with the detectors' weights, on its scale.
ScoredGroups joined_scores(const std::vector<DetectorScores> &by_detector, const Scale &scale);

struct ScoredStretch {
    Span span, worst;  // worst: the segment that raises its score most
    double score;      // if it has one
    bool scored;       // false if each of its segments touches a gap
};

// Groups as for the scores. Empty weights: all segments weigh alike.
std::vector<ScoredStretch> scored_stretches(const Cut &cut, const std::vector<Group> &groups, const ScoredGroups &scores,
                                            const std::vector<double> &weights);

}  // namespace asd::model
