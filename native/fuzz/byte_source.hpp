// A fuzzer's bytes, read as one value after another; after their end all values are zero, so that every input is valid.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <vector>

// If an input breaks a law the process ends, and the fuzzer keeps that input.
#define LAW(condition)                                                                   \
    do {                                                                                 \
        if (condition) break;                                                            \
        std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
        std::abort();                                                                    \
    } while (false)

class ByteSource {
public:
    ByteSource(const std::uint8_t *data, std::size_t size) : data_(data), left_(size) {}

    template <class Value>
    Value take() {
        unsigned char bytes[sizeof(Value)] = {};
        const std::size_t count = std::min(sizeof bytes, left_);
        if (count > 0) std::memcpy(bytes, data_, count);
        skip(count);
        Value value;
        std::memcpy(&value, bytes, sizeof value);
        return value;
    }

    // Usually one of the values; any value of the type if the byte is 255.
    template <class Value>
    Value one_of(std::initializer_list<Value> values) {
        const std::size_t chosen = take<std::uint8_t>();
        return chosen == 255 ? take<Value>() : values.begin()[chosen % values.size()];
    }

    // The remaining bytes as whole values, at most `most` of them.
    template <class Value>
    std::vector<Value> rest(std::size_t most) {
        std::vector<Value> values(std::min(most, left_ / sizeof(Value)));
        if (!values.empty()) std::memcpy(values.data(), data_, values.size() * sizeof(Value));
        skip(left_);
        return values;
    }

private:
    void skip(std::size_t count) {
        if (count == 0) return;
        data_ += count;
        left_ -= count;
    }

    const std::uint8_t *data_;
    std::size_t left_;
};
