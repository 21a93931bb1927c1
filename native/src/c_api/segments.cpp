// Segment grid and cutting.
#include "../cpu/launchers.hpp"
#include "checks.hpp"

#if defined(ASD_WITH_CUDA)
#include "../cuda/launchers.hpp"
#endif

using asd::kernels::SegmentGrid;
using namespace asd::c_api;

asd_status asd_segment_count(int64_t samples, int64_t segment_samples, int64_t hop_samples, int64_t *count) {
    ASD_REQUIRE(require_size(samples, "samples", 1));
    ASD_REQUIRE(require_grid(samples, segment_samples, hop_samples));
    ASD_REQUIRE(require_pointer(count, "count"));
    *count = SegmentGrid{samples, segment_samples, hop_samples}.count();
    return ASD_OK;
}

asd_status asd_segment_starts(int64_t samples, int64_t segment_samples, int64_t hop_samples, int64_t *starts,
                              int64_t capacity) {
    int64_t count = 0;
    ASD_REQUIRE(asd_segment_count(samples, segment_samples, hop_samples, &count));
    ASD_REQUIRE(require_pointer(starts, "starts"));
    ASD_REQUIRE(require_size(capacity, "capacity", count));
    const SegmentGrid grid{samples, segment_samples, hop_samples};
    for (int64_t s = 0; s < count; ++s) starts[s] = grid.start(s);
    return ASD_OK;
}

namespace {

template <class Sample>
asd_status cut(const void *wave, int64_t clips, const SegmentGrid &grid, const asd_segment_options &options,
               float *segments) {
    const auto *samples = static_cast<const Sample *>(wave);
    const asd::cpu::CutOptions launch{options.per_segment == 1, options.mean, options.std, options.threads};
#if defined(ASD_WITH_CUDA)
    if (options.device == ASD_DEVICE_CUDA)
        return asd::cuda::status(asd::cuda::cut_segments(samples, clips, grid, launch, segments, options.stream));
#endif
    return guarded([&] {
        const int64_t bad = asd::cpu::cut_segments(samples, clips, grid, launch, segments);
        return bad < 0 ? ASD_OK : not_finite_wave(bad, grid.samples);
    });
}

}  // namespace

asd_status asd_cut_segments(const void *wave, int64_t clips, int64_t samples, const asd_segment_options *options,
                            float *segments) {
    ASD_REQUIRE(require_options(options));
    ASD_REQUIRE(require_size(clips, "clips", 0));
    ASD_REQUIRE(require_grid(samples, options->segment_samples, options->hop_samples));
    ASD_REQUIRE(require_standardisation(options->per_segment, options->mean, options->std));
    ASD_REQUIRE(require_type(options->sample_type, "sample_type", ASD_INT16, ASD_FLOAT32));
    ASD_REQUIRE(require_threads(options->threads));
    ASD_REQUIRE(require_device(options->device));
    const SegmentGrid grid{samples, options->segment_samples, options->hop_samples};
    ASD_REQUIRE(require_product(clips, grid.count(), options->segment_samples, 1));
    ASD_REQUIRE(require_product(clips, samples, 1, 1));
    if (clips == 0) return ASD_OK;
    ASD_REQUIRE(require_pointer(wave, "wave"));
    ASD_REQUIRE(require_pointer(segments, "segments"));
    return options->sample_type == ASD_INT16 ? cut<std::int16_t>(wave, clips, grid, *options, segments)
                                             : cut<float>(wave, clips, grid, *options, segments);
}
