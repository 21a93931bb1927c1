// A cascade of second-order sections, ready to run.
#pragma once

#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

constexpr int MAX_SECTIONS = 32;  // one section per lane of a CUDA warp

struct FilterPlan {
    std::int32_t sections;
    bool zero_phase;           // forwards and backwards; otherwise forwards only
    std::int64_t pad_samples;  // odd extension at each end; 0 if the filter runs forwards only
    double b0[MAX_SECTIONS], b1[MAX_SECTIONS], b2[MAX_SECTIONS], a1[MAX_SECTIONS], a2[MAX_SECTIONS];
    // Gain at frequency zero of the sections before section i: what section i reads after endless ones at the cascade's input.
    double gain[MAX_SECTIONS + 1];
};

// The state of a cascade between two blocks of a signal: the last two inputs and outputs of each section.
struct FilterState {
    double x1[MAX_SECTIONS], x2[MAX_SECTIONS], y1[MAX_SECTIONS], y2[MAX_SECTIONS];
};

// The state after an endless constant `past`: that of scipy.signal.sosfilt_zi.
ASD_HD FilterState settled(const FilterPlan &plan, double past) {
    FilterState state{};
    for (int i = 0; i < plan.sections; ++i) {
        state.x1[i] = state.x2[i] = past * plan.gain[i];
        state.y1[i] = state.y2[i] = past * plan.gain[i + 1];
    }
    return state;
}

}  // namespace asd::kernels
