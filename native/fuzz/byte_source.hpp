// A fuzzer's bytes, taken one value after another; past their end everything is zero, so that each input means something.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <vector>

// A law that an input breaks ends the process: the fuzzer keeps that input.
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

    // One of the values, mostly; any value of the type for the byte 255.
    template <class Value>
    Value one_of(std::initializer_list<Value> values) {
        const std::size_t chosen = take<std::uint8_t>();
        return chosen == 255 ? take<Value>() : values.begin()[chosen % values.size()];
    }

    // What is left, as whole values, `most` of them at most.
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
