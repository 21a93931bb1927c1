// Gaps of a recording: a recorder stalled or a cable came loose, and the edges sound like the worst fault of a machine. A gap is a
// quarter of a second or more in which nothing changes; in 16-bit samples, one step up or down is no change either.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace asd::model {

struct Gap {
    std::int64_t begin, end;  // first sample, and first after it
};

template <class Sample>
class GapSearch {
public:
    GapSearch(const Sample *wave, std::int64_t samples, double rate_hz)
        : wave_(wave), samples_(samples), blurred_(EXACT ? 0 : static_cast<std::int64_t>(std::nearbyint(BLURRED_S * rate_hz))),
          shortest_(static_cast<std::int64_t>(std::ceil(DROPOUT_S * rate_hz)) - 2 * blurred_), block_(shortest_ / 2) {}

    // In order.
    std::vector<Gap> run() const {
        std::vector<Gap> found, gaps;
        // Whatever is as long as a gap fills one of the blocks of half its length.
        for (std::int64_t start = 0; block_ > 0 && start + block_ <= samples_; start += block_) {
            const Range range = range_of(start);
            if (!(range.width() <= WIDEST)) continue;
            const Gap gap{start - reach(range, start - 1, -1), start + block_ + reach(range, start + block_, 1)};
            if (!found.empty() && gap.begin <= found.back().end)
                found.back().end = gap.end;
            else
                found.push_back(gap);
        }
        for (const Gap &gap : found)
            if (gap.end - gap.begin >= shortest_)
                gaps.push_back({std::max<std::int64_t>(0, gap.begin - blurred_), std::min(samples_, gap.end + blurred_)});
        return gaps;
    }

private:
    static constexpr bool EXACT = std::is_same_v<Sample, std::int16_t>;
    static constexpr double DROPOUT_S = 0.25;    // a quiet machine still has noise
    static constexpr double BLURRED_S = 0.0125;  // a resampler's filter blurs the edge of a gap for so long
    static constexpr double WIDEST = EXACT ? 2.0 : 0x1p-20;  // two steps, -90 dB; or what a resampler leaves of a constant, and more

    struct Range {
        double low, high;
        double width() const { return high - low; }
        Range with(double value) const { return {std::min(low, value), std::max(high, value)}; }
    };

    Range range_of(std::int64_t start) const {
        const auto ends = std::minmax_element(wave_ + start, wave_ + start + block_);
        return {static_cast<double>(*ends.first), static_cast<double>(*ends.second)};
    }

    // How many of the samples of the block beside it, from `at` on, keep to a range that holds it.
    std::int64_t reach(Range range, std::int64_t at, std::int64_t step) const {
        std::int64_t count = 0;
        for (; count < block_ && at >= 0 && at < samples_; ++count, at += step) {
            range = range.with(static_cast<double>(wave_[at]));
            if (!(range.width() <= WIDEST)) break;
        }
        return count;
    }

    const Sample *wave_;
    std::int64_t samples_, blurred_, shortest_, block_;
};

}  // namespace asd::model
