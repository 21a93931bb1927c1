// Crops from a bank.
#include <cmath>

#include "../cpu/launchers.hpp"
#include "checks.hpp"

#if defined(ASD_WITH_CUDA)
#include "../cuda/launchers.hpp"
#endif

using asd::kernels::CropFault;
using asd::kernels::CropPlace;
using asd::kernels::Gather;
using namespace asd::c_api;

namespace {

using Number = long long;

template <class Sample>
asd_status require_place(const Gather<Sample> &from, int64_t crop) {
    const int64_t clip = from.clips[crop];
    const CropPlace place = from.place(crop);
    switch (place.fault) {
        case CropFault::none: return ASD_OK;
        case CropFault::clip:
            if (from.bank_clips == 0)
                return fail(ASD_INVALID_ARGUMENT, "the bank holds no clip, but a crop of clip %lld is asked for: pass no crops",
                            Number(clip));
            return fail(ASD_INVALID_ARGUMENT, "clips must be between 0 and %lld, the last clip of the bank; got %lld at %lld",
                        Number(from.bank_clips - 1), Number(clip), Number(crop));
        case CropFault::edges:
            return fail(ASD_INVALID_ARGUMENT, "edges must rise from 0 on to at most bank_samples = %lld; those of clip %lld are "
                                              "%lld and %lld: leave empty clips out",
                        Number(from.bank_samples), Number(clip), Number(from.edges[clip]), Number(from.edges[clip + 1]));
        default:
            return fail(ASD_INVALID_ARGUMENT, "offsets must be between 0 and max(0, samples of the clip - segment_samples) = "
                                              "%lld; got %lld at %lld",
                        Number(place.samples > from.crop_samples ? place.samples - from.crop_samples : 0),
                        Number(from.offsets[crop]), Number(crop));
    }
}

asd_status require_moments(const double *means, const double *stds, int64_t crop) {
    if (!std::isfinite(means[crop]))
        return fail(ASD_INVALID_ARGUMENT, "means must be finite; got %g at %lld", means[crop], Number(crop));
    if (stds[crop] > 0.0 && std::isfinite(stds[crop]) && std::isfinite(1.0 / stds[crop])) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "stds must be finite and > 0; got %g at %lld: a constant recording cannot be standardised",
                stds[crop], Number(crop));
}

template <class Sample>
asd_status not_finite_crop(const Gather<Sample> &from, int64_t index) {
    const int64_t crop = index / from.crop_samples;
    return fail(ASD_INVALID_ARGUMENT, "bank must be finite; sample %lld of clip %lld is NaN or infinite: leave that clip out or "
                                      "repair it",
                Number(from.place(crop).offset + index % from.crop_samples), Number(from.clips[crop]));
}

template <class Sample>
asd_status gather(const Gather<Sample> &from, int64_t crops, const asd_segment_options &options, float *segments) {
    const bool per_segment = options.per_segment == 1;
#if defined(ASD_WITH_CUDA)
    if (options.device == ASD_DEVICE_CUDA)
        return asd::cuda::status(asd::cuda::gather_segments(from, crops, per_segment, segments, options.stream));
#endif
    for (int64_t crop = 0; crop < crops; ++crop) {
        ASD_REQUIRE(require_place(from, crop));
        if (from.means) ASD_REQUIRE(require_moments(from.means, from.stds, crop));
    }
    return guarded([&] {
        const int64_t bad = asd::cpu::gather_segments(from, crops, per_segment, options.threads, segments);
        return bad < 0 ? ASD_OK : not_finite_crop(from, bad);
    });
}

asd_status require_given_moments(const double *means, const double *stds, const asd_segment_options &options) {
    if (!means && !stds) return ASD_OK;
    if (!means || !stds)
        return fail(ASD_INVALID_ARGUMENT, "means and stds must both be given or both be NULL; got one: pass zeros as means, or "
                                          "ones as stds");
    if (!options.per_segment) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "means and stds must be NULL when per_segment is 1, which computes its own");
}

}  // namespace

asd_status asd_gather_segments(const void *bank, int64_t bank_samples, const int64_t *edges, int64_t bank_clips,
                               const int64_t *clips, const int64_t *offsets, const double *means, const double *stds,
                               int64_t crops, const asd_segment_options *options, float *segments) {
    ASD_REQUIRE(require_options(options));
    ASD_REQUIRE(require_size(bank_samples, "bank_samples", 0));
    ASD_REQUIRE(require_size(bank_clips, "bank_clips", 0));
    ASD_REQUIRE(require_size(crops, "crops", 0));
    ASD_REQUIRE(require_size(options->segment_samples, "segment_samples", 1));
    ASD_REQUIRE(require_standardisation(options->per_segment, options->mean, options->std));
    ASD_REQUIRE(require_given_moments(means, stds, *options));
    ASD_REQUIRE(require_type(options->sample_type, "sample_type", ASD_INT16, ASD_FLOAT32));
    ASD_REQUIRE(require_threads(options->threads));
    ASD_REQUIRE(require_device(options->device));
    ASD_REQUIRE(require_product(crops, options->segment_samples, 1, 1));
    ASD_REQUIRE(require_product(bank_samples, 1, 1, 1));
    if (crops == 0) return ASD_OK;
    ASD_REQUIRE(require_pointer(bank, "bank"));
    ASD_REQUIRE(require_pointer(edges, "edges"));
    ASD_REQUIRE(require_pointer(clips, "clips"));
    ASD_REQUIRE(require_pointer(offsets, "offsets"));
    ASD_REQUIRE(require_pointer(segments, "segments"));
    const auto from = [&](const auto *samples) {
        return Gather<std::remove_const_t<std::remove_pointer_t<decltype(samples)>>>{
            samples, bank_samples, edges, bank_clips, clips, offsets, means, stds,
            {options->mean, 1.0 / options->std}, options->segment_samples};
    };
    return options->sample_type == ASD_INT16
               ? gather(from(static_cast<const std::int16_t *>(bank)), crops, *options, segments)
               : gather(from(static_cast<const float *>(bank)), crops, *options, segments);
}
