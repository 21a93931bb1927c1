// Samples of a clip from `start` on; at its end the clip begins again.
#pragma once

#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

template <class Sample>
struct CyclicRun {
    const Sample *clip;
    std::int64_t samples;  // of the clip
    std::int64_t start;    // < samples

    ASD_HD Sample operator()(std::int64_t i) const {
        const std::int64_t at = start + i;
        return clip[at < samples ? at : at % samples];  // a 64-bit remainder for each sample would cost more than its load
    }
};

}  // namespace asd::kernels
