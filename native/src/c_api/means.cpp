// Weighted means of scores and of score maps.
#include <cmath>

#include "../cpu/launchers.hpp"
#include "../cpu/sample_kernels.hpp"
#include "checks.hpp"

#if defined(ASD_WITH_CUDA)
#include "../cuda/launchers.hpp"
#endif

using namespace asd::c_api;

namespace {

template <class Score>
asd_status require_finite(const Score *values, int64_t clips, int64_t per_clip, const char *name) {
    const int64_t at = asd::cpu::first_not_finite(asd::cpu::isa_kernels(), values, clips * per_clip);
    if (at == clips * per_clip) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "%s must be finite; clip %lld holds %g at %lld: leave that clip out", name,
                static_cast<long long>(at / per_clip), static_cast<double>(values[at]),
                static_cast<long long>(at % per_clip));
}

asd_status require_weights(const double *weights, int64_t clips, int64_t per_clip) {
    ASD_REQUIRE(require_finite(weights, clips, per_clip, "weights"));
    for (int64_t i = 0; i < clips * per_clip; ++i)
        if (weights[i] < 0.0)
            return fail(ASD_INVALID_ARGUMENT, "weights must be >= 0; clip %lld holds %g at %lld",
                        static_cast<long long>(i / per_clip), weights[i], static_cast<long long>(i % per_clip));
    return ASD_OK;
}

asd_status require_mean_options(const asd_mean_options *options) {
    ASD_REQUIRE(require_options(options));
    ASD_REQUIRE(require_reserved(options->reserved));
    ASD_REQUIRE(require_type(options->value_type, "value_type", ASD_FLOAT32, ASD_FLOAT64));
    ASD_REQUIRE(require_threads(options->threads));
    return require_device(options->device);
}

template <class Score>
asd_status mean_of(const void *values, const double *weights, int64_t clips, int64_t segments,
                   const asd_mean_options &options, double *means) {
    const auto *scores = static_cast<const Score *>(values);
#if defined(ASD_WITH_CUDA)
    if (options.device == ASD_DEVICE_CUDA)
        return asd::cuda::status(asd::cuda::weighted_mean(scores, weights, clips, segments, means, options.stream));
#endif
    return guarded([&] {
        ASD_REQUIRE(require_finite(scores, clips, segments, "scores"));
        ASD_REQUIRE(require_weights(weights, clips, segments));
        asd::cpu::weighted_mean(scores, weights, clips, segments, options.threads, means);
        return ASD_OK;
    });
}

template <class Score>
asd_status map_mean_of(const void *values, const double *weights, int64_t clips, int64_t segments, int64_t height,
                       int64_t width, const asd_mean_options &options, double *means) {
    const auto *maps = static_cast<const Score *>(values);
#if defined(ASD_WITH_CUDA)
    if (options.device == ASD_DEVICE_CUDA)
        return asd::cuda::status(
            asd::cuda::weighted_map_mean(maps, weights, clips, segments, height, width, means, options.stream));
#endif
    return guarded([&] {
        ASD_REQUIRE(require_finite(maps, clips, segments * height * width, "maps"));
        ASD_REQUIRE(require_weights(weights, clips, segments * width));
        asd::cpu::weighted_map_mean(maps, weights, clips, segments, height, width, options.threads, means);
        return ASD_OK;
    });
}

}  // namespace

asd_status asd_weighted_mean(const void *scores, const double *weights, int64_t clips, int64_t segments,
                             const asd_mean_options *options, double *means) {
    ASD_REQUIRE(require_mean_options(options));
    ASD_REQUIRE(require_size(clips, "clips", 0));
    ASD_REQUIRE(require_size(segments, "segments", 1));
    ASD_REQUIRE(require_product(clips, segments, 1, 1));
    if (clips == 0) return ASD_OK;
    ASD_REQUIRE(require_pointer(scores, "scores"));
    ASD_REQUIRE(require_pointer(weights, "weights"));
    ASD_REQUIRE(require_pointer(means, "means"));
    return options->value_type == ASD_FLOAT32 ? mean_of<float>(scores, weights, clips, segments, *options, means)
                                              : mean_of<double>(scores, weights, clips, segments, *options, means);
}

asd_status asd_weighted_map_mean(const void *maps, const double *weights, int64_t clips, int64_t segments,
                                 int64_t height, int64_t width, const asd_mean_options *options, double *means) {
    ASD_REQUIRE(require_mean_options(options));
    ASD_REQUIRE(require_size(clips, "clips", 0));
    ASD_REQUIRE(require_size(segments, "segments", 1));
    ASD_REQUIRE(require_size(height, "height", 1));
    ASD_REQUIRE(require_size(width, "width", 1));
    ASD_REQUIRE(require_product(clips, segments, height, width));
    if (clips == 0) return ASD_OK;
    ASD_REQUIRE(require_pointer(maps, "maps"));
    ASD_REQUIRE(require_pointer(weights, "weights"));
    ASD_REQUIRE(require_pointer(means, "means"));
    return options->value_type == ASD_FLOAT32
               ? map_mean_of<float>(maps, weights, clips, segments, height, width, *options, means)
               : map_mean_of<double>(maps, weights, clips, segments, height, width, *options, means);
}
