// A clip, repeated if it is shorter than a segment, with its ends mirrored about its first and last sample
// (scipy.signal.sosfiltfilt, padtype "odd"). Index 0 is the first sample of the extension.
#pragma once

#include <cstdint>

#include "cyclic_run.hpp"
#include "host_device.hpp"
#include "sample_value.hpp"

namespace asd::kernels {

template <class Sample>
struct OddExtension {
    const Sample *clip;
    std::int64_t samples;           // of the clip
    std::int64_t repeated_samples;  // of the clip after repetition, > pad_samples
    std::int64_t pad_samples;

    ASD_HD std::int64_t size() const { return repeated_samples + 2 * pad_samples; }

    ASD_HD double inside(std::int64_t i) const { return sample_value(CyclicRun<Sample>{clip, samples, 0}(i)); }

    ASD_HD double operator()(std::int64_t i) const {
        const std::int64_t last = repeated_samples - 1;
        const std::int64_t at = i - pad_samples;
        if (at < 0) return 2.0 * inside(0) - inside(-at);
        if (at > last) return 2.0 * inside(last) - inside(2 * last - at);
        return inside(at);
    }
};

}  // namespace asd::kernels
