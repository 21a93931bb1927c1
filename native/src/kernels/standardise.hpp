// (x - mean) / std in double, rounded at most once to float32.
#pragma once

#include "host_device.hpp"
#include "moments.hpp"
#include "sample_value.hpp"

namespace asd::kernels {

struct Standardise {
    double mean;
    double inverse;  // 1 / std, or 0 for a constant segment

    template <class Sample>
    ASD_HD double exact(Sample sample) const {
        return (sample_value(sample) - mean) * inverse;
    }

    template <class Sample>
    ASD_HD float operator()(Sample sample) const {
        return static_cast<float>(exact(sample));
    }
};

// A constant segment becomes zeros: it has no deviation to divide by.
ASD_HD Standardise standardise_by(const Moments &moments) {
    const double deviation = moments.deviation();
    return {moments.mean, deviation > 0.0 ? 1.0 / deviation : 0.0};
}

}  // namespace asd::kernels
