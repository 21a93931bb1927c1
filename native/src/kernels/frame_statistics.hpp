// Statistics of one band of a spectrogram over its frames, in double: what asd_features.spectral_statistics computes. A step between
// neighbouring frames is rounded to the type of the frames first, as there.
#pragma once

#include <cmath>
#include <cstdint>

#include "host_device.hpp"
#include "lane_sum.hpp"
#include "moments.hpp"

namespace asd::kernels {

template <class Value>
struct BandFrames {
    const Value *values;
    std::int64_t count;  // F >= 1

    ASD_HD double mean() const {
        const auto value = [this](std::int64_t i) { return static_cast<double>(values[i]); };
        return lane_sum(value, count) / static_cast<double>(count);
    }

    ASD_HD double deviation() const {
        return moments_of([this](std::int64_t i) { return static_cast<double>(values[i]); }, count).deviation();
    }

    // Mean absolute difference of neighbours; 0 of a single frame.
    ASD_HD double difference() const {
        if (count == 1) return 0.0;
        const auto step = [this](std::int64_t i) { return static_cast<double>(std::abs(values[i + 1] - values[i])); };
        return lane_sum(step, count - 1) / static_cast<double>(count - 1);
    }

    // Generalised weighted rank pooling; weights of sum 1 for the largest value, the second ...; the values must be sorted, the
    // largest first.
    ASD_HD double rank(const double *weights) const {
        const auto weighted = [&](std::int64_t i) { return weights[i] * static_cast<double>(values[i]); };
        return lane_sum(weighted, count);
    }
};

}  // namespace asd::kernels
