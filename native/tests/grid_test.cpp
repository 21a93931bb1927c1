// The segment grid equals its rule written out, and time bins tile a segment.
#include <limits>

#include "../src/kernels/segment_grid.hpp"
#include "check.hpp"
#include "test_signal.hpp"

using asd::kernels::SegmentGrid;
using std::int64_t;

namespace {

std::vector<int64_t> rule(int64_t samples, int64_t segment, int64_t hop) {
    if (samples < segment) return {0};
    std::vector<int64_t> starts;
    for (int64_t start = 0; start + segment <= samples; start += hop) starts.push_back(start);
    if (starts.back() + segment < samples) starts.push_back(samples - segment);
    return starts;
}

void the_grid_follows_its_rule() {
    for (int64_t samples = 1; samples <= 24; ++samples)
        for (int64_t segment = 1; segment <= 26; ++segment)
            for (int64_t hop = 1; hop <= 26; ++hop) {
                const SegmentGrid grid{samples, segment, hop};
                const std::vector<int64_t> expected = rule(samples, segment, hop);
                std::vector<int64_t> starts;
                for (int64_t s = 0; s < grid.count(); ++s) starts.push_back(grid.start(s));
                CHECK(starts == expected);
            }
}

void the_grid_holds_at_the_largest_sizes() {
    constexpr int64_t LARGEST = std::numeric_limits<int64_t>::max();
    CHECK((SegmentGrid{LARGEST, 1, LARGEST}.count()) == 2);
    CHECK((SegmentGrid{LARGEST, 1, LARGEST}.start(1)) == LARGEST - 1);
    CHECK((SegmentGrid{1, LARGEST, 1}.count()) == 1);
    CHECK((SegmentGrid{LARGEST, LARGEST, LARGEST}.count()) == 1);
}

void clips_of_10_11_and_12_seconds_give_5_6_and_7_segments() {
    CHECK((SegmentGrid{160000, 80000, 20000}.count()) == 5);
    CHECK((SegmentGrid{176000, 80000, 20000}.count()) == 6);
    CHECK((SegmentGrid{192000, 80000, 20000}.count()) == 7);
}

void time_bins_tile_a_segment() {
    for (int64_t segment = 1; segment <= 40; ++segment)
        for (int64_t bins = 1; bins <= segment; ++bins) {
            CHECK(asd::kernels::bin_start(0, bins, segment) == 0);
            CHECK(asd::kernels::bin_start(bins, bins, segment) == segment);
            for (int64_t b = 0; b < bins; ++b)
                CHECK(asd::kernels::bin_start(b, bins, segment) < asd::kernels::bin_start(b + 1, bins, segment));
        }
}

}  // namespace

int main() {
    the_grid_follows_its_rule();
    the_grid_holds_at_the_largest_sizes();
    clips_of_10_11_and_12_seconds_give_5_6_and_7_segments();
    time_bins_tile_a_segment();
    return summary("grid");
}
