// Squared Euclidean distance of two float32 vectors, from differences: accurate where they nearly coincide.
//
// Parts of the sum are float32, in running sums that are added in a fixed order at the end (see lane_sum.hpp); the sum of the
// parts is double, so that many dimensions cost no precision. Infinite where float32 overflows.
#pragma once

#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

constexpr int DISTANCE_LANES = 32;  // two vectors of AVX-512, four of AVX2: enough to hide the addition's latency
constexpr std::int64_t DISTANCE_PART = 1024;

ASD_HD float squared_distance_part(const float *a, const float *b, std::int64_t count) {
    float lane[DISTANCE_LANES] = {};
    const std::int64_t even = count - count % DISTANCE_LANES;
    for (std::int64_t i = 0; i < even; i += DISTANCE_LANES)
        for (int k = 0; k < DISTANCE_LANES; ++k) {
            const float difference = a[i + k] - b[i + k];
            lane[k] += difference * difference;
        }
    float rest = 0.0f;
    for (std::int64_t i = even; i < count; ++i) {
        const float difference = a[i] - b[i];
        rest += difference * difference;
    }
    for (int half = DISTANCE_LANES / 2; half > 0; half /= 2)
        for (int k = 0; k < half; ++k) lane[k] += lane[k + half];
    return lane[0] + rest;
}

ASD_HD float squared_distance(const float *a, const float *b, std::int64_t count) {
    double sum = 0.0;
    for (std::int64_t begin = 0; begin < count; begin += DISTANCE_PART) {
        const std::int64_t size = begin + DISTANCE_PART < count ? DISTANCE_PART : count - begin;
        sum += static_cast<double>(squared_distance_part(a + begin, b + begin, size));
    }
    return static_cast<float>(sum);
}

}  // namespace asd::kernels
