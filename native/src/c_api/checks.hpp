// Checks that several functions of the ABI share. Each returns ASD_OK or the failure, whose message says what was passed, the rule
// and what to do.
#pragma once

#include <cstdint>
#include <new>

#include "../kernels/log_mel_plan.hpp"
#include "../kernels/segment_grid.hpp"
#include "asd/asd.h"
#include "last_error.hpp"

// Returns from the function with the status of a check that failed.
#define ASD_REQUIRE(check)                                              \
    do {                                                                \
        if (const asd_status status_ = (check); status_ != ASD_OK) return status_; \
    } while (false)

namespace asd::c_api {

asd_status require_pointer(const void *pointer, const char *name);

// size >= least.
asd_status require_size(std::int64_t size, const char *name, std::int64_t least);

asd_status require_flag(std::int32_t flag, const char *name);

asd_status require_device(std::int32_t device);
asd_status require_threads(std::int32_t threads);

// `type` is one of the two.
asd_status require_type(std::int32_t type, const char *name, asd_sample_type one, asd_sample_type other);

// The struct holds at least what this library knows of it.
asd_status require_struct(std::int64_t struct_size, std::int64_t known_size, const char *name);

// The bytes after those that this library knows are zero: a newer caller's field is refused, never ignored.
asd_status require_unset(const void *options, std::int64_t struct_size, std::int64_t known_size);
asd_status require_reserved(std::int32_t reserved);

// An options struct as passed.
template <class Options>
asd_status require_options(const Options *options) {
    constexpr auto known_size = static_cast<std::int64_t>(sizeof(Options));
    ASD_REQUIRE(require_pointer(options, "options"));
    ASD_REQUIRE(require_struct(options->struct_size, known_size, "options"));
    return require_unset(options, options->struct_size, known_size);
}

// The product of sizes >= 0, times 8 bytes, fits int64_t.
asd_status require_product(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d);

asd_status require_grid(std::int64_t samples, std::int64_t segment_samples, std::int64_t hop_samples);

// mean and std are not read where per_segment is 1.
asd_status require_standardisation(std::int32_t per_segment, double mean, double std);

// For a clip or segment: the reflection at its ends needs that many samples.
asd_status require_more_than_half_a_window(const kernels::LogMelPlan &plan, std::int64_t samples);

// Time bins of the power of a segment.
asd_status require_bins(std::int64_t bins, std::int64_t segment_samples);

// For a filter.
asd_status require_sections(std::int64_t sections);

// The failure of a wave of clips x samples whose value at `index` is not finite.
asd_status not_finite_wave(std::int64_t index, std::int64_t samples);

// ASD_OK when the library has CUDA, there is a device, and no earlier CUDA error waits on this thread.
asd_status require_cuda();

// body() returns a status; what it throws becomes one.
template <class Body>
asd_status guarded(const Body &body) {
    try {
        return body();
    } catch (const std::bad_alloc &) {
        return fail(ASD_OUT_OF_MEMORY, "not enough memory for the scratch of this call; pass fewer clips, shorter ones, "
                                       "or fewer threads");
    } catch (...) {
        return fail(ASD_OUT_OF_MEMORY, "the system gave no resources for this call; pass fewer clips or threads");
    }
}

}  // namespace asd::c_api
