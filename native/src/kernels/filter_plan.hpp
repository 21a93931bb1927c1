// A cascade of second-order sections, ready to run: coefficients side by side and the state of the step response.
#pragma once

#include <cstdint>

namespace asd::kernels {

constexpr int MAX_SECTIONS = 32;  // one section per lane of a CUDA warp

struct FilterPlan {
    std::int32_t sections;
    std::int64_t pad_samples;  // odd extension at each end
    double b0[MAX_SECTIONS], b1[MAX_SECTIONS], b2[MAX_SECTIONS], a1[MAX_SECTIONS], a2[MAX_SECTIONS];
    // State of each section after endless ones at the input of the cascade (scipy.signal.sosfilt_zi).
    double steady1[MAX_SECTIONS], steady2[MAX_SECTIONS];
};

}  // namespace asd::kernels
