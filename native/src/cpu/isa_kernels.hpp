// The hot loops, compiled once per instruction set from one source file (isa_kernels.cpp) and chosen at run time.
//
// Floating-point contraction is off and sums have a fixed order, so that each instruction set gives the same bits.
#pragma once

#include <cstdint>

#include "../kernels/filter_plan.hpp"
#include "../kernels/moments.hpp"
#include "../kernels/standardise.hpp"

namespace asd::cpu {

enum class Direction { forwards, backwards };

// Stores that go past the caches: right for an output larger than they are.
enum class Stores { cached, streaming };

struct IsaKernels {
    const char *name;

    // Index of the first value that is not finite, or count.
    std::int64_t (*first_not_finite_f32)(const float *values, std::int64_t count);
    std::int64_t (*first_not_finite_f64)(const double *values, std::int64_t count);

    kernels::Moments (*moments_i16)(const std::int16_t *wave, std::int64_t count);
    kernels::Moments (*moments_f32)(const float *wave, std::int64_t count);

    void (*standardise_i16)(const std::int16_t *wave, std::int64_t count, kernels::Standardise by, Stores stores,
                            float *out);
    void (*standardise_f32)(const float *wave, std::int64_t count, kernels::Standardise by, Stores stores, float *out);

    void (*to_double_i16)(const std::int16_t *wave, std::int64_t count, double *out);
    void (*to_double_f32)(const float *wave, std::int64_t count, double *out);

    // The whole cascade over signal, in place, from its steady state for the first value met.
    void (*filter)(const kernels::FilterPlan &plan, double *signal, std::int64_t count, Direction direction);

    double (*mean_square)(const double *signal, std::int64_t count);
};

// The best one for this processor.
const IsaKernels &isa_kernels();

// Those that this processor can run, worst first; nullptr ends the list. For tests.
const IsaKernels *const *runnable_isa_kernels();

}  // namespace asd::cpu
