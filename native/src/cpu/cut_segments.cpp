// Cuts clips into overlapping segments and standardises them while they are copied.
//
// A work item is a run of neighbouring segments of one clip: a clip is read once and stays in the second-level cache while its
// overlapping segments are written. Per-segment moments come from blocks of gcd(hop, segment) samples on the hop grid, which
// overlapping segments share; a block depends only on its place, so that neither the split nor the threads change a bit.
#include <algorithm>
#include <numeric>
#include <vector>

#include "first_index.hpp"
#include "launchers.hpp"
#include "parallel_for.hpp"
#include "repeated_run.hpp"

namespace asd::cpu {
namespace {

using kernels::Moments;
using kernels::SegmentGrid;
using kernels::Standardise;
using std::int64_t;

constexpr int64_t SMALLEST_BLOCK = 256;     // below, combining blocks costs more than it saves
constexpr int64_t LONGEST_RUN = 32;         // segments in one work item: bounds the scratch

struct Cut {
    const IsaKernels &isa;
    SegmentGrid grid;
    CutOptions options;
    int64_t block;  // samples; 0: each segment by itself
    Stores stores;
};

int64_t shared_block(const SegmentGrid &grid) {
    if (grid.repeats() || grid.hop_samples >= grid.segment_samples) return 0;
    const int64_t block = std::gcd(grid.hop_samples, grid.segment_samples);
    return block >= SMALLEST_BLOCK ? block : 0;
}

int64_t blocks_in_run(const SegmentGrid &grid, int64_t block, int64_t run) {
    return block == 0 ? 0 : ((run - 1) * grid.hop_samples + grid.segment_samples) / block;
}

// Moments of the blocks under segments [first, end) of the hop grid.
template <class Sample>
void fill_blocks(const Cut &cut, const Sample *clip, int64_t first, int64_t end, Moments *blocks) {
    const int64_t begin = cut.grid.start(first);
    const int64_t count = blocks_in_run(cut.grid, cut.block, end - first);
    for (int64_t b = 0; b < count; ++b) blocks[b] = moments(cut.isa, clip + begin + b * cut.block, cut.block);
}

Moments moments_from_blocks(const Cut &cut, const Moments *blocks, int64_t segments_before) {
    const Moments *own = blocks + segments_before * (cut.grid.hop_samples / cut.block);
    Moments total{0.0, 0.0, 0.0};
    for (int64_t b = 0; b < cut.grid.segment_samples / cut.block; ++b) total = kernels::combine(total, own[b]);
    return total;
}

// Segments [first, end) of a clip.
template <class Sample>
void cut_run(const Cut &cut, const Sample *clip, int64_t first, int64_t end, Moments *blocks, float *out) {
    const int64_t on_grid = std::min(end, cut.grid.whole());
    const bool shared = cut.options.per_segment && cut.block > 0;
    if (shared && first < on_grid) fill_blocks(cut, clip, first, on_grid, blocks);
    const int64_t length = cut.grid.segment_samples, samples = std::min(cut.grid.samples, length);
    for (int64_t s = first; s < end; ++s) {
        const Sample *run = clip + cut.grid.start(s);
        Standardise by{cut.options.mean, 1.0 / cut.options.std};
        if (cut.options.per_segment)
            by = kernels::standardise_by(shared && s < on_grid ? moments_from_blocks(cut, blocks, s - first)
                                                               : moments_of_repeated(cut.isa, run, samples, length));
        standardise_repeated(cut.isa, run, samples, length, by, cut.stores, out + (s - first) * length);
    }
}

}  // namespace

template <class Sample>
int64_t cut_segments(const Sample *wave, int64_t clips, const SegmentGrid &grid, const CutOptions &options,
                     float *segments) {
    const int64_t per_clip = grid.count(), total = clips * per_clip;
    const Cut cut{isa_kernels(), grid, options, shared_block(grid), stores_for(total * grid.segment_samples)};

    // Four items a thread even out differences in speed.
    const int64_t run = std::clamp(total / (4 * thread_count(options.threads, total)), int64_t{1},
                                   std::min(per_clip, LONGEST_RUN));
    const int64_t runs = (per_clip + run - 1) / run;
    const int64_t threads = thread_count(options.threads, clips * runs);
    const int64_t blocks = options.per_segment ? blocks_in_run(grid, cut.block, run) : 0;
    std::vector<Moments> scratch(static_cast<std::size_t>(blocks * threads));

    FirstIndex not_finite;
    parallel_for(clips * runs, threads, [&](int64_t item, int64_t thread) {
        const int64_t clip = item / runs, first = item % runs * run, end = std::min(first + run, per_clip);
        const Sample *samples = wave + clip * grid.samples;
        // Together the items of a clip check all of it, gaps between segments included.
        const int64_t from = grid.start(first), to = end == per_clip ? grid.samples : grid.start(end);
        const int64_t found = from + first_not_finite(cut.isa, samples + from, to - from);
        if (found < to) not_finite.report(clip * grid.samples + found);
        cut_run(cut, samples, first, end, scratch.data() + thread * blocks,
                segments + (clip * per_clip + first) * grid.segment_samples);
    });
    return not_finite.get();
}

template int64_t cut_segments(const std::int16_t *, int64_t, const SegmentGrid &, const CutOptions &, float *);
template int64_t cut_segments(const float *, int64_t, const SegmentGrid &, const CutOptions &, float *);

}  // namespace asd::cpu
