// Combines one value per thread of a block, by halving in shared memory: the order depends only on the block's size.
#pragma once

#include <cstdint>

namespace asd::cuda {

constexpr int BLOCK = 256;

// The combination over the block, for all its threads. blockDim.x is BLOCK.
template <class Value, class Combine>
__device__ Value block_reduce(const Value &own, const Combine &combine) {
    __shared__ Value values[BLOCK];
    values[threadIdx.x] = own;
    __syncthreads();
    for (unsigned half = BLOCK / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) values[threadIdx.x] = combine(values[threadIdx.x], values[threadIdx.x + half]);
        __syncthreads();
    }
    const Value total = values[0];
    __syncthreads();  // before the next reduction overwrites it
    return total;
}

struct Add {
    __device__ double operator()(double a, double b) const { return a + b; }
};

// Indices i with i % BLOCK == threadIdx.x below count.
__device__ inline std::int64_t own_share(std::int64_t count) {
    return count > threadIdx.x ? (count - threadIdx.x - 1) / BLOCK + 1 : 0;
}

// Number of blocks for `items`, which the kernel visits in strides of the grid.
inline unsigned grid_size(std::int64_t items) {
    constexpr std::int64_t MOST = 1 << 16;
    return static_cast<unsigned>(items < MOST ? items : MOST);
}

}  // namespace asd::cuda
