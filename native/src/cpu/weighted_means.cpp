// Weighted means of segment scores and of score maps, a clip at a time.
#include "../kernels/weighted_mean.hpp"
#include "launchers.hpp"
#include "parallel_for.hpp"

namespace asd::cpu {

using kernels::WeightedMean;
using std::int64_t;

template <class Score>
void weighted_mean(const Score *scores, const double *weights, int64_t clips, int64_t segments, std::int32_t threads,
                   double *means) {
    parallel_for(clips, thread_count(threads, clips), [&](int64_t clip, int64_t) {
        WeightedMean total = kernels::no_score();
        for (int64_t i = clip * segments; i < (clip + 1) * segments; ++i)
            total = kernels::combine(total, kernels::one_score(static_cast<double>(scores[i]), weights[i]));
        means[clip] = total.mean();
    });
}

template <class Score>
void weighted_map_mean(const Score *maps, const double *weights, int64_t clips, int64_t segments, int64_t height,
                       int64_t width, std::int32_t threads, double *means) {
    const int64_t columns = segments * width;
    parallel_for(clips, thread_count(threads, clips), [&](int64_t clip, int64_t) {
        WeightedMean total = kernels::no_score();
        for (int64_t i = 0; i < columns; ++i)
            total = kernels::combine(total, kernels::one_column(maps + clip * columns * height,
                                                                weights + clip * columns, height, width, i));
        means[clip] = total.mean();
    });
}

template void weighted_mean(const float *, const double *, int64_t, int64_t, std::int32_t, double *);
template void weighted_mean(const double *, const double *, int64_t, int64_t, std::int32_t, double *);
template void weighted_map_mean(const float *, const double *, int64_t, int64_t, int64_t, int64_t, std::int32_t,
                                double *);
template void weighted_map_mean(const double *, const double *, int64_t, int64_t, int64_t, int64_t, std::int32_t,
                                double *);

}  // namespace asd::cpu
