// High-passed power on the device: one warp filters a clip with a section in each lane, then one block adds up each bin.
#include "../kernels/biquad.hpp"
#include "../kernels/odd_extension.hpp"
#include "../kernels/segment_grid.hpp"
#include "../kernels/square.hpp"
#include "block_reduce.cuh"
#include "launch.cuh"
#include "launchers.hpp"

namespace asd::cuda {
namespace {

using kernels::Biquad;
using kernels::FilterPlan;
using kernels::OddExtension;
using kernels::SegmentGrid;
using kernels::Square;
using std::int64_t;

constexpr int WARP = 32;
constexpr unsigned ALL = 0xffffffffu;
static_assert(WARP == kernels::MAX_SECTIONS);

// signal[i] = source(i) filtered, for i in [0, count) in the order of `stride` (1 or -1 from the last). Lane i holds section i
// and works on sample n - i; lanes beyond the sections idle. All start settled in the constant past, as on the CPU,
// whose pipeline of register lanes (cpu/section_pipeline.hpp) shares the step and the plan with this one but not the motion.
template <class Source>
__device__ void filter(const FilterPlan &plan, const Source &source, double *signal, int64_t count, bool backwards) {
    const int lane = static_cast<int>(threadIdx.x % WARP), last = plan.sections - 1;
    const auto place = [&](int64_t n) { return backwards ? count - 1 - n : n; };
    const double past = source(place(0));

    Biquad<double> section{plan.b0[lane], plan.b1[lane], plan.b2[lane], plan.a1[lane], plan.a2[lane], 0.0, 0.0, 0.0, 0.0};
    double out = 0.0;
    if (lane <= last) {
        out = past * plan.gain[lane + 1];
        section.settle(past * plan.gain[lane], out);
    }
    // Input and output pass through the lanes 32 samples at a time, so that memory is read and written in whole lines.
    for (int64_t begin = 0; begin < count + last; begin += WARP) {
        const int64_t own = begin + lane;
        const double loaded = own < count ? source(place(own)) : 0.0;
        double kept = 0.0;
        for (int k = 0; k < WARP; ++k) {
            const double above = __shfl_up_sync(ALL, out, 1);
            const double entering = __shfl_sync(ALL, loaded, k);
            section.step(lane == 0 ? entering : above, out);
            const double finished = __shfl_sync(ALL, out, last);
            if (lane == k) kept = finished;
        }
        const int64_t done = own - last;
        __syncwarp();  // every lane has read its sample before one is overwritten
        if (done >= 0 && done < count) signal[place(done)] = kept;
        __syncwarp();
    }
}

template <class Sample>
__global__ void filter_clips(const Sample *wave, int64_t clips, SegmentGrid grid, FilterPlan plan, double *signals) {
    const int64_t size = grid.extended_samples(plan.pad_samples);
    for (int64_t clip = blockIdx.x; clip < clips; clip += gridDim.x) {
        double *signal = signals + clip * size;
        const OddExtension<Sample> extension{wave + clip * grid.samples, grid.samples, grid.repeated_samples(),
                                             plan.pad_samples};
        filter(plan, extension, signal, size, false);
        if (!plan.zero_phase) continue;
        __syncwarp();
        const auto filtered = [signal](int64_t i) { return signal[i]; };
        filter(plan, filtered, signal, size, true);
    }
}

__global__ void bin_power(const double *signals, int64_t rows, SegmentGrid grid, int64_t pad_samples, int64_t bins,
                          double *power) {
    const int64_t size = grid.extended_samples(pad_samples), per_clip = grid.count();
    for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
        const int64_t segment = row / bins, bin = row % bins;
        const double *start = signals + segment / per_clip * size + pad_samples + grid.start(segment % per_clip);
        const int64_t begin = kernels::bin_start(bin, bins, grid.segment_samples);
        const int64_t end = kernels::bin_start(bin + 1, bins, grid.segment_samples);
        const Square square{start};
        double own = 0.0;
        for (int64_t i = begin + threadIdx.x; i < end; i += BLOCK) own += square(i);
        const double total = block_reduce(own, Add{});
        if (threadIdx.x == 0) power[row] = total / static_cast<double>(end - begin);
    }
}

}  // namespace

template <class Sample>
int high_passed_power(const Sample *wave, int64_t clips, const SegmentGrid &grid, const FilterPlan &plan, int64_t bins,
                      double *workspace, double *power, void *stream) {
    const int64_t rows = clips * grid.count() * bins;
    const int filtered = launch(filter_clips<Sample>, grid_size(clips), WARP, stream, wave, clips, grid, plan, workspace);
    if (filtered != cudaSuccess) return filtered;
    return launch(bin_power, grid_size(rows), BLOCK, stream, workspace, rows, grid, plan.pad_samples, bins, power);
}

template int high_passed_power(const std::int16_t *, int64_t, const SegmentGrid &, const FilterPlan &, int64_t, double *,
                               double *, void *);
template int high_passed_power(const float *, int64_t, const SegmentGrid &, const FilterPlan &, int64_t, double *, double *,
                               void *);

}  // namespace asd::cuda
