// Log-mel spectrograms.
#include <algorithm>
#include <memory>

#include "../cpu/launchers.hpp"
#include "checks.hpp"
#include "make_log_mel_plan.hpp"

using asd::kernels::SegmentGrid;
using namespace asd::c_api;

asd_status asd_log_mel_create(const asd_log_mel_options *options, asd_log_mel **log_mel) {
    ASD_REQUIRE(require_options(options));
    ASD_REQUIRE(require_pointer(log_mel, "log_mel"));
    return guarded([&] {
        auto made = std::make_unique<asd_log_mel>();
        ASD_REQUIRE(make_log_mel_plan(*options, made.get()));
        *log_mel = made.release();
        return ASD_OK;
    });
}

void asd_log_mel_destroy(asd_log_mel *log_mel) { delete log_mel; }

asd_status asd_log_mel_filters(const asd_log_mel *log_mel, float *filters, int64_t capacity) {
    ASD_REQUIRE(require_pointer(log_mel, "log_mel"));
    ASD_REQUIRE(require_pointer(filters, "filters"));
    const int64_t bins = log_mel->plan.bins();
    ASD_REQUIRE(require_size(capacity, "capacity", log_mel->plan.bands * bins));
    std::fill(filters, filters + log_mel->plan.bands * bins, 0.0f);
    const MelFilters &made = log_mel->filters;
    const float *weights = made.weights.data();
    for (std::size_t m = 0; m < made.bins.size(); ++m, filters += bins) {
        std::copy(weights, weights + made.bins[m], filters + made.first_bin[m]);
        weights += made.bins[m];
    }
    return ASD_OK;
}

asd_status asd_log_mel_frames(const asd_log_mel *log_mel, int64_t samples, int64_t *frames) {
    ASD_REQUIRE(require_pointer(log_mel, "log_mel"));
    ASD_REQUIRE(require_size(samples, "samples", 1));
    ASD_REQUIRE(require_more_than_half_a_window(log_mel->plan, samples));
    ASD_REQUIRE(require_pointer(frames, "frames"));
    *frames = log_mel->plan.frames(samples);
    return ASD_OK;
}

namespace {

asd_status require_cpu(std::int32_t device) {
    if (device == ASD_DEVICE_CPU) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "device must be ASD_DEVICE_CPU; got %d: log-mel runs on the CPU", device);
}

asd_status require_wave_type(std::int32_t type) {
    if (type == ASD_INT16 || type == ASD_FLOAT32 || type == ASD_FLOAT64) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "sample_type must be %d, %d or %d (asd_sample_type); got %d", ASD_INT16, ASD_FLOAT32,
                ASD_FLOAT64, type);
}

template <class Sample>
asd_status run(const asd_log_mel &log_mel, const void *wave, int64_t clips, const SegmentGrid &grid,
               const asd_segment_options &options, float *mel) {
    const auto *samples = static_cast<const Sample *>(wave);
    const asd::cpu::CutOptions launch{options.per_segment == 1, options.mean, options.std, options.threads};
    return guarded([&] {
        const int64_t bad = asd::cpu::log_mel(samples, clips, grid, log_mel.plan, launch, mel);
        return bad < 0 ? ASD_OK : not_finite_wave(bad, grid.samples);
    });
}

}  // namespace

asd_status asd_log_mel_segments(const asd_log_mel *log_mel, const void *wave, int64_t clips, int64_t samples,
                                const asd_segment_options *options, float *mel) {
    ASD_REQUIRE(require_pointer(log_mel, "log_mel"));
    ASD_REQUIRE(require_options(options));
    ASD_REQUIRE(require_size(clips, "clips", 0));
    ASD_REQUIRE(require_grid(samples, options->segment_samples, options->hop_samples));
    ASD_REQUIRE(require_standardisation(options->per_segment, options->mean, options->std));
    ASD_REQUIRE(require_wave_type(options->sample_type));
    ASD_REQUIRE(require_threads(options->threads));
    ASD_REQUIRE(require_cpu(options->device));
    const asd::kernels::LogMelPlan &plan = log_mel->plan;
    ASD_REQUIRE(require_more_than_half_a_window(plan, options->segment_samples));
    const SegmentGrid grid{samples, options->segment_samples, options->hop_samples};
    // A clip repeated to such a length would have more samples than can be numbered, even if it has few frames.
    ASD_REQUIRE(require_product(std::max(clips, int64_t{1}), grid.count(), options->segment_samples, 1));
    ASD_REQUIRE(require_product(clips, grid.count(), plan.bands, plan.frames(options->segment_samples)));
    ASD_REQUIRE(require_product(clips, samples, 1, 1));
    if (clips == 0) return ASD_OK;
    ASD_REQUIRE(require_pointer(wave, "wave"));
    ASD_REQUIRE(require_pointer(mel, "mel"));
    switch (options->sample_type) {
        case ASD_INT16: return run<std::int16_t>(*log_mel, wave, clips, grid, *options, mel);
        case ASD_FLOAT32: return run<float>(*log_mel, wave, clips, grid, *options, mel);
        default: return run<double>(*log_mel, wave, clips, grid, *options, mel);
    }
}
