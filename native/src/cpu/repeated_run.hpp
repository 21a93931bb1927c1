// A run of samples that is repeated until it fills a segment: its moments, and the segment. A run of the segment's length is
// the segment itself.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "sample_kernels.hpp"

namespace asd::cpu {

// Bypasses the caches for an output that is larger than any second-level cache.
inline Stores stores_for(std::int64_t floats) {
    constexpr std::int64_t STREAMING_BYTES = 1 << 22;
    const bool fits = floats * static_cast<std::int64_t>(sizeof(float)) < STREAMING_BYTES;
    return fits ? Stores::cached : Stores::streaming;
}

template <class Sample>
kernels::Moments moments_of_repeated(const IsaKernels &isa, const Sample *run, std::int64_t samples, std::int64_t length) {
    const auto times = static_cast<double>(length / samples);
    return kernels::combine(moments(isa, run, samples).repeated(times), moments(isa, run, length % samples));
}

template <class Sample>
void standardise_repeated(const IsaKernels &isa, const Sample *run, std::int64_t samples, std::int64_t length,
                          kernels::Standardise by, Stores stores, float *out) {
    if (samples == length) {
        standardise(isa, run, length, by, stores, out);
        return;
    }
    standardise(isa, run, samples, by, Stores::cached, out);  // read again at once
    for (std::int64_t done = samples; done < length;) {
        const std::int64_t more = std::min(done, length - done);
        std::memcpy(out + done, out, static_cast<std::size_t>(more) * sizeof(float));
        done += more;
    }
}

}  // namespace asd::cpu
