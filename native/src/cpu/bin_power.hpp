// Power of a filtered segment in each of its time bins.
#pragma once

#include <cstdint>

#include "../kernels/segment_grid.hpp"
#include "isa_kernels.hpp"

namespace asd::cpu {

// power[0 .. bins): mean squares.
inline void bin_power(const IsaKernels &isa, const double *segment, std::int64_t segment_samples, std::int64_t bins,
                      double *power) {
    for (std::int64_t b = 0; b < bins; ++b) {
        const std::int64_t begin = kernels::bin_start(b, bins, segment_samples);
        const std::int64_t end = kernels::bin_start(b + 1, bins, segment_samples);
        power[b] = isa.mean_square(segment + begin, end - begin);
    }
}

}  // namespace asd::cpu
