// Weighted means of segment scores and of score maps, a clip at a time.
#include "../kernels/lane_sum.hpp"
#include "../kernels/weighted_mean.hpp"
#include "launchers.hpp"
#include "parallel_for.hpp"

namespace asd::cpu {

using kernels::lane_sum;
using kernels::relative_weights;
using std::int64_t;

template <class Score>
void weighted_mean(const Score *scores, const double *weights, int64_t clips, int64_t segments, std::int32_t threads,
                   double *means) {
    parallel_for(clips, thread_count(threads, clips), [&](int64_t clip, int64_t) {
        const auto relative = relative_weights(weights + clip * segments, segments);
        const kernels::WeightedScore<Score> term{scores + clip * segments, relative};
        means[clip] = lane_sum(term, segments);
    });
}

template <class Score>
void weighted_map_mean(const Score *maps, const double *weights, int64_t clips, int64_t segments, int64_t height,
                       int64_t width, std::int32_t threads, double *means) {
    const int64_t columns = segments * width;
    parallel_for(clips, thread_count(threads, clips), [&](int64_t clip, int64_t) {
        const auto relative = relative_weights(weights + clip * columns, columns);
        const kernels::WeightedColumn<Score> term{maps + clip * columns * height, height, width, relative};
        means[clip] = lane_sum(term, columns);
    });
}

template void weighted_mean(const float *, const double *, int64_t, int64_t, std::int32_t, double *);
template void weighted_mean(const double *, const double *, int64_t, int64_t, std::int32_t, double *);
template void weighted_map_mean(const float *, const double *, int64_t, int64_t, int64_t, int64_t, std::int32_t,
                                double *);
template void weighted_map_mean(const double *, const double *, int64_t, int64_t, int64_t, int64_t, std::int32_t,
                                double *);

}  // namespace asd::cpu
