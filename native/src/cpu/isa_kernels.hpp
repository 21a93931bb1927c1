// The hot loops, compiled once per instruction set from one source file (isa_kernels.cpp) and chosen at run time.
//
// Floating-point contraction is off and sums have a fixed order, so that each instruction set gives the same bits.
#pragma once

#include <cstdint>

#include "../kernels/filter_plan.hpp"
#include "../kernels/framed_clip.hpp"
#include "../kernels/log_mel_plan.hpp"
#include "../kernels/moments.hpp"
#include "../kernels/standardise.hpp"
#include "../kernels/upper_triangle.hpp"

namespace asd::cpu {

enum class Direction { forwards, backwards };

// Whether stores bypass the caches, which suits an output that is larger than they are.
enum class Stores { cached, streaming };

struct IsaKernels {
    const char *name;

    // Index of the first value that is not finite, or count.
    std::int64_t (*first_not_finite_f32)(const float *values, std::int64_t count);
    std::int64_t (*first_not_finite_f64)(const double *values, std::int64_t count);

    kernels::Moments (*moments_i16)(const std::int16_t *wave, std::int64_t count);
    kernels::Moments (*moments_f32)(const float *wave, std::int64_t count);
    kernels::Moments (*moments_f64)(const double *wave, std::int64_t count);

    void (*standardise_i16)(const std::int16_t *wave, std::int64_t count, kernels::Standardise by, Stores stores,
                            float *out);
    void (*standardise_f32)(const float *wave, std::int64_t count, kernels::Standardise by, Stores stores, float *out);

    void (*to_double_i16)(const std::int16_t *wave, std::int64_t count, double *out);
    void (*to_double_f32)(const float *wave, std::int64_t count, double *out);

    // Filters a block of a signal, in place, from the state after the previous block.
    void (*filter)(const kernels::FilterPlan &plan, kernels::FilterState *state, double *signal, std::int64_t count,
                   Direction direction);

    double (*mean_square)(const double *signal, std::int64_t count);

    // Frames [first, first + frames), FRAME_BLOCK at most; row m of the bands begins at mel + m * stride. workspace:
    // LogMelWorkspace::size doubles on a cache line.
    template <class Sample>
    using LogMelBlock = void (*)(const kernels::LogMelPlan &plan, const kernels::FramedClip<Sample> &clip,
                                 std::int64_t first, std::int64_t frames, double *workspace, float *mel,
                                 std::int64_t stride);
    LogMelBlock<std::int16_t> log_mel_block_i16;
    LogMelBlock<float> log_mel_block_f32;
    LogMelBlock<double> log_mel_block_f64;

    // log2 of positive floats, a multiple of FRAME_BLOCK of them. For tests.
    void (*log2_f32)(const float *values, std::int64_t count, float *logarithms);

    // Squared distances of a vector to each of count rows.
    void (*squared_distances)(const float *rows, std::int64_t count, std::int64_t dimensions, const float *vector,
                              float *squared);

    template <class Triangle>
    using TriangleProduct = void (*)(const Triangle &triangle, const double *vector, double *product);
    TriangleProduct<kernels::FullTriangle> triangle_product_full;
    TriangleProduct<kernels::PackedTriangle> triangle_product_packed;
};

// The best one for this processor.
const IsaKernels &isa_kernels();

// Those that this processor can run, slowest first; nullptr ends the list. For tests.
const IsaKernels *const *runnable_isa_kernels();

}  // namespace asd::cpu
