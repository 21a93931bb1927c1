// log of the sum of exp(values[i]), without overflow: the largest is taken out.
#pragma once

#include <cmath>
#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

// count >= 1. NaN if a value is NaN or +infinity, or all are -infinity.
ASD_HD double log_sum_exp(const double *values, std::int64_t count) {
    double largest = values[0];
    for (std::int64_t i = 1; i < count; ++i) largest = values[i] > largest ? values[i] : largest;
    double sum = 0.0;
    for (std::int64_t i = 0; i < count; ++i) sum += exp(values[i] - largest);
    return largest + log(sum);
}

}  // namespace asd::kernels
