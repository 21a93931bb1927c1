#include "checks.hpp"

#include <cmath>
#include <initializer_list>
#include <limits>

#if defined(ASD_WITH_CUDA)
#include "../cuda/launchers.hpp"
#endif

namespace asd::c_api {

using std::int64_t;

asd_status require_pointer(const void *pointer, const char *name) {
    if (pointer) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "%s must point to memory; got NULL", name);
}

asd_status require_size(int64_t size, const char *name, int64_t least) {
    if (size >= least) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "%s must be >= %lld; got %lld", name, static_cast<long long>(least),
                static_cast<long long>(size));
}

asd_status require_flag(std::int32_t flag, const char *name) {
    if (flag == 0 || flag == 1) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "%s must be 0 or 1; got %d", name, flag);
}

asd_status require_device(std::int32_t device) {
    if (device == ASD_DEVICE_CPU) return ASD_OK;
    if (device == ASD_DEVICE_CUDA) return require_cuda();
    return fail(ASD_INVALID_ARGUMENT, "device must be ASD_DEVICE_CPU or ASD_DEVICE_CUDA; got %d", device);
}

asd_status require_threads(std::int32_t threads) {
    if (threads >= 0) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "threads must be >= 0 (0 means all cores); got %d", threads);
}

asd_status require_type(std::int32_t type, const char *name, asd_sample_type one, asd_sample_type other) {
    if (type == one || type == other) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "%s must be %d or %d (asd_sample_type); got %d", name, one, other, type);
}

asd_status require_struct(int64_t struct_size, int64_t known_size, const char *name) {
    constexpr int64_t MOST = 4096;  // no struct will be that large: catches an uninitialised size before anything is read
    if (struct_size >= known_size && struct_size <= MOST) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "%s->struct_size must be between %lld and %lld; got %lld: start from the INIT macro",
                name, static_cast<long long>(known_size), static_cast<long long>(MOST),
                static_cast<long long>(struct_size));
}

asd_status require_unset(const void *options, int64_t struct_size, int64_t known_size) {
    const auto *bytes = static_cast<const unsigned char *>(options);
    for (int64_t i = known_size; i < struct_size; ++i)
        if (bytes[i] != 0)
            return fail(ASD_INVALID_ARGUMENT, "options sets a field at byte %lld, after the %lld bytes that this library "
                                              "knows: leave it 0, or load a newer library",
                        static_cast<long long>(i), static_cast<long long>(known_size));
    return ASD_OK;
}

asd_status require_reserved(std::int32_t reserved) {
    if (reserved == 0) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "options->reserved must be 0; got %d: start from the INIT macro", reserved);
}

asd_status require_product(int64_t a, int64_t b, int64_t c, int64_t d) {
    constexpr int64_t LIMIT = std::numeric_limits<int64_t>::max() / 8;
    int64_t product = 1;
    for (const int64_t factor : {a, b, c, d}) {
        if (factor == 0) return ASD_OK;
        if (product > LIMIT / factor)
            return fail(ASD_INVALID_ARGUMENT, "the sizes %lld x %lld x %lld x %lld are more than memory can hold",
                        static_cast<long long>(a), static_cast<long long>(b), static_cast<long long>(c),
                        static_cast<long long>(d));
        product *= factor;
    }
    return ASD_OK;
}

asd_status require_grid(int64_t samples, int64_t segment_samples, int64_t hop_samples) {
    if (samples == 0)
        return fail(ASD_INVALID_ARGUMENT, "wave must hold at least one sample; got samples = 0: leave empty clips out");
    ASD_REQUIRE(require_size(samples, "samples", 1));
    ASD_REQUIRE(require_size(segment_samples, "segment_samples", 1));
    return require_size(hop_samples, "hop_samples", 1);
}

asd_status require_standardisation(std::int32_t per_segment, double mean, double std) {
    ASD_REQUIRE(require_flag(per_segment, "per_segment"));
    if (per_segment) return ASD_OK;
    if (!std::isfinite(mean)) return fail(ASD_INVALID_ARGUMENT, "mean must be finite; got %g", mean);
    // A denormal std has no finite inverse.
    if (!(std > 0.0) || !std::isfinite(std) || !std::isfinite(1.0 / std))
        return fail(ASD_INVALID_ARGUMENT, "std must be finite and > 0; got %g: a constant recording cannot be standardised",
                    std);
    return ASD_OK;
}

asd_status require_more_than_half_a_window(const kernels::LogMelPlan &plan, int64_t samples) {
    const int64_t half = plan.window_samples / 2;
    if (samples > half) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "wave must have more than half a window, %lld samples; got %lld: repeat or pad the clip, "
                                      "or choose a smaller window",
                static_cast<long long>(half), static_cast<long long>(samples));
}

asd_status require_bins(int64_t bins, int64_t segment_samples) {
    if (bins < 1 || bins > segment_samples)
        return fail(ASD_INVALID_ARGUMENT, "bins must be between 1 and segment_samples = %lld; got %lld",
                    static_cast<long long>(segment_samples), static_cast<long long>(bins));
    return require_product(bins, segment_samples, 1, 1);  // bin edges are bin * segment_samples / bins
}

asd_status require_sections(int64_t sections) {
    if (sections >= 1 && sections <= ASD_MAX_SECTIONS) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "sos must have 1 to %d sections; got %lld", ASD_MAX_SECTIONS,
                static_cast<long long>(sections));
}

asd_status not_finite_wave(int64_t index, int64_t samples) {
    return fail(ASD_INVALID_ARGUMENT, "wave must be finite; sample %lld of clip %lld is NaN or infinite: leave that clip "
                                      "out or repair it",
                static_cast<long long>(index % samples), static_cast<long long>(index / samples));
}

asd_status require_cuda() {
#if defined(ASD_WITH_CUDA)
    if (cuda::device_count() > 0) {
        const char *earlier = cuda::earlier_error();
        if (!earlier) return ASD_OK;
        return fail(ASD_CUDA_FAILED, "CUDA: an earlier call on this thread left the error \"%s\": nothing was queued; take it with "
                                     "cudaGetLastError and call again",
                    earlier);
    }
    return fail(ASD_NO_DEVICE, "no device: this library has CUDA, but the system shows no usable CUDA device or driver; "
                               "pass ASD_DEVICE_CPU");
#else
    return fail(ASD_NOT_BUILT_WITH_CUDA, "not built with CUDA: pass ASD_DEVICE_CPU, or build with -DASD_CUDA=ON");
#endif
}

}  // namespace asd::c_api
