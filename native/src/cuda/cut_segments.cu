// Segments on the device: each thread of a block every BLOCK-th sample of a segment.
#include "../kernels/cyclic_run.hpp"
#include "../kernels/segment_grid.hpp"
#include "launch.cuh"
#include "launchers.hpp"
#include "standardise_row.cuh"

namespace asd::cuda {
namespace {

using kernels::CyclicRun;
using kernels::SegmentGrid;
using kernels::Standardise;
using std::int64_t;

template <class Sample>
__global__ void cut(const Sample *wave, int64_t rows, SegmentGrid grid, bool per_segment, Standardise given,
                    float *segments) {
    const int64_t per_clip = grid.count(), length = grid.segment_samples;
    for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
        const CyclicRun<Sample> run{wave + row / per_clip * grid.samples, grid.samples, grid.start(row % per_clip)};
        standardise_row(run, length, per_segment, given, segments + row * length);
    }
}

}  // namespace

template <class Sample>
int cut_segments(const Sample *wave, int64_t clips, const SegmentGrid &grid, const cpu::CutOptions &options,
                 float *segments, void *stream) {
    const int64_t rows = clips * grid.count();
    const Standardise given{options.mean, 1.0 / options.std};
    return launch(cut<Sample>, row_blocks(rows, grid.segment_samples, options.per_segment), BLOCK, stream, wave, rows, grid,
                  options.per_segment, given, segments);
}

template int cut_segments(const std::int16_t *, int64_t, const SegmentGrid &, const cpu::CutOptions &, float *, void *);
template int cut_segments(const float *, int64_t, const SegmentGrid &, const cpu::CutOptions &, float *, void *);

}  // namespace asd::cuda
