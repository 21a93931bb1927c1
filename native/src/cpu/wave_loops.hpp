// Loops over the samples of a wave: to double, to moments, to standardised float32.
//
// Included only by isa_kernels.cpp, which is compiled once per instruction set: everything has internal linkage.
#pragma once

#include <cstdint>
#include <limits>

#include "../kernels/sample_value.hpp"
#include "isa_kernels.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace {

using asd::cpu::Stores;
using asd::kernels::Moments;
using asd::kernels::Standardise;
using std::int64_t;

template <class Sample>
void to_double(const Sample *wave, int64_t count, double *out) {
    for (int64_t i = 0; i < count; ++i) out[i] = asd::kernels::sample_value(wave[i]);
}

// Moments of a part of 16-bit samples.
Moments scaled_moments(int64_t size, int64_t sum, int64_t squares) {
    constexpr double SCALE = 1.0 / 32768;
    const auto count = static_cast<double>(size);
    const auto centred = static_cast<double>(size * squares - sum * sum);
    return {count, static_cast<double>(sum) * SCALE / count, centred * (SCALE * SCALE) / count};
}

// In parts that stay in the first-level cache between the two passes.
template <class Sample>
Moments moments(const Sample *wave, int64_t count) {
    constexpr int64_t PART = 1024;
    Moments total{0.0, 0.0, 0.0};
    for (int64_t begin = 0; begin < count; begin += PART) {
        const Sample *part = wave + begin;
        const auto load = [part](int64_t i) { return asd::kernels::sample_value(part[i]); };
        const int64_t size = begin + PART < count ? PART : count - begin;
        total = asd::kernels::combine(total, asd::kernels::moments_of(load, size));
    }
    return total;
}

// 16-bit samples are summed as integers, exactly, in one pass instead of two: a part is rounded only when it becomes a double. Sums
// of squares are kept in two halves, so that those of a part fit 32 bits.
Moments moments(const std::int16_t *wave, int64_t count) {
    constexpr int64_t PART = 1 << 15;
    constexpr int LANES = asd::kernels::SUM_LANES;
    static_assert(0xffff * (PART / LANES + LANES) <= std::numeric_limits<std::uint32_t>::max(), "low halves of a lane");
    static_assert(PART <= std::numeric_limits<int64_t>::max() / (PART << 30), "size times squares");
    Moments total{0.0, 0.0, 0.0};
    for (int64_t begin = 0; begin < count; begin += PART) {
        const std::int16_t *part = wave + begin;
        const int64_t size = begin + PART < count ? PART : count - begin;
        std::int32_t sums[LANES] = {};
        std::uint32_t low[LANES] = {}, high[LANES] = {};
        const auto add = [&](std::int32_t sample, int lane) {
            const auto square = static_cast<std::uint32_t>(sample * sample);
            sums[lane] += sample;
            low[lane] += square & 0xffff;
            high[lane] += square >> 16;
        };
        const int64_t even = size - size % LANES;
        for (int64_t i = 0; i < even; i += LANES)
            for (int lane = 0; lane < LANES; ++lane) add(part[i + lane], lane);
        for (int64_t i = even; i < size; ++i) add(part[i], 0);
        int64_t sum = 0, squares = 0;
        for (int lane = 0; lane < LANES; ++lane) {
            sum += sums[lane];
            squares += low[lane] + (static_cast<int64_t>(high[lane]) << 16);
        }
        total = asd::kernels::combine(total, scaled_moments(size, sum, squares));
    }
    return total;
}

template <class Sample>
void standardise_cached(const Sample *wave, int64_t count, Standardise by, float *out) {
    for (int64_t i = 0; i < count; ++i) out[i] = by(wave[i]);
}

template <class Sample>
void standardise(const Sample *wave, int64_t count, Standardise by, Stores stores, float *out) {
#if defined(__SSE2__)
    // Whole cache lines, so that write-combining never has to read one. Through a block in the first-level cache, because the
    // compiler makes better vector code of a plain loop than of one with explicit stores.
    constexpr int64_t LINE = 16, BLOCK = 32 * LINE;
    if (stores == Stores::streaming && count >= 2 * LINE) {
        alignas(64) float block[BLOCK];
        const auto misaligned = static_cast<int64_t>(reinterpret_cast<std::uintptr_t>(out) / sizeof(float) % LINE);
        int64_t i = misaligned ? LINE - misaligned : 0;
        standardise_cached(wave, i, by, out);
        while (i + LINE <= count) {
            const int64_t left = (count - i) / LINE * LINE, size = left < BLOCK ? left : BLOCK;
            standardise_cached(wave + i, size, by, block);
            for (int64_t k = 0; k < size; k += 4) _mm_stream_ps(out + i + k, _mm_load_ps(block + k));
            i += size;
        }
        standardise_cached(wave + i, count - i, by, out + i);
        _mm_sfence();  // before the thread that joins us reads
        return;
    }
#endif
    (void)stores;
    standardise_cached(wave, count, by, out);
}

}  // namespace
