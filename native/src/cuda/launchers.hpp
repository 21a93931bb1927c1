// The CUDA launchers: device pointers and the caller's stream; arguments are already checked, values are not.
//
// Each queues its work and returns the first CUDA error (0: none). Plain C++, so that the ABI's sources need no CUDA compiler.
#pragma once

#include <cstdint>

#include "../cpu/launchers.hpp"
#include "asd/asd.h"

namespace asd::cuda {

// 0 also without a driver.
int device_count();

// What CUDA says of an error that an earlier call on this thread left behind, which stays there; nullptr without one. A launcher
// asks cudaGetLastError about its launch, which would take that error for its own: none is called before this one is clear.
const char *earlier_error();

// ASD_OK for 0, else the failure with CUDA's own words.
asd_status status(int cuda_error);

template <class Sample>
int cut_segments(const Sample *wave, std::int64_t clips, const kernels::SegmentGrid &grid,
                 const cpu::CutOptions &options, float *segments, void *stream);

// Takes 8 bytes a sample of scratch from the device's stream-ordered pool.
template <class Sample>
int high_passed_power(const Sample *wave, std::int64_t clips, const kernels::SegmentGrid &grid,
                      const kernels::FilterPlan &plan, std::int64_t bins, double *power, void *stream);

template <class Score>
int weighted_mean(const Score *scores, const double *weights, std::int64_t clips, std::int64_t segments,
                  double *means, void *stream);

template <class Score>
int weighted_map_mean(const Score *maps, const double *weights, std::int64_t clips, std::int64_t segments,
                      std::int64_t height, std::int64_t width, double *means, void *stream);

}  // namespace asd::cuda
