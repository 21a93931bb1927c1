// Vectors of doubles for the section pipeline: one section per lane, moved up by one lane from step to step.
//
// Included only by section_pipeline.hpp and thus isa_kernels.cpp, which is compiled once per instruction set: everything has internal
// linkage.
#pragma once

#include "../kernels/host_device.hpp"

namespace {

// ASD_PLAIN_LANES: as for a compiler without vector extensions, so that the tests cover that path too.
#if !defined(ASD_PLAIN_LANES) && defined(__GNUC__) && (defined(__clang__) || __GNUC__ >= 12)
// Four doubles with AVX-512 too: three such vectors hold the 12 sections of an order-24 filter; two of eight would waste four lanes.
#if defined(__AVX2__)
constexpr int WIDTH = 4;
#else
constexpr int WIDTH = 2;
#endif
typedef double Vector __attribute__((vector_size(WIDTH * sizeof(double))));

// The lanes of `high` moved up by one, with the last lane of `low` at the bottom.
ASD_HD Vector moved_up(const Vector &high, const Vector &low) {
#if defined(__AVX2__)
    return __builtin_shufflevector(low, high, 3, 4, 5, 6);
#else
    return __builtin_shufflevector(low, high, 1, 2);
#endif
}

ASD_HD Vector everywhere(double value) { return Vector{} + value; }

// `moved` in the lanes where begin <= at < end, `kept` in the others.
ASD_HD Vector within(const Vector &begin, const Vector &end, double at, const Vector &moved, const Vector &kept) {
    return ((begin <= everywhere(at)) & (everywhere(at) < end)) ? moved : kept;
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
ASD_HD Vector everywhere(double value) { return {{value}}; }
ASD_HD Vector within(const Vector &begin, const Vector &end, double at, const Vector &moved, const Vector &kept) {
    return begin[0] <= at && at < end[0] ? moved : kept;
}
#endif
constexpr int VECTORS = WIDTH > 1 ? 3 : 12;  // more would not fit the registers

}  // namespace
