// Weighted means on the device: one block per clip, each thread every BLOCK-th score or column.
#include "../kernels/weighted_mean.hpp"
#include "block_reduce.cuh"
#include "launch.cuh"
#include "launchers.hpp"

namespace asd::cuda {
namespace {

using kernels::WeightedMean;
using std::int64_t;

template <class Score>
struct ScoreTerms {
    const Score *scores;
    const double *weights;
    int64_t columns;

    __device__ WeightedMean operator()(int64_t clip, int64_t i) const {
        return kernels::one_score(static_cast<double>(scores[clip * columns + i]), weights[clip * columns + i]);
    }
};

template <class Score>
struct ColumnTerms {
    const Score *maps;
    const double *weights;
    int64_t columns;
    int64_t height;
    int64_t width;

    __device__ WeightedMean operator()(int64_t clip, int64_t i) const {
        return kernels::one_column(maps + clip * columns * height, weights + clip * columns, height, width, i);
    }
};

struct CombineMeans {
    __device__ WeightedMean operator()(const WeightedMean &a, const WeightedMean &b) const {
        return kernels::combine(a, b);
    }
};

// means[clip] = the mean of terms(clip, i).
template <class Terms>
__global__ void mean(Terms terms, int64_t clips, double *means) {
    for (int64_t clip = blockIdx.x; clip < clips; clip += gridDim.x) {
        WeightedMean own = kernels::no_score();
        for (int64_t i = threadIdx.x; i < terms.columns; i += BLOCK) own = kernels::combine(own, terms(clip, i));
        const WeightedMean total = block_reduce(own, CombineMeans{});
        if (threadIdx.x == 0) means[clip] = total.mean();
    }
}

template <class Terms>
int queue(const Terms &terms, int64_t clips, double *means, void *stream) {
    return launch(mean<Terms>, grid_size(clips), BLOCK, stream, terms, clips, means);
}

}  // namespace

template <class Score>
int weighted_mean(const Score *scores, const double *weights, int64_t clips, int64_t segments, double *means,
                  void *stream) {
    return queue(ScoreTerms<Score>{scores, weights, segments}, clips, means, stream);
}

template <class Score>
int weighted_map_mean(const Score *maps, const double *weights, int64_t clips, int64_t segments, int64_t height,
                      int64_t width, double *means, void *stream) {
    return queue(ColumnTerms<Score>{maps, weights, segments * width, height, width}, clips, means, stream);
}

template int weighted_mean(const float *, const double *, int64_t, int64_t, double *, void *);
template int weighted_mean(const double *, const double *, int64_t, int64_t, double *, void *);
template int weighted_map_mean(const float *, const double *, int64_t, int64_t, int64_t, int64_t, double *, void *);
template int weighted_map_mean(const double *, const double *, int64_t, int64_t, int64_t, int64_t, double *, void *);

}  // namespace asd::cuda
