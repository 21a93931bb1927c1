// The high-pass filter, and high-passed power.
#include <algorithm>
#include <cmath>
#include <vector>

#include "../cpu/launchers.hpp"
#include "butterworth.hpp"
#include "checks.hpp"
#include "make_filter_plan.hpp"

#if defined(ASD_WITH_CUDA)
#include "../cuda/launchers.hpp"
#endif

using asd::kernels::FilterPlan;
using asd::kernels::SegmentGrid;
using namespace asd::c_api;

namespace {

asd_status require_long_enough(const SegmentGrid &grid, const FilterPlan &plan) {
    const int64_t samples = grid.repeated_samples();
    if (samples > plan.pad_samples) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "wave must be longer than the filter's extension of %lld samples; got %lld samples "
                                      "with segment_samples = %lld: pass longer segments",
                static_cast<long long>(plan.pad_samples), static_cast<long long>(grid.samples),
                static_cast<long long>(grid.segment_samples));
}

template <class Sample>
asd_status power_of(const void *wave, int64_t clips, const SegmentGrid &grid, const FilterPlan &plan,
                    const asd_power_options &options, double *power) {
    const auto *samples = static_cast<const Sample *>(wave);
#if defined(ASD_WITH_CUDA)
    if (options.device == ASD_DEVICE_CUDA)
        return asd::cuda::status(asd::cuda::high_passed_power(samples, clips, grid, plan, options.bins, options.workspace,
                                                              power, options.stream));
#endif
    return guarded([&] {
        const int64_t bad =
            asd::cpu::high_passed_power(samples, clips, grid, plan, options.bins, options.threads, power);
        return bad < 0 ? ASD_OK : not_finite_wave(bad, grid.samples);
    });
}

// The grid and the filter that the arguments describe; checks all of them except the device.
asd_status make_power_plan(int64_t clips, int64_t samples, const double *sos, const asd_power_options *options,
                           SegmentGrid *grid, FilterPlan *plan) {
    ASD_REQUIRE(require_options(options));
    ASD_REQUIRE(require_flag(options->causal, "causal"));
    ASD_REQUIRE(require_size(clips, "clips", 0));
    ASD_REQUIRE(require_grid(samples, options->segment_samples, options->hop_samples));
    ASD_REQUIRE(require_bins(options->bins, options->segment_samples));
    ASD_REQUIRE(require_sections(options->sections));
    ASD_REQUIRE(require_pointer(sos, "sos"));
    ASD_REQUIRE(require_type(options->sample_type, "sample_type", ASD_INT16, ASD_FLOAT32));
    ASD_REQUIRE(require_threads(options->threads));
    ASD_REQUIRE(make_filter_plan(sos, options->sections, options->causal == 0, plan));
    *grid = {samples, options->segment_samples, options->hop_samples};
    ASD_REQUIRE(require_long_enough(*grid, *plan));
    ASD_REQUIRE(require_product(clips, grid->count(), options->bins, 1));
    return require_product(clips, grid->repeated_samples(), 4, 1);  // extended by less than twice its length
}

// Doubles.
int64_t workspace_size(int64_t clips, const SegmentGrid &grid, const FilterPlan &plan) {
    return clips * grid.extended_samples(plan.pad_samples);
}

asd_status require_workspace(const asd_power_options &options, int64_t least) {
    if (options.device != ASD_DEVICE_CUDA || (options.workspace && options.workspace_size >= least)) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "workspace must hold %lld doubles of device memory; got %lld: ask "
                                      "asd_high_passed_power_workspace for the size",
                static_cast<long long>(least), static_cast<long long>(options.workspace ? options.workspace_size : 0));
}

}  // namespace

asd_status asd_high_pass_sections(double sample_rate_hz, double pass_hz, double stop_hz, double pass_db, double stop_db, double *sos,
                                  int64_t *sections) {
    if (!(stop_hz > 0.0 && stop_hz < pass_hz && pass_hz < sample_rate_hz / 2.0 && std::isfinite(sample_rate_hz)))
        return fail(ASD_INVALID_ARGUMENT, "stop_hz and pass_hz must satisfy 0 < stop_hz < pass_hz < half the sample rate; got %g and %g "
                                          "at %g Hz", stop_hz, pass_hz, sample_rate_hz);
    if (!(pass_db > 0.0 && pass_db < stop_db && std::isfinite(stop_db)))
        return fail(ASD_INVALID_ARGUMENT, "pass_db and stop_db must satisfy 0 < pass_db < stop_db; got %g and %g", pass_db, stop_db);
    ASD_REQUIRE(require_pointer(sos, "sos"));
    ASD_REQUIRE(require_pointer(sections, "sections"));
    return guarded([&] {
        const std::vector<double> made = butterworth_sections({pass_hz, stop_hz, pass_db, stop_db}, sample_rate_hz, ASD_MAX_SECTIONS);
        if (made.empty())
            return fail(ASD_INVALID_ARGUMENT, "a filter from stop_hz %g to pass_hz %g needs more than %d sections: move them apart",
                        stop_hz, pass_hz, ASD_MAX_SECTIONS);
        std::copy(made.begin(), made.end(), sos);
        *sections = static_cast<int64_t>(made.size() / 6);
        return ASD_OK;
    });
}

asd_status asd_high_passed_power_workspace(int64_t clips, int64_t samples, const double *sos,
                                           const asd_power_options *options, int64_t *size) {
    SegmentGrid grid;
    FilterPlan plan;
    ASD_REQUIRE(make_power_plan(clips, samples, sos, options, &grid, &plan));
    ASD_REQUIRE(require_pointer(size, "size"));
    *size = workspace_size(clips, grid, plan);
    return ASD_OK;
}

asd_status asd_high_passed_power(const void *wave, int64_t clips, int64_t samples, const double *sos,
                                 const asd_power_options *options, double *power) {
    SegmentGrid grid;
    FilterPlan plan;
    ASD_REQUIRE(make_power_plan(clips, samples, sos, options, &grid, &plan));
    ASD_REQUIRE(require_device(options->device));
    if (clips == 0) return ASD_OK;
    ASD_REQUIRE(require_pointer(wave, "wave"));
    ASD_REQUIRE(require_pointer(power, "power"));
    ASD_REQUIRE(require_workspace(*options, workspace_size(clips, grid, plan)));
    return options->sample_type == ASD_INT16 ? power_of<std::int16_t>(wave, clips, grid, plan, *options, power)
                                             : power_of<float>(wave, clips, grid, plan, *options, power);
}
