// Weighted mean of one clip's scores, and of its score maps.
//
// Weights are divided by the largest before they are summed, so that very large and very small ones neither overflow nor vanish.
// Zero weights throughout mean equal weights. A weight that is negative or not finite gives NaN.
#pragma once

#include <cfloat>
#include <cmath>
#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

// The weights of one clip, scaled to sum to 1.
struct RelativeWeights {
    const double *weights;
    double largest;  // 0 when all are zero
    double share;    // 1 / sum of weights / largest

    ASD_HD double operator()(std::int64_t i) const {
        return largest > 0.0 ? weights[i] / largest * share : share;
    }
};

ASD_HD RelativeWeights relative_weights(const double *weights, std::int64_t count) {
    double largest = 0.0;
    bool valid = true;
    for (std::int64_t i = 0; i < count; ++i) {
        // A comparison with NaN is false, so NaN is not valid either.
        valid = valid && weights[i] >= 0.0 && weights[i] <= DBL_MAX;
        largest = weights[i] > largest ? weights[i] : largest;
    }
    if (!valid) return {weights, 0.0, static_cast<double>(NAN)};
    if (largest == 0.0) return {weights, 0.0, 1.0 / static_cast<double>(count)};
    double sum = 0.0;
    for (std::int64_t i = 0; i < count; ++i) sum += weights[i] / largest;
    return {weights, largest, 1.0 / sum};
}

// One summand of the weighted mean of scores: segment i of S.
template <class Score>
struct WeightedScore {
    const Score *scores;
    RelativeWeights relative;

    ASD_HD double operator()(std::int64_t i) const { return static_cast<double>(scores[i]) * relative(i); }
};

// One summand of the weighted mean of maps: column i of S x W, with the mean over the height taken first.
template <class Score>
struct WeightedColumn {
    const Score *maps;
    std::int64_t height;
    std::int64_t width;
    RelativeWeights relative;

    ASD_HD double operator()(std::int64_t i) const {
        const Score *column = maps + (i / width) * height * width + i % width;
        double sum = 0.0;
        for (std::int64_t row = 0; row < height; ++row) sum += static_cast<double>(column[row * width]);
        return sum / static_cast<double>(height) * relative(i);
    }
};

}  // namespace asd::kernels
