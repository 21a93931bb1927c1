// The value of one sample, in double: 16-bit samples are scaled to [-1, 1), which is exact.
#pragma once

#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

ASD_HD double sample_value(std::int16_t sample) { return static_cast<double>(sample) * (1.0 / 32768.0); }
ASD_HD double sample_value(float sample) { return static_cast<double>(sample); }
ASD_HD double sample_value(double sample) { return sample; }

}  // namespace asd::kernels
