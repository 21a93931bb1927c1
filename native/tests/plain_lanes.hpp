// isa_kernels.cpp as a compiler without vector extensions sees it (see tests/CMakeLists.txt), and equality to the bit.
#pragma once

#include <cstring>
#include <vector>

#include "../src/cpu/isa_kernels.hpp"

namespace asd::cpu {

extern const IsaKernels isa_kernels_plain_lanes;

}  // namespace asd::cpu

template <class Value>
bool same_bits(const std::vector<Value> &a, const std::vector<Value> &b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(Value)) == 0;
}
