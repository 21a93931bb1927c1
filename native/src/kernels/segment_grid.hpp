// Where the segments of a clip start (reading of Fujimura 2023, Sec. 4.2): every hop while they fit, and one more aligned to
// the end if that leaves a tail uncovered. A clip shorter than a segment has one segment and is read cyclically.
#pragma once

#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

struct SegmentGrid {
    std::int64_t samples;
    std::int64_t segment_samples;
    std::int64_t hop_samples;

    ASD_HD bool repeats() const { return samples < segment_samples; }

    // Samples of the clip after repetition.
    ASD_HD std::int64_t repeated_samples() const { return repeats() ? segment_samples : samples; }

    // The same with `pad` more samples at each end.
    ASD_HD std::int64_t extended_samples(std::int64_t pad) const { return repeated_samples() + 2 * pad; }

    // Number of segments on the hop grid.
    ASD_HD std::int64_t whole() const { return repeats() ? 1 : (samples - segment_samples) / hop_samples + 1; }

    ASD_HD std::int64_t count() const {
        const std::int64_t uncovered = repeated_samples() - (whole() - 1) * hop_samples - segment_samples;
        return whole() + (uncovered > 0 ? 1 : 0);
    }

    ASD_HD std::int64_t start(std::int64_t segment) const {
        return segment < whole() ? segment * hop_samples : samples - segment_samples;
    }
};

// First sample of a time bin of a segment; bin == bins gives the end.
ASD_HD std::int64_t bin_start(std::int64_t bin, std::int64_t bins, std::int64_t segment_samples) {
    return bin * segment_samples / bins;
}

}  // namespace asd::kernels
