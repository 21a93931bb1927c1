// Vectors of doubles for the section pipeline: one section per lane, moved up by one lane from step to step.
//
// Included by isa_kernels.cpp alone, which is compiled once per instruction set: everything has internal linkage.
#pragma once

#include "../kernels/host_device.hpp"

namespace {

#if defined(__GNUC__) && (defined(__clang__) || __GNUC__ >= 12)
#if defined(__AVX512F__)
constexpr int WIDTH = 8;
#elif defined(__AVX2__)
constexpr int WIDTH = 4;
#else
constexpr int WIDTH = 2;
#endif
typedef double Vector __attribute__((vector_size(WIDTH * sizeof(double))));

// Lanes of `high` one up, with the last lane of `low` at the bottom.
ASD_HD Vector moved_up(const Vector &high, const Vector &low) {
#if defined(__AVX512F__)
    return __builtin_shufflevector(low, high, 7, 8, 9, 10, 11, 12, 13, 14);
#elif defined(__AVX2__)
    return __builtin_shufflevector(low, high, 3, 4, 5, 6);
#else
    return __builtin_shufflevector(low, high, 1, 2);
#endif
}
#else  // a compiler without vector extensions: plain doubles, the same values
constexpr int WIDTH = 1;
struct Vector {
    double value[1];
    double operator[](int) const { return value[0]; }
    double &operator[](int) { return value[0]; }
    friend Vector operator*(const Vector &a, const Vector &b) { return {{a.value[0] * b.value[0]}}; }
    friend Vector operator+(const Vector &a, const Vector &b) { return {{a.value[0] + b.value[0]}}; }
    friend Vector operator-(const Vector &a, const Vector &b) { return {{a.value[0] - b.value[0]}}; }
};
ASD_HD Vector moved_up(const Vector &, const Vector &low) { return low; }
#endif

}  // namespace
