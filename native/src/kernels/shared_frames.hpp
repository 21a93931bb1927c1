// Which frames of a segment are also frames of an earlier one. If the distance of two segments is a multiple of the distance of
// frames, they share the frames that lie inside both; frames at the edges differ, because they see another reflection.
#pragma once

#include <cstdint>

#include "host_device.hpp"
#include "log_mel_plan.hpp"
#include "segment_grid.hpp"

namespace asd::kernels {

struct SharedFrames {
    std::int64_t begin;    // frames [begin, end) of a segment ...
    std::int64_t end;      // begin: none
    std::int64_t segment;  // ... are frames [begin + shift, end + shift) of this one
    std::int64_t shift;
};

ASD_HD SharedFrames shared_frames(const SegmentGrid &grid, const LogMelPlan &plan, std::int64_t segment) {
    const std::int64_t half = plan.window_samples / 2, hop = plan.hop_samples;
    const std::int64_t first_inside = (half - 1) / hop + 1;
    const std::int64_t end_inside = (grid.segment_samples - half) / hop + 1;
    // The nearest one shares the most.
    for (std::int64_t earlier = segment - 1; earlier >= 0; --earlier) {
        const std::int64_t distance = grid.start(segment) - grid.start(earlier);
        const std::int64_t shift = distance / hop;
        if (first_inside + shift >= end_inside) break;
        if (distance % hop == 0) return {first_inside, end_inside - shift, earlier, shift};
    }
    return {0, 0, 0, 0};
}

}  // namespace asd::kernels
