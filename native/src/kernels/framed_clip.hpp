// A segment of a clip as its frames read it: standardised and padded at both ends.
#pragma once

#include <cstdint>

#include "host_device.hpp"
#include "sample_value.hpp"
#include "standardise.hpp"

namespace asd::kernels {

template <class Sample>
struct FramedClip {
    const Sample *segment;
    std::int64_t segment_samples;  // more than half a window
    std::int64_t clip_samples;     // fewer than segment_samples: the clip is repeated
    bool reflect;                  // else zeros
    Standardise by;

    // Number of samples that are contiguous in memory from `segment` on.
    ASD_HD std::int64_t dense() const { return clip_samples < segment_samples ? clip_samples : segment_samples; }

    // Sample i, from half a window before the segment to half a window after it.
    ASD_HD double operator()(std::int64_t i) const {
        if (i < 0 || i >= segment_samples) {
            if (!reflect) return 0.0;
            i = i < 0 ? -i : 2 * (segment_samples - 1) - i;
        }
        return by.exact(segment[i < clip_samples ? i : i % clip_samples]);
    }
};

}  // namespace asd::kernels
