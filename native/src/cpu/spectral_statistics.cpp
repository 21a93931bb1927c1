// Statistics of spectrograms over time, one spectrogram after another on each thread.
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "../kernels/frame_statistics.hpp"
#include "launchers.hpp"
#include "parallel_for.hpp"

namespace asd::cpu {
namespace {

using std::int64_t;

// r^0, r^1 ... divided by their sum.
std::vector<double> rank_weights(double decay, int64_t frames) {
    std::vector<double> weights(static_cast<std::size_t>(frames));
    double sum = 0.0;
    for (int64_t i = 0; i < frames; ++i) sum += weights[static_cast<std::size_t>(i)] = std::pow(decay, static_cast<double>(i));
    for (double &weight : weights) weight /= sum;
    return weights;
}

template <class Value>
double statistic_of(asd_statistic statistic, const kernels::BandFrames<Value> &band, const double *weights, Value *sorted) {
    switch (statistic) {
        case ASD_STATISTIC_MEAN: return band.mean();
        case ASD_STATISTIC_STD: return band.deviation();
        case ASD_STATISTIC_DIFFERENCE: return band.difference();
        default: break;
    }
    std::copy_n(band.values, band.count, sorted);
    std::sort(sorted, sorted + band.count, std::greater<Value>());
    return kernels::BandFrames<Value>{sorted, band.count}.rank(weights);
}

}  // namespace

template <class Value>
void spectral_statistics(const Value *mel, int64_t clips, const FramesOf &shape, const Statistics &statistics,
                         std::int32_t threads, double *pooled) {
    const std::vector<double> weights = rank_weights(statistics.rank_decay, shape.frames);
    const int64_t used = thread_count(threads, clips);
    std::vector<Value> scratch(static_cast<std::size_t>(used * shape.frames));
    parallel_for(clips, used, [&](int64_t clip, int64_t thread) {
        double *out = pooled + clip * statistics.count * shape.bands;
        for (int64_t kind = 0; kind < statistics.count; ++kind)
            for (int64_t band = 0; band < shape.bands; ++band)
                *out++ = statistic_of(static_cast<asd_statistic>(statistics.kinds[kind]),
                                      kernels::BandFrames<Value>{mel + (clip * shape.bands + band) * shape.stride, shape.frames},
                                      weights.data(), scratch.data() + thread * shape.frames);
    });
}

template void spectral_statistics(const float *, int64_t, const FramesOf &, const Statistics &, std::int32_t, double *);
template void spectral_statistics(const double *, int64_t, const FramesOf &, const Statistics &, std::int32_t, double *);

}  // namespace asd::cpu
