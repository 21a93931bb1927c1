// isa_kernels.cpp as a compiler without vector extensions sees it (see tests/CMakeLists.txt).
#pragma once

#include "../src/cpu/isa_kernels.hpp"

namespace asd::cpu {

extern const IsaKernels isa_kernels_plain_lanes;

}  // namespace asd::cpu
