// Moments of a segment that is standardised by itself.
#pragma once

#include <cstdint>

#include "sample_kernels.hpp"

namespace asd::cpu {

// `segment` has clip_samples samples if that is less than segment_samples: the clip is then repeated.
template <class Sample>
kernels::Moments moments_of_segment(const IsaKernels &isa, const Sample *segment, std::int64_t segment_samples,
                                    std::int64_t clip_samples) {
    if (clip_samples >= segment_samples) return moments(isa, segment, segment_samples);
    const std::int64_t times = segment_samples / clip_samples, rest = segment_samples % clip_samples;
    const kernels::Moments whole = moments(isa, segment, clip_samples).repeated(static_cast<double>(times));
    return kernels::combine(whole, moments(isa, segment, rest));
}

}  // namespace asd::cpu
