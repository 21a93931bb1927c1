// The first value that is NaN or infinite: its exponent is all ones.
//
// Included only by isa_kernels.cpp, which is compiled once per instruction set: everything has internal linkage.
#pragma once

#include <cstdint>
#include <cstring>

namespace {

using std::int64_t;

template <class Bits, class Value>
int64_t first_not_finite(const Value *values, int64_t count, Bits exponent) {
    constexpr int64_t BLOCK = 1024;
    for (int64_t begin = 0; begin < count; begin += BLOCK) {
        const int64_t end = begin + BLOCK < count ? begin + BLOCK : count;
        Bits found = 0;
        for (int64_t i = begin; i < end; ++i) {
            Bits bits;
            std::memcpy(&bits, values + i, sizeof bits);
            found |= static_cast<Bits>((bits & exponent) == exponent);
        }
        for (int64_t i = begin; found && i < end; ++i) {
            Bits bits;
            std::memcpy(&bits, values + i, sizeof bits);
            if ((bits & exponent) == exponent) return i;
        }
    }
    return count;
}

int64_t first_not_finite_f32(const float *values, int64_t count) {
    return first_not_finite<std::uint32_t>(values, count, 0x7f800000u);
}

int64_t first_not_finite_f64(const double *values, int64_t count) {
    return first_not_finite<std::uint64_t>(values, count, 0x7ff0000000000000u);
}

}  // namespace
