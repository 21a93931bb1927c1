// Equality to the bit: required for every instruction set, number of threads and block size.
#pragma once

#include <cstring>
#include <vector>

template <class Value>
bool same_bits(const std::vector<Value> &a, const std::vector<Value> &b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(Value)) == 0);
}
