// Weights of segments, or of their time bins: their share of a recording's power above the high-pass filter's edge.
#pragma once

#include <cstdint>
#include <vector>

#include "../kernels/filter_plan.hpp"
#include "../kernels/segment_grid.hpp"
#include "wave.hpp"

namespace asd::model {

// S x bins, of sum 1; equal for a silent or constant recording. The wave must be finite.
std::vector<double> power_weights(const Wave &wave, const kernels::SegmentGrid &grid, const kernels::FilterPlan &plan,
                                  std::int64_t bins, std::int32_t threads);

}  // namespace asd::model
