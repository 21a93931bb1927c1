// The CUDA launchers: device pointers and the caller's stream; arguments are already checked, values are not.
//
// Each only queues kernels: it neither waits for the device nor allocates memory there. It returns the first CUDA error (0: none).
// Plain C++, so that the ABI's sources need no CUDA compiler.
#pragma once

#include <cstdint>

#include "../cpu/launchers.hpp"
#include "asd/asd.h"

namespace asd::cuda {

// 0 also without a driver.
int device_count();

// CUDA's words for an error that an earlier call on this thread left, which is not cleared; nullptr if there is none. After a launch
// fails, cudaGetLastError clears its error and would clear that one too: so nothing is launched while there is one.
const char *earlier_error();

// The device that this thread's calls run on.
int current_device(int *device);

// The device that owns this memory or managed memory; -1 for other memory.
int device_of(const void *pointer, int *device);

// Work queued on `later` from now on waits for what is on `earlier` now; the caller does not wait.
int run_after(void *later, void *earlier);

// ASD_OK for 0, else the failure with CUDA's own words.
asd_status status(int cuda_error);

template <class Sample>
int cut_segments(const Sample *wave, std::int64_t clips, const kernels::SegmentGrid &grid,
                 const cpu::CutOptions &options, float *segments, void *stream);

// A crop that is out of range becomes NaN, see kernels/gather.hpp.
template <class Sample>
int gather_segments(const kernels::Gather<Sample> &from, std::int64_t crops, bool per_segment, float *segments, void *stream);

// workspace: clips x grid.extended_samples(plan.pad_samples).
template <class Sample>
int high_passed_power(const Sample *wave, std::int64_t clips, const kernels::SegmentGrid &grid,
                      const kernels::FilterPlan &plan, std::int64_t bins, double *workspace, double *power, void *stream);

template <class Score>
int weighted_mean(const Score *scores, const double *weights, std::int64_t clips, std::int64_t segments,
                  double *means, void *stream);

template <class Score>
int weighted_map_mean(const Score *maps, const double *weights, std::int64_t clips, std::int64_t segments,
                      std::int64_t height, std::int64_t width, double *means, void *stream);

}  // namespace asd::cuda
