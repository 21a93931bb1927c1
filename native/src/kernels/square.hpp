// One summand of the power of a range of a signal.
#pragma once

#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

struct Square {
    const double *signal;

    ASD_HD double operator()(std::int64_t i) const { return signal[i] * signal[i]; }
};

}  // namespace asd::kernels
