#include "make_log_mel_plan.hpp"

#include <algorithm>
#include <cmath>

#include "checks.hpp"

namespace asd::c_api {
namespace {

using std::int64_t;

constexpr int64_t LEAST_WINDOW = 256, MOST_WINDOW = 8192;

// The numbers of each choice are 1 and 2.
asd_status require_choice(std::int32_t choice, const char *name, const char *choices) {
    if (choice == 1 || choice == 2) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "%s must be %s; got %d", name, choices, choice);
}

asd_status require_frames(const asd_log_mel_options &options) {
    if (!(options.sample_rate_hz > 0.0) || !std::isfinite(options.sample_rate_hz))
        return fail(ASD_INVALID_ARGUMENT, "sample_rate_hz must be finite and > 0; got %g", options.sample_rate_hz);
    const int64_t window = options.window_samples;
    if (window < LEAST_WINDOW || window > MOST_WINDOW || (window & (window - 1)) != 0)
        return fail(ASD_INVALID_ARGUMENT, "window_samples must be a power of two from %lld to %lld; got %lld",
                    static_cast<long long>(LEAST_WINDOW), static_cast<long long>(MOST_WINDOW),
                    static_cast<long long>(window));
    return require_size(options.hop_samples, "hop_samples", 1);
}

asd_status require_bands(const asd_log_mel_options &options) {
    ASD_REQUIRE(require_size(options.bands, "bands", 1));
    ASD_REQUIRE(require_choice(options.mel_scale, "mel_scale", "ASD_MEL_HTK or ASD_MEL_SLANEY"));
    ASD_REQUIRE(require_flag(options.area_norm, "area_norm"));
    const double low = options.low_hz, high = options.high_hz, half = options.sample_rate_hz / 2.0;
    if (!(low >= 0.0 && low < high && high <= half))
        return fail(ASD_INVALID_ARGUMENT, "low_hz and high_hz must satisfy 0 <= low_hz < high_hz <= %g (half the sample rate); "
                                          "got %g and %g", half, low, high);
    return ASD_OK;
}

asd_status require_levels(const asd_log_mel_options &options) {
    ASD_REQUIRE(require_choice(options.power, "power", "1 (magnitudes) or 2 (powers)"));
    ASD_REQUIRE(require_flag(options.normalise_window, "normalise_window"));
    ASD_REQUIRE(require_flag(options.log, "log"));
    ASD_REQUIRE(require_choice(options.padding, "padding", "ASD_PAD_REFLECT or ASD_PAD_ZERO"));
    if (options.floor > 0.0 && std::isfinite(options.floor)) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "floor must be finite and > 0; got %g: for no logarithm set log to 0", options.floor);
}

// A bin lies in two bands at most.
asd_status too_many_bands(const asd_log_mel_options &options, int64_t empty) {
    return fail(ASD_INVALID_ARGUMENT, "bands=%lld is too many for a window of %lld samples: band %lld holds no bin of the "
                                      "transform; ask for fewer bands or a longer window",
                static_cast<long long>(options.bands), static_cast<long long>(options.window_samples),
                static_cast<long long>(empty));
}

// Triangles divided by extreme widths in hertz would leave float32's range, by themselves or in their sums.
asd_status require_weights(const MelFilters &filters) {
    constexpr float LEAST = 1e-10f, MOST = 1e10f;
    auto weights = filters.weights.begin();
    for (const std::int32_t bins : filters.bins) {
        const float largest = *std::max_element(weights, weights + bins);
        if (!(largest >= LEAST && largest <= MOST))
            return fail(ASD_INVALID_ARGUMENT, "area_norm gives a band a largest weight of %g, outside of %g to %g: give "
                                              "sample_rate_hz, low_hz and high_hz in hertz, or set area_norm to 0",
                        static_cast<double>(largest), static_cast<double>(LEAST), static_cast<double>(MOST));
        weights += bins;
    }
    return ASD_OK;
}

// Bands with zeros after their own weights.
void make_bands(asd_log_mel *made) {
    const MelFilters &filters = made->filters;
    auto weights = filters.weights.begin();
    for (std::size_t m = 0; m < filters.bins.size(); ++m) {
        const std::int32_t own = filters.bins[m];
        const std::int32_t bins = (own + kernels::BAND_STEP - 1) / kernels::BAND_STEP * kernels::BAND_STEP;
        made->bands.push_back({filters.first_bin[m], bins, nullptr});
        made->weights.insert(made->weights.end(), weights, weights + own);
        made->weights.resize(made->weights.size() + static_cast<std::size_t>(bins - own));
        weights += own;
    }
    const float *of_band = made->weights.data();
    for (kernels::MelBand &band : made->bands) {
        band.weights = of_band;
        of_band += band.bins;
    }
    made->plan.band = made->bands.data();
}

}  // namespace

asd_status make_log_mel_plan(const asd_log_mel_options &options, asd_log_mel *made) {
    ASD_REQUIRE(require_frames(options));
    ASD_REQUIRE(require_bands(options));
    ASD_REQUIRE(require_levels(options));
    if (options.bands > options.window_samples + 2) return too_many_bands(options, 0);

    made->filters = make_mel_filters(options);
    for (int64_t m = 0; m < options.bands; ++m)
        if (made->filters.bins[static_cast<std::size_t>(m)] == 0) return too_many_bands(options, m);
    ASD_REQUIRE(require_weights(made->filters));

    const double decibels_per_decade = options.power == 2 ? 10.0 : 20.0;
    kernels::LogMelPlan &plan = made->plan;
    plan.window_samples = options.window_samples;
    plan.hop_samples = options.hop_samples;
    plan.bands = options.bands;
    plan.squared = options.power == 2;
    plan.log = options.log == 1;
    plan.reflect = options.padding == ASD_PAD_REFLECT;
    plan.decibels_per_octave = static_cast<float>(decibels_per_decade * std::log10(2.0));
    plan.floor_decibels = static_cast<float>(decibels_per_decade * std::log10(options.floor));
    make_fourier_tables(options.normalise_window == 1, &plan, &made->tables);
    make_bands(made);
    return ASD_OK;
}

}  // namespace asd::c_api
