// The two inlier models as asd-inlier defines them, and their arithmetic on one vector, without the long sums. Values are rounded
// to float32 where asd-inlier rounds, so that both refuse the same vectors and agree on vectors that nearly coincide.
#pragma once

#include <cmath>
#include <cstdint>

#include "host_device.hpp"
#include "upper_triangle.hpp"

namespace asd::kernels {

// Mean distance to the nearest of the whitened training vectors.
struct KnnModel {
    std::int64_t dimensions;  // D
    std::int64_t vectors;     // N
    std::int64_t neighbours;  // 1 .. N
    const double *location;   // [D]
    FullTriangle whitening;   // [D][D]
    const float *training;    // [N][D]
    const float *weights;     // [N] of squared distances, by local density; null: all 1

    template <class Value>
    ASD_HD double centred(const Value *vector, std::int64_t i) const {
        return static_cast<double>(vector[i]) - location[i];
    }
};

// Negative log-likelihood under a Gaussian mixture with full covariances.
struct GmmModel {
    std::int64_t dimensions;  // D
    std::int64_t components;  // K
    const double *location;   // [D]
    double scale;             // > 0
    const float *means;       // [K][D]
    const float *factors;     // [K][D (D + 1) / 2] packed upper triangles U, U U^T = inverse covariance
    const double *log_peaks;  // [K] log of weight times determinant of U

    template <class Value>
    ASD_HD float modelled(const Value *vector, std::int64_t i) const {
        return static_cast<float>((static_cast<double>(vector[i]) - location[i]) / scale);
    }

    ASD_HD const float *mean(std::int64_t component) const { return means + component * dimensions; }
    ASD_HD PackedTriangle factor(std::int64_t component) const {
        return {factors + component * (dimensions * (dimensions + 1) / 2), dimensions};
    }

    // The score, given the log of the sum of the components' densities without their common constant.
    ASD_HD double score(double log_likelihood) const {
        constexpr double HALF_LOG_TWO_PI = 0.91893853320467274178;
        return static_cast<double>(dimensions) * (HALF_LOG_TWO_PI + log(scale)) - log_likelihood;
    }
};

// One summand of a squared Mahalanobis distance.
struct RoundedSquare {
    const double *whitened;

    ASD_HD double operator()(std::int64_t i) const {
        const auto rounded = static_cast<double>(static_cast<float>(whitened[i]));
        return rounded * rounded;
    }
};

}  // namespace asd::kernels
