// Vectors with one frame per lane: doubles for the transform, floats for the bands. A group of frames, which are transformed
// together, fills one vector of floats and one or two of doubles.
//
// Included only by isa_kernels.cpp, which is compiled once per instruction set: everything has internal linkage.
#pragma once

#include <cstdint>
#include <cstring>

#include "../kernels/host_device.hpp"

#if !defined(ASD_PLAIN_LANES) && defined(__SSE2__)
#include <immintrin.h>
#endif

namespace {

// ASD_PLAIN_LANES: as for a compiler without vector extensions, so that the tests cover that path too.
#if !defined(ASD_PLAIN_LANES) && defined(__GNUC__) && (defined(__clang__) || __GNUC__ >= 12)
#if defined(__AVX512F__)
constexpr int DOUBLES = 8, GROUP = 8;
#elif defined(__AVX2__)
constexpr int DOUBLES = 4, GROUP = 8;
#else
constexpr int DOUBLES = 2, GROUP = 4;
#endif
typedef double DoubleLanes __attribute__((vector_size(DOUBLES * sizeof(double))));
typedef float FloatLanes __attribute__((vector_size(GROUP * sizeof(float))));
typedef std::int32_t IntLanes __attribute__((vector_size(GROUP * sizeof(std::int32_t))));

// Lanes of a and b in turn: first of their lower halves, then of their upper halves.
#if defined(__AVX512F__)
#define ASD_LOW_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define ASD_HIGH_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#elif defined(__AVX2__)
#define ASD_LOW_HALVES 0, 4, 1, 5
#define ASD_HIGH_HALVES 2, 6, 3, 7
#else
#define ASD_LOW_HALVES 0, 2
#define ASD_HIGH_HALVES 1, 3
#endif
ASD_HD DoubleLanes low_halves(const DoubleLanes &a, const DoubleLanes &b) {
    return __builtin_shufflevector(a, b, ASD_LOW_HALVES);
}
ASD_HD DoubleLanes high_halves(const DoubleLanes &a, const DoubleLanes &b) {
    return __builtin_shufflevector(a, b, ASD_HIGH_HALVES);
}

ASD_HD DoubleLanes larger(const DoubleLanes &a, const DoubleLanes &b) { return a > b ? a : b; }
ASD_HD DoubleLanes smaller(const DoubleLanes &a, const DoubleLanes &b) { return a < b ? a : b; }
ASD_HD IntLanes bits_of(const FloatLanes &value) { return (IntLanes)value; }
ASD_HD FloatLanes of_bits(const IntLanes &bits) { return (FloatLanes)bits; }
ASD_HD FloatLanes to_float(const IntLanes &value) { return __builtin_convertvector(value, FloatLanes); }
ASD_HD FloatLanes select(const IntLanes &where, const FloatLanes &yes, const FloatLanes &no) { return where ? yes : no; }
#else  // a compiler without vector extensions: plain numbers, the same values
constexpr int DOUBLES = 1, GROUP = 1;

template <class Number>
struct OneLane {
    Number value;
    friend OneLane operator+(const OneLane &a, const OneLane &b) { return {a.value + b.value}; }
    friend OneLane operator-(const OneLane &a, const OneLane &b) { return {a.value - b.value}; }
    friend OneLane operator*(const OneLane &a, const OneLane &b) { return {a.value * b.value}; }
    friend OneLane operator+(const OneLane &a, Number b) { return {a.value + b}; }
    friend OneLane operator-(const OneLane &a, Number b) { return {a.value - b}; }
    friend OneLane operator*(const OneLane &a, Number b) { return {a.value * b}; }
    friend OneLane<std::int32_t> operator<(const OneLane &a, Number b) { return {a.value < b}; }
    friend OneLane<std::int32_t> operator>(const OneLane &a, const OneLane &b) { return {a.value > b.value}; }
};
using DoubleLanes = OneLane<double>;
using FloatLanes = OneLane<float>;
using IntLanes = OneLane<std::int32_t>;

ASD_HD DoubleLanes low_halves(const DoubleLanes &a, const DoubleLanes &) { return a; }
ASD_HD DoubleLanes high_halves(const DoubleLanes &, const DoubleLanes &b) { return b; }
ASD_HD DoubleLanes larger(const DoubleLanes &a, const DoubleLanes &b) { return a.value > b.value ? a : b; }
ASD_HD DoubleLanes smaller(const DoubleLanes &a, const DoubleLanes &b) { return a.value < b.value ? a : b; }
ASD_HD IntLanes operator>>(const IntLanes &a, int by) { return {a.value >> by}; }
ASD_HD IntLanes operator&(const IntLanes &a, std::int32_t b) { return {a.value & b}; }
ASD_HD IntLanes bits_of(const FloatLanes &value) {
    IntLanes bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}
ASD_HD FloatLanes of_bits(const IntLanes &bits) {
    FloatLanes value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}
ASD_HD FloatLanes to_float(const IntLanes &value) { return {static_cast<float>(value.value)}; }
ASD_HD FloatLanes select(const IntLanes &where, const FloatLanes &yes, const FloatLanes &no) {
    return where.value ? yes : no;
}
#endif

template <class Lanes, class Number>
ASD_HD Lanes load(const Number *from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

template <class Lanes, class Number>
ASD_HD void store(const Lanes &lanes, Number *to) {
    std::memcpy(to, &lanes, sizeof lanes);
}

// Row i of DOUBLES vectors becomes lane i of each: log2(DOUBLES) perfect shuffles.
ASD_HD void transpose(DoubleLanes *x) {
    for (int halvings = DOUBLES; halvings > 1; halvings /= 2) {
        DoubleLanes shuffled[DOUBLES];
        for (int i = 0; i < DOUBLES / 2; ++i) {
            shuffled[2 * i] = low_halves(x[i], x[i + DOUBLES / 2]);
            shuffled[2 * i + 1] = high_halves(x[i], x[i + DOUBLES / 2]);
        }
        for (int i = 0; i < DOUBLES; ++i) x[i] = shuffled[i];
    }
}

// The lanes rounded to float, and their square roots if asked for.
template <bool root>
ASD_HD void store_float(const DoubleLanes &power, float *to) {
#if !defined(ASD_PLAIN_LANES) && defined(__AVX512F__)
    const __m256 value = _mm512_maskz_cvtpd_ps(0xff, power);  // GCC 12 warns inside the form without a mask
    _mm256_storeu_ps(to, root ? _mm256_sqrt_ps(value) : value);
#elif !defined(ASD_PLAIN_LANES) && defined(__AVX2__)
    const __m128 value = _mm256_cvtpd_ps(power);
    _mm_storeu_ps(to, root ? _mm_sqrt_ps(value) : value);
#elif !defined(ASD_PLAIN_LANES) && defined(__SSE2__)
    const __m128 value = _mm_cvtpd_ps(power);
    _mm_storel_pi(reinterpret_cast<__m64 *>(to), root ? _mm_sqrt_ps(value) : value);
#else
    double lane[DOUBLES];
    store(power, lane);
    for (int i = 0; i < DOUBLES; ++i)
        to[i] = root ? __builtin_sqrtf(static_cast<float>(lane[i])) : static_cast<float>(lane[i]);
#endif
}

}  // namespace
