// The level of a recording: whether there is sound in it, and the mean and deviation that standardise it. Full scale is 1.
#pragma once

#include <cstdint>

#include "manifest.hpp"

namespace asd::model {

// Mean and population deviation of all samples, at least the smallest normal float32; of 16-bit samples rounded once from the exact
// numbers.
Scale level_of(const std::int16_t *wave, std::int64_t samples);
Scale level_of(const float *wave, std::int64_t samples);

// RMS about the mean in decibels; minus infinity for a constant.
template <class Sample>
double level_db(const Sample *wave, std::int64_t samples);

// Mean of the squares.
template <class Sample>
double mean_square(const Sample *wave, std::int64_t samples);

constexpr std::int64_t MOST_SAMPLES = INT64_C(1) << 31;  // 37 hours at 16 kHz: the exact sums fit into 64 bits

}  // namespace asd::model
