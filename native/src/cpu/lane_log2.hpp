// log2 of positive floats, one per lane, in plain multiplications and additions: the same bits on every processor.
//
// Relative error below 2e-7 over all floats, denormal ones included. For 0 the result is some number below -149.
//
// Included only by isa_kernels.cpp, which is compiled once per instruction set: everything has internal linkage.
#pragma once

#include "frame_lanes.hpp"

namespace {

// Value is m 2^e with m in [sqrt(1/2), sqrt(2)). `octaves` is e; returns log2 m.
ASD_HD FloatLanes lane_log2(const FloatLanes &value, FloatLanes &octaves) {
    constexpr float LEAST_NORMAL = 1.17549435e-38f, LARGE = 16777216.0f, LARGE_OCTAVES = 24.0f;
    constexpr std::int32_t ROOT_HALF = 0x3f3504f3, EXPONENT = -0x800000;
    // (log2(1 + f) - f log2(e)) / f^2, least relative error of the whole for f in [sqrt(1/2) - 1, sqrt(2) - 1].
    constexpr float LOG2_E = 1.44269504f;
    constexpr float TERM[8] = {-0.7213473916f, 0.4809072614f, -0.3606990874f, 0.2879918218f,
                               -0.2390618920f, 0.2152208984f, -0.2064139694f, 0.1260171235f};

    const IntLanes denormal = value < LEAST_NORMAL;
    const FloatLanes zero{};
    const IntLanes bits = bits_of(select(denormal, value * LARGE, value));
    const IntLanes above = bits - ROOT_HALF;
    octaves = to_float(above >> 23) - select(denormal, zero + LARGE_OCTAVES, zero);
    const FloatLanes f = of_bits(bits - (above & EXPONENT)) - 1.0f;
    FloatLanes sum = zero + TERM[7];
    for (int i = 6; i >= 0; --i) sum = sum * f + TERM[i];
    return f * LOG2_E + f * f * sum;
}

void log2_f32(const float *values, std::int64_t count, float *logarithms) {
    for (std::int64_t i = 0; i < count; i += GROUP) {
        FloatLanes octaves;
        const FloatLanes part = lane_log2(load<FloatLanes>(values + i), octaves);
        store(octaves + part, logarithms + i);
    }
}

}  // namespace
