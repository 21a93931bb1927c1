// The frames of a segment in blocks that are transformed together, without those that it shares with an earlier segment.
#pragma once

#include <algorithm>
#include <cstdint>

#include "../kernels/log_mel_plan.hpp"
#include "../kernels/shared_frames.hpp"

namespace asd::cpu {

struct Frames {
    std::int64_t first;
    std::int64_t count;
};

inline std::int64_t blocks_of(std::int64_t frames) { return (frames + kernels::FRAME_BLOCK - 1) / kernels::FRAME_BLOCK; }

// The largest number of blocks of a segment: one more if two ranges are computed, before and after the shared frames.
inline std::int64_t most_blocks(std::int64_t frames) { return blocks_of(frames) + 1; }

// The frames of block number `block` of a segment; count is 0 if it has fewer blocks.
inline Frames frames_of(std::int64_t block, std::int64_t frames, const kernels::SharedFrames &shared) {
    const std::int64_t before = blocks_of(shared.begin);
    const std::int64_t end = block < before ? shared.begin : frames;
    const std::int64_t first =
        block < before ? block * kernels::FRAME_BLOCK : shared.end + (block - before) * kernels::FRAME_BLOCK;
    return {first, std::clamp(end - first, std::int64_t{0}, std::int64_t{kernels::FRAME_BLOCK})};
}

// Copies one band of the frames that segment `to` shares with segment `from`. Both may be the same memory.
inline void copy_shared_row(const float *from, const kernels::SharedFrames &shared, float *to) {
    std::copy_n(from + shared.begin + shared.shift, shared.end - shared.begin, to + shared.begin);
}

}  // namespace asd::cpu
