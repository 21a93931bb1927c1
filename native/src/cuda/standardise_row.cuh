// One segment, written by all threads of one block, or, if its mean and deviation are given, of a column of blocks.
#pragma once

#include "../kernels/moments.hpp"
#include "../kernels/standardise.hpp"
#include "block_reduce.cuh"

namespace asd::cuda {

struct CombineMoments {
    __device__ kernels::Moments operator()(const kernels::Moments &a, const kernels::Moments &b) const {
        return kernels::combine(a, b);
    }
};

// The blocks that process `rows` of `length` samples. A row that is standardised by its own moments belongs to one block.
inline dim3 row_blocks(std::int64_t rows, std::int64_t length, bool own_moments) {
    constexpr std::int64_t SHARE = 16 * BLOCK, MOST = 1 << 8;
    const std::int64_t parts = own_moments ? 1 : (length - 1) / SHARE + 1;
    return dim3(grid_size(rows), static_cast<unsigned>(parts < MOST ? parts : MOST));
}

// out[i] = sample(i), standardised, for i in [0, length).
template <class Samples>
__device__ void standardise_row(const Samples &sample, std::int64_t length, bool own_moments, kernels::Standardise by,
                                float *out) {
    if (own_moments) {
        const auto load = [&](std::int64_t k) { return kernels::sample_value(sample(threadIdx.x + k * BLOCK)); };
        const kernels::Moments own = kernels::moments_of(load, own_share(length));
        by = kernels::standardise_by(block_reduce(own, CombineMoments{}));
    }
    const std::int64_t stride = static_cast<std::int64_t>(gridDim.y) * BLOCK;
    for (std::int64_t i = static_cast<std::int64_t>(blockIdx.y) * BLOCK + threadIdx.x; i < length; i += stride)
        out[i] = by(sample(i));
}

}  // namespace asd::cuda
