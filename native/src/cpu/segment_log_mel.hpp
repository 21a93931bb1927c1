// Log-mel spectrograms of the segments of a recording, one after another, with the frames that they share computed once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "../kernels/log_mel_workspace.hpp"
#include "aligned_scratch.hpp"
#include "frame_blocks.hpp"
#include "launchers.hpp"
#include "repeated_run.hpp"

namespace asd::cpu {

class SegmentLogMel {
public:
    // plan must live as long as this object.
    SegmentLogMel(const kernels::LogMelPlan &plan, std::int64_t segment_samples, std::int64_t hop_samples,
                  const CutOptions &options)
        : plan_(plan), options_(options), frames_(plan.frames(segment_samples)),
          kept_(options.per_segment ? 0 : segments_between(plan, segment_samples, hop_samples)),
          spectrograms_(static_cast<std::size_t>(kept_ * size())), workspace_(kernels::LogMelWorkspace::size(plan)) {}

    // Segment `number` of a recording of grid.samples so far; `segment` is its first sample. mel: bands x frames.
    template <class Sample>
    void run(const Sample *segment, const kernels::SegmentGrid &grid, std::int64_t number, float *mel) {
        const std::int64_t length = grid.segment_samples, samples = std::min(grid.samples, length);
        const kernels::Standardise by =
            options_.per_segment
                ? kernels::standardise_by(moments_of_repeated(isa_, segment, samples, length))
                : kernels::Standardise{options_.mean, 1.0 / options_.std};
        const kernels::FramedClip<Sample> framed{segment, grid.segment_samples, grid.samples, plan_.reflect, by};
        // The nearest segment that shares frames is one of the last kept_: after that many, places on the grid of frames recur.
        const kernels::SharedFrames shared =
            kept_ > 0 ? kernels::shared_frames(grid, plan_, number) : kernels::SharedFrames{0, 0, 0, 0};
        float *own = kept_ > 0 ? spectrogram(number) : mel;
        for (std::int64_t band = 0; band < plan_.bands && shared.end > shared.begin; ++band)
            copy_shared_row(spectrogram(shared.segment) + band * frames_, shared, own + band * frames_);
        for (std::int64_t block = 0; block < most_blocks(frames_); ++block) {
            const Frames frames = frames_of(block, frames_, shared);
            if (frames.count > 0)
                log_mel_block(isa_, segment)(plan_, framed, frames.first, frames.count, workspace_.begin(),
                                             own + frames.first, frames_);
        }
        if (own != mel) std::copy_n(own, size(), mel);
    }

private:
    // How many segments after a segment the next one comes that shares frames with it; 0: none does.
    static std::int64_t segments_between(const kernels::LogMelPlan &plan, std::int64_t segment_samples,
                                         std::int64_t hop_samples) {
        const std::int64_t between = plan.hop_samples / std::gcd(plan.hop_samples, hop_samples);
        if (between > segment_samples / hop_samples) return 0;
        const kernels::SegmentGrid grid{between * hop_samples + segment_samples, segment_samples, hop_samples};
        const kernels::SharedFrames shared = kernels::shared_frames(grid, plan, between);
        return shared.end > shared.begin ? between : 0;
    }

    std::int64_t size() const { return plan_.bands * frames_; }
    float *spectrogram(std::int64_t number) { return spectrograms_.data() + number % kept_ * size(); }

    const IsaKernels &isa_ = isa_kernels();
    const kernels::LogMelPlan &plan_;
    CutOptions options_;
    std::int64_t frames_;
    std::int64_t kept_;
    std::vector<float> spectrograms_;  // of the last kept_ segments
    AlignedScratch workspace_;
};

}  // namespace asd::cpu
