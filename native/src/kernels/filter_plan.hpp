// A cascade of second-order sections, ready to run.
#pragma once

#include <cstdint>

namespace asd::kernels {

constexpr int MAX_SECTIONS = 32;  // one section per lane of a CUDA warp

struct FilterPlan {
    std::int32_t sections;
    std::int64_t pad_samples;  // odd extension at each end
    double b0[MAX_SECTIONS], b1[MAX_SECTIONS], b2[MAX_SECTIONS], a1[MAX_SECTIONS], a2[MAX_SECTIONS];
    // Of the sections before section i, at frequency zero: what it reads after endless ones at the input of the cascade.
    double gain[MAX_SECTIONS + 1];
};

}  // namespace asd::kernels
