#include "segment_cut.hpp"

#include <algorithm>

namespace asd::model {
namespace {

using kernels::SegmentGrid;
using std::int64_t;

// Of gaps in order, those that begin before the segment's end, less those that end before its first sample.
std::vector<char> audible_of(const SegmentGrid &grid, const std::vector<Gap> &gaps) {
    std::vector<char> audible;
    for (int64_t segment = 0; segment < grid.count(); ++segment) {
        const int64_t begin = grid.start(segment), end = begin + grid.segment_samples;
        const auto begun = std::partition_point(gaps.begin(), gaps.end(), [end](const Gap &gap) { return gap.begin < end; });
        const auto over = std::partition_point(gaps.begin(), gaps.end(), [begin](const Gap &gap) { return gap.end <= begin; });
        audible.push_back(begun - gaps.begin() <= over - gaps.begin());
    }
    return audible;
}

// They overlap by half, so that any sound shorter than half a stretch lies whole in one; the last ends with the recording.
std::vector<SegmentRange> stretches_of(const SegmentGrid &grid, int64_t samples) {
    const int64_t hop = grid.hop_samples, segments = grid.count();
    const int64_t each = std::min(segments, std::max<int64_t>(0, samples - grid.segment_samples) / hop + 1);
    const int64_t step = std::max<int64_t>(1, samples / (2 * hop)), last = segments - each;
    std::vector<SegmentRange> stretches;
    for (int64_t first = 0; first < last; first += step) stretches.push_back({first, first + each});
    stretches.push_back({last, last + each});
    return stretches;
}

}  // namespace

Span Cut::seconds(const SegmentRange &segments) const {
    const int64_t end = std::min(grid.start(segments.end - 1) + grid.segment_samples, grid.samples);
    return {static_cast<double>(grid.start(segments.first)) / rate_hz, static_cast<double>(end) / rate_hz};
}

std::vector<int64_t> Cut::audible_segments(const SegmentRange &segments) const {
    std::vector<int64_t> found;
    for (int64_t segment = segments.first; segment < segments.end; ++segment)
        if (audible[static_cast<std::size_t>(segment)]) found.push_back(segment);
    return found;
}

Cut cut_recording(const Wave &wave, const Manifest &manifest) {
    const FrontEnd &front = manifest.front_end;
    const auto rate_hz = static_cast<double>(front.sample_rate_hz);
    const SegmentGrid grid{wave.count, front.segment_samples, front.hop_samples};
    std::vector<Gap> gaps = wave.typed([&](const auto *samples) { return GapSearch(samples, wave.count, rate_hz).run(); });
    std::vector<char> audible = audible_of(grid, gaps);
    return {grid, rate_hz, std::move(gaps), std::move(audible), stretches_of(grid, stretch_samples(manifest))};
}

}  // namespace asd::model
