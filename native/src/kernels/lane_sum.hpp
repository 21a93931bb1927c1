// A sum in sixteen running sums, which are added in a fixed order at the end: the compiler makes vector code of it without
// -ffast-math, and every instruction set gives the same bits.
#pragma once

#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

constexpr int SUM_LANES = 16;  // four vectors of AVX2: enough to hide the addition's latency

// Sum of term(i) for i in [0, count).
template <class Term>
ASD_HD double lane_sum(const Term &term, std::int64_t count) {
    double lane[SUM_LANES] = {};
    const std::int64_t even = count - count % SUM_LANES;
    for (std::int64_t i = 0; i < even; i += SUM_LANES)
        for (int k = 0; k < SUM_LANES; ++k) lane[k] += term(i + k);
    double rest = 0.0;
    for (std::int64_t i = even; i < count; ++i) rest += term(i);
    for (int half = SUM_LANES / 2; half > 0; half /= 2)
        for (int k = 0; k < half; ++k) lane[k] += lane[k + half];
    return lane[0] + rest;
}

}  // namespace asd::kernels
