// A recording cut into segments and stretches. A stretch is as long as the pieces that set the threshold and is judged by itself: the
// mean over minutes would hide a fault of seconds. A segment that touches a gap counts in no score.
#pragma once

#include <cstdint>
#include <vector>

#include "../kernels/segment_grid.hpp"
#include "gaps.hpp"
#include "manifest.hpp"
#include "wave.hpp"

namespace asd::model {

struct Span {
    double start_s, end_s;
};

// Segments of one stretch.
struct SegmentRange {
    std::int64_t first, end;
};

struct Cut {
    kernels::SegmentGrid grid;
    double rate_hz;
    std::vector<Gap> gaps;
    std::vector<char> audible;  // of each segment: it touches no gap
    std::vector<SegmentRange> stretches;

    Span seconds(const SegmentRange &segments) const;
    std::vector<std::int64_t> audible_segments(const SegmentRange &segments) const;
};

Cut cut_recording(const Wave &wave, const Manifest &manifest);

}  // namespace asd::model
