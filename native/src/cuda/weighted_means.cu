// Weighted means on the device: one block per clip, each thread every BLOCK-th score or column.
#include <cuda_runtime.h>

#include "../kernels/weighted_mean.hpp"
#include "block_reduce.cuh"
#include "launchers.hpp"

namespace asd::cuda {
namespace {

using kernels::RelativeWeights;
using std::int64_t;

template <class Score>
struct ScoreTerms {
    const Score *scores;
    int64_t segments;

    __device__ kernels::WeightedScore<Score> operator()(int64_t clip, const RelativeWeights &relative) const {
        return {scores + clip * segments, relative};
    }
};

template <class Score>
struct ColumnTerms {
    const Score *maps;
    int64_t height;
    int64_t width;
    int64_t columns;

    __device__ kernels::WeightedColumn<Score> operator()(int64_t clip, const RelativeWeights &relative) const {
        return {maps + clip * columns * height, height, width, relative};
    }
};

// means[clip] = sum of terms(clip)(i) over the row of weights.
template <class Terms>
__global__ void mean(Terms terms, const double *weights, int64_t clips, int64_t columns, double *means) {
    for (int64_t clip = blockIdx.x; clip < clips; clip += gridDim.x) {
        // A row is short: each thread reads all of it, which spares a second reduction.
        const auto term = terms(clip, kernels::relative_weights(weights + clip * columns, columns));
        double own = 0.0;
        for (int64_t i = threadIdx.x; i < columns; i += BLOCK) own += term(i);
        const double total = block_reduce(own, Add{});
        if (threadIdx.x == 0) means[clip] = total;
    }
}

template <class Terms>
int launch(const Terms &terms, const double *weights, int64_t clips, int64_t columns, double *means, void *stream) {
    mean<<<grid_size(clips), BLOCK, 0, static_cast<cudaStream_t>(stream)>>>(terms, weights, clips, columns, means);
    return cudaGetLastError();
}

}  // namespace

template <class Score>
int weighted_mean(const Score *scores, const double *weights, int64_t clips, int64_t segments, double *means,
                  void *stream) {
    return launch(ScoreTerms<Score>{scores, segments}, weights, clips, segments, means, stream);
}

template <class Score>
int weighted_map_mean(const Score *maps, const double *weights, int64_t clips, int64_t segments, int64_t height,
                      int64_t width, double *means, void *stream) {
    const int64_t columns = segments * width;
    return launch(ColumnTerms<Score>{maps, height, width, columns}, weights, clips, columns, means, stream);
}

template int weighted_mean(const float *, const double *, int64_t, int64_t, double *, void *);
template int weighted_mean(const double *, const double *, int64_t, int64_t, double *, void *);
template int weighted_map_mean(const float *, const double *, int64_t, int64_t, int64_t, int64_t, double *, void *);
template int weighted_map_mean(const double *, const double *, int64_t, int64_t, int64_t, int64_t, double *, void *);

}  // namespace asd::cuda
