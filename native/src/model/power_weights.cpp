#include "power_weights.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../cpu/launchers.hpp"
#include "level.hpp"

namespace asd::model {
namespace {

using kernels::FilterPlan;
using kernels::SegmentGrid;
using std::int64_t;

// Below this share of the recording's power, 240 dB down, the filter's output is its own rounding and not sound.
constexpr double ROUNDING_SHARE = 1e-24;
// A recording is filtered as a whole up to this length, 4 minutes at 16 kHz, and a longer one in parts of it, each with a margin: the
// output at a moment depends only on the samples around it, and eight bytes for each sample of hours would be too much.
constexpr int64_t WHOLE_SAMPLES = 1 << 22;
constexpr double LEFT_OF_RESPONSE = 1e-24;  // at the end of the margin, far below the rounding of a double

// The largest pole says how slowly the response decays.
int64_t margin_samples(const FilterPlan &plan) {
    double radius = 0.0;
    for (std::int32_t i = 0; i < plan.sections; ++i) {
        const double a1 = plan.a1[i], a2 = plan.a2[i], discriminant = a1 * a1 - 4.0 * a2;
        radius = std::max(radius, discriminant < 0.0 ? std::sqrt(a2) : (std::abs(a1) + std::sqrt(discriminant)) / 2.0);
    }
    return radius > 0.0 ? static_cast<int64_t>(std::ceil(std::log(LEFT_OF_RESPONSE) / std::log(radius))) : 0;
}

// Power of segments [first, last) from a part of the recording with a margin on both sides; a part begins on the segments' grid.
template <class Sample>
void power_of_part(const Sample *wave, const SegmentGrid &grid, const FilterPlan &plan, int64_t bins, std::int32_t threads,
                   int64_t first, int64_t last, double *power) {
    const int64_t margin = (margin_samples(plan) + grid.hop_samples - 1) / grid.hop_samples, start = std::max<int64_t>(0, first - margin);
    const int64_t end = last == grid.count() ? grid.samples
                                             : std::min(grid.samples, (last - 1 + margin) * grid.hop_samples + grid.segment_samples);
    const SegmentGrid part{end - start * grid.hop_samples, grid.segment_samples, grid.hop_samples};
    std::vector<double> of_part(static_cast<std::size_t>(part.count() * bins));
    cpu::high_passed_power(wave + start * grid.hop_samples, 1, part, plan, bins, threads, of_part.data());
    std::copy_n(of_part.data() + (first - start) * bins, (last - first) * bins, power);
}

std::vector<double> power_of(const Wave &wave, const SegmentGrid &grid, const FilterPlan &plan, int64_t bins, std::int32_t threads) {
    std::vector<double> power(static_cast<std::size_t>(grid.count() * bins));
    wave.typed([&](const auto *samples) {
        if (grid.samples <= WHOLE_SAMPLES) {
            cpu::high_passed_power(samples, 1, grid, plan, bins, threads, power.data());
            return;
        }
        const int64_t together = std::max<int64_t>(1, WHOLE_SAMPLES / grid.hop_samples);
        for (int64_t first = 0; first < grid.count(); first += together)
            power_of_part(samples, grid, plan, bins, threads, first, std::min(first + together, grid.count()),
                          power.data() + first * bins);
    });
    return power;
}

}  // namespace

std::vector<double> power_weights(const Wave &wave, const SegmentGrid &grid, const FilterPlan &plan, int64_t bins,
                                  std::int32_t threads) {
    std::vector<double> weights = power_of(wave, grid, plan, bins, threads);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0), count = static_cast<double>(weights.size());
    const double square = wave.typed([&](const auto *samples) { return mean_square(samples, wave.count); });
    const bool silent = sum / count <= ROUNDING_SHARE * square;
    for (double &weight : weights) weight = silent ? 1.0 / count : weight / sum;
    return weights;
}

}  // namespace asd::model
