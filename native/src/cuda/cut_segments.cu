// Segments on the device: one block per segment, each thread every BLOCK-th sample.
#include <cuda_runtime.h>

#include "../kernels/moments.hpp"
#include "../kernels/segment_grid.hpp"
#include "../kernels/standardise.hpp"
#include "block_reduce.cuh"
#include "launchers.hpp"

namespace asd::cuda {
namespace {

using kernels::Moments;
using kernels::SegmentGrid;
using kernels::Standardise;
using std::int64_t;

struct CombineMoments {
    __device__ Moments operator()(const Moments &a, const Moments &b) const { return kernels::combine(a, b); }
};

template <class Sample>
struct Segment {
    const Sample *clip;
    int64_t start;
    int64_t samples;

    __device__ Sample operator()(int64_t i) const { return clip[(start + i) % samples]; }
};

template <class Sample>
__global__ void cut(const Sample *wave, int64_t rows, SegmentGrid grid, bool per_segment, Standardise given,
                    float *segments) {
    const int64_t per_clip = grid.count(), length = grid.segment_samples;
    for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
        const Segment<Sample> segment{wave + row / per_clip * grid.samples, grid.start(row % per_clip), grid.samples};
        Standardise by = given;
        if (per_segment) {
            const auto load = [&](int64_t k) { return kernels::sample_value(segment(threadIdx.x + k * BLOCK)); };
            const Moments own = kernels::moments_of(load, own_share(length));
            by = kernels::standardise_by(block_reduce(own, CombineMoments{}));
        }
        float *out = segments + row * length;
        for (int64_t i = threadIdx.x; i < length; i += BLOCK) out[i] = by(segment(i));
    }
}

}  // namespace

template <class Sample>
int cut_segments(const Sample *wave, int64_t clips, const SegmentGrid &grid, const cpu::CutOptions &options,
                 float *segments, void *stream) {
    const int64_t rows = clips * grid.count();
    const Standardise given{options.mean, 1.0 / options.std};
    cut<<<grid_size(rows), BLOCK, 0, static_cast<cudaStream_t>(stream)>>>(wave, rows, grid, options.per_segment, given,
                                                                         segments);
    return cudaGetLastError();
}

template int cut_segments(const std::int16_t *, int64_t, const SegmentGrid &, const cpu::CutOptions &, float *, void *);
template int cut_segments(const float *, int64_t, const SegmentGrid &, const cpu::CutOptions &, float *, void *);

}  // namespace asd::cuda
