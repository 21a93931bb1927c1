// The two scales differ: O'Shaughnessy's formula 2595 log10(1 + f / 700) in HTK; in Slaney's Auditory Toolbox 200/3 Hz a mel up
// to 1 kHz, then a factor 6.4 in 27 mels.
#include "mel_filters.hpp"

#include <algorithm>
#include <cmath>

namespace asd::c_api {
namespace {

using std::int64_t;

constexpr double HZ_PER_MEL = 200.0 / 3.0, KNEE_HZ = 1000.0, KNEE_MEL = KNEE_HZ / HZ_PER_MEL;
const double LOG_STEP = std::log(6.4) / 27.0;

double to_mel(double frequency_hz, std::int32_t scale) {
    if (scale == ASD_MEL_HTK) return 2595.0 * std::log10(1.0 + frequency_hz / 700.0);
    if (frequency_hz < KNEE_HZ) return frequency_hz / HZ_PER_MEL;
    return KNEE_MEL + std::log(frequency_hz / KNEE_HZ) / LOG_STEP;
}

double to_hz(double mel, std::int32_t scale) {
    if (scale == ASD_MEL_HTK) return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0);
    if (mel < KNEE_MEL) return mel * HZ_PER_MEL;
    return KNEE_HZ * std::exp(LOG_STEP * (mel - KNEE_MEL));
}

// bands + 2 edges, equally spaced in mel: band m rises from edge m to edge m + 1 and falls to edge m + 2.
std::vector<double> edges_hz(const asd_log_mel_options &options) {
    const double low = to_mel(options.low_hz, options.mel_scale), high = to_mel(options.high_hz, options.mel_scale);
    const int64_t last = options.bands + 1;
    const double step = (high - low) / static_cast<double>(last);
    std::vector<double> edges(static_cast<std::size_t>(last + 1));
    for (int64_t i = 0; i <= last; ++i)
        edges[static_cast<std::size_t>(i)] = to_hz(i == last ? high : low + static_cast<double>(i) * step, options.mel_scale);
    return edges;
}

}  // namespace

MelFilters make_mel_filters(const asd_log_mel_options &options) {
    const std::vector<double> edges = edges_hz(options);
    const int64_t bins = options.window_samples / 2 + 1;
    const double bin_hz = options.sample_rate_hz / static_cast<double>(options.window_samples);
    MelFilters filters;
    for (std::size_t m = 0; m + 2 < edges.size(); ++m) {
        const double low = edges[m], peak = edges[m + 1], high = edges[m + 2];
        const double norm = options.area_norm ? 2.0 / (high - low) : 1.0;
        const auto before = filters.weights.size();
        // Extreme options may make an edge infinite or NaN, which cannot become an integer; no bin lies beyond it.
        auto bin = low > 0.0 ? static_cast<int64_t>(std::min(low / bin_hz, static_cast<double>(bins))) : int64_t{0};
        std::int32_t first = 0;
        for (; bin < bins && static_cast<double>(bin) * bin_hz < high; ++bin) {
            const double frequency = static_cast<double>(bin) * bin_hz;
            const double weight = std::min((frequency - low) / (peak - low), (high - frequency) / (high - peak));
            if (!(weight > 0.0)) continue;
            if (filters.weights.size() == before) first = static_cast<std::int32_t>(bin);
            filters.weights.push_back(static_cast<float>(weight * norm));
        }
        filters.first_bin.push_back(first);
        filters.bins.push_back(static_cast<std::int32_t>(filters.weights.size() - before));
    }
    return filters;
}

}  // namespace asd::c_api
