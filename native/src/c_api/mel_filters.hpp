// Triangular mel filters, HTK's or Slaney's, on the bins of a real transform.
#pragma once

#include <cstdint>
#include <vector>

#include "asd/asd.h"

namespace asd::c_api {

struct MelFilters {
    std::vector<std::int32_t> first_bin;  // of each band
    std::vector<std::int32_t> bins;
    std::vector<float> weights;           // band after band
};

// options must be checked before. Bands that contain no bin stay empty.
MelFilters make_mel_filters(const asd_log_mel_options &options);

}  // namespace asd::c_api
