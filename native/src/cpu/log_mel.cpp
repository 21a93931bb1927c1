// Log-mel spectrograms of overlapping segments, each as if it were transformed alone.
//
// A work item is a block of neighbouring frames of one segment. Frames that two segments share are computed for the earlier
// one and copied afterwards; at a hop of 20,000 samples and frames every 256 there are none.
#include <algorithm>
#include <vector>

#include "../kernels/log_mel_workspace.hpp"
#include "../kernels/shared_frames.hpp"
#include "aligned_scratch.hpp"
#include "first_index.hpp"
#include "frame_blocks.hpp"
#include "launchers.hpp"
#include "parallel_for.hpp"
#include "repeated_run.hpp"

namespace asd::cpu {
namespace {

using kernels::LogMelPlan;
using kernels::LogMelWorkspace;
using kernels::SegmentGrid;
using kernels::shared_frames;
using kernels::SharedFrames;
using kernels::Standardise;
using std::int64_t;

// Where part number `part` of `parts` of a range begins.
int64_t part_start(int64_t size, int64_t part, int64_t parts) {
    return size / parts * part + std::min(part, size % parts);
}

// Copies shared frames from earlier to later segments, band by band, because a later one may copy what an earlier one copied.
void copy_shared(const SegmentGrid &grid, const LogMelPlan &plan, int64_t band, int64_t frames, float *of_clip) {
    const int64_t size = plan.bands * frames;
    for (int64_t s = 1; s < grid.count(); ++s) {
        const SharedFrames shared = shared_frames(grid, plan, s);
        const float *of_band = of_clip + band * frames;
        copy_shared_row(of_band + shared.segment * size, shared, of_clip + s * size + band * frames);
    }
}

bool any_shared(const SegmentGrid &grid, const LogMelPlan &plan) {
    for (int64_t s = 1; s < grid.count(); ++s)
        if (const SharedFrames shared = shared_frames(grid, plan, s); shared.end > shared.begin) return true;
    return false;
}

}  // namespace

template <class Sample>
int64_t log_mel(const Sample *wave, int64_t clips, const SegmentGrid &grid, const LogMelPlan &plan,
                const CutOptions &options, float *mel) {
    const IsaKernels &isa = isa_kernels();
    const int64_t segments = grid.count(), frames = plan.frames(grid.segment_samples);
    const int64_t blocks = most_blocks(frames);
    const int64_t per_clip = segments * blocks, threads = thread_count(options.threads, clips * per_clip);
    const int64_t workspace = LogMelWorkspace::size(plan);
    AlignedScratch scratch(workspace * threads);
    const int64_t run = std::min(grid.samples, grid.segment_samples);
    std::vector<Standardise> by(options.per_segment ? static_cast<std::size_t>(clips * segments) : 0);
    parallel_for(static_cast<int64_t>(by.size()), threads, [&](int64_t item, int64_t) {
        const Sample *segment = wave + item / segments * grid.samples + grid.start(item % segments);
        by[static_cast<std::size_t>(item)] =
            kernels::standardise_by(moments_of_repeated(isa, segment, run, grid.segment_samples));
    });
    // Segments standardised each by itself have no frame in common.
    const auto shared_of = [&](int64_t segment) {
        return options.per_segment ? SharedFrames{0, 0, 0, 0} : shared_frames(grid, plan, segment);
    };

    FirstIndex not_finite;
    parallel_for(clips * per_clip, threads, [&](int64_t item, int64_t thread) {
        const int64_t clip = item / per_clip, of_clip = item % per_clip, segment = of_clip / blocks;
        const Sample *samples = wave + clip * grid.samples;
        // Together the items of a clip check all of it.
        const int64_t from = part_start(grid.samples, of_clip, per_clip);
        const int64_t to = part_start(grid.samples, of_clip + 1, per_clip);
        const int64_t found = from + first_not_finite(isa, samples + from, to - from);
        if (found < to) not_finite.report(clip * grid.samples + found);

        const Frames block = frames_of(of_clip % blocks, frames, shared_of(segment));
        if (block.count == 0) return;
        const auto number = static_cast<std::size_t>(clip * segments + segment);
        const kernels::FramedClip<Sample> framed{
            samples + grid.start(segment), grid.segment_samples, grid.samples, plan.reflect,
            options.per_segment ? by[number] : Standardise{options.mean, 1.0 / options.std}};
        log_mel_block(isa, wave)(plan, framed, block.first, block.count, scratch.begin() + thread * workspace,
                                 mel + static_cast<int64_t>(number) * plan.bands * frames + block.first, frames);
    });

    if (!options.per_segment && any_shared(grid, plan)) {
        const int64_t size = segments * plan.bands * frames;
        parallel_for(clips * plan.bands, threads, [&](int64_t item, int64_t) {
            copy_shared(grid, plan, item % plan.bands, frames, mel + item / plan.bands * size);
        });
    }
    return not_finite.get();
}

template int64_t log_mel(const std::int16_t *, int64_t, const SegmentGrid &, const LogMelPlan &, const CutOptions &, float *);
template int64_t log_mel(const float *, int64_t, const SegmentGrid &, const LogMelPlan &, const CutOptions &, float *);
template int64_t log_mel(const double *, int64_t, const SegmentGrid &, const LogMelPlan &, const CutOptions &, float *);

}  // namespace asd::cpu
