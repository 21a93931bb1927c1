// A sum in eight running sums with one fixed order of the last additions: the compiler turns it into vector code without
// -ffast-math, and every instruction set gives the same bits.
#pragma once

#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

constexpr int SUM_LANES = 8;

// Sum of term(i) for i in [0, count).
template <class Term>
ASD_HD double lane_sum(const Term &term, std::int64_t count) {
    double lane[SUM_LANES] = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0};
    const std::int64_t even = count - count % SUM_LANES;
    for (std::int64_t i = 0; i < even; i += SUM_LANES)
        for (int k = 0; k < SUM_LANES; ++k) lane[k] += term(i + k);
    double rest = 0.0;
    for (std::int64_t i = even; i < count; ++i) rest += term(i);
    return (((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]))) + rest;
}

}  // namespace asd::kernels
