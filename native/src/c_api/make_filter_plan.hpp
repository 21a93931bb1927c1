// From second-order sections as SciPy writes them to a plan that the launchers run.
#pragma once

#include <cstdint>

#include "../kernels/filter_plan.hpp"
#include "asd/asd.h"

namespace asd::c_api {

// sos: sections x 6; zero_phase: to run forwards and backwards, with an extension at each end. Fails on values that are not
// finite, a0 other than 1, an unstable section, and a gain at frequency zero that does not fit a double.
asd_status make_filter_plan(const double *sos, std::int64_t sections, bool zero_phase, kernels::FilterPlan *plan);

}  // namespace asd::c_api
