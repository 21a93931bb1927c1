// Weighted mean of one clip's scores, and of its score maps, as a running mean (West 1979): scores may come one by one
// or in parts, and the mean so far is known at any time, in constant memory.
//
// Weights that are all zero count as equal. A weight that is negative or not finite, or a score that is not finite, gives NaN.
#pragma once

#include <cfloat>
#include <cmath>
#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

struct WeightedMean {
    double weight;     // sum of the weights, in units of `unit`; while all are zero, the number of scores
    double half_mean;  // halved, so that the difference of any two scores fits
    double unit;       // 1, or 2^64 once the sum does not fit otherwise
    bool weighted;     // some weight is positive

    ASD_HD double mean() const { return 2.0 * half_mean; }

    ASD_HD WeightedMean in_units_of(double other) const { return {weight * (unit / other), half_mean, other, weighted}; }
};

ASD_HD WeightedMean no_score() { return {0.0, 0.0, 1.0, false}; }

ASD_HD WeightedMean one_score(double score, double weight) {
    // A comparison with NaN is false, so NaN is not valid either.
    const bool valid = weight >= 0.0 && weight <= DBL_MAX && fabs(score) <= DBL_MAX;
    if (!valid) return {1.0, static_cast<double>(NAN), 1.0, true};
    if (weight == 0.0) return {1.0, 0.5 * score, 1.0, false};
    return {weight, 0.5 * score, 1.0, true};
}

ASD_HD WeightedMean combine(WeightedMean a, WeightedMean b) {
    constexpr double LARGE_UNIT = 0x1p64;  // more weights than can ever be added
    if (a.weight == 0.0 || (b.weighted && !a.weighted)) return b;
    if (b.weight == 0.0 || (a.weighted && !b.weighted)) return a;
    if (a.unit != b.unit || a.weight + b.weight > DBL_MAX) {
        a = a.in_units_of(LARGE_UNIT);
        b = b.in_units_of(LARGE_UNIT);
    }
    // Starts from the heavier one: a value with almost no weight costs no precision, however large it is.
    const bool a_is_heavier = a.weight >= b.weight;
    const WeightedMean &heavy = a_is_heavier ? a : b, &light = a_is_heavier ? b : a;
    const double weight = a.weight + b.weight, share = light.weight / weight;
    return {weight, heavy.half_mean + share * (light.half_mean - heavy.half_mean), a.unit, a.weighted};
}

// Column i of maps S x H x W: its mean over the height, as one of S x W scores.
template <class Score>
ASD_HD WeightedMean one_column(const Score *maps, const double *weights, std::int64_t height, std::int64_t width,
                               std::int64_t i) {
    const Score *column = maps + (i / width) * height * width + i % width;
    double sum = 0.0;
    for (std::int64_t row = 0; row < height; ++row) sum += static_cast<double>(column[row * width]);
    return one_score(sum / static_cast<double>(height), weights[i]);
}

}  // namespace asd::kernels
