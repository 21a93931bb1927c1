// The CPU launchers: arguments are already checked, memory is dense.
//
// A launcher that reads a wave returns the index, in the whole array, of the first value that is not finite, or -1.
// It allocates its scratch before it starts threads and throws std::bad_alloc if there is none.
#pragma once

#include <cstdint>

#include "../kernels/filter_plan.hpp"
#include "../kernels/gather.hpp"
#include "../kernels/inlier_models.hpp"
#include "../kernels/log_mel_plan.hpp"
#include "../kernels/segment_grid.hpp"
#include "asd/asd.h"

namespace asd::cpu {

struct CutOptions {
    bool per_segment;
    double mean;
    double std;
    std::int32_t threads;
};

template <class Sample>
std::int64_t cut_segments(const Sample *wave, std::int64_t clips, const kernels::SegmentGrid &grid,
                          const CutOptions &options, float *segments);

// Every crop must be in range. Returns the index of the first value in segments whose sample is not finite.
template <class Sample>
std::int64_t gather_segments(const kernels::Gather<Sample> &from, std::int64_t crops, bool per_segment,
                             std::int32_t threads, float *segments);

template <class Sample>
std::int64_t high_passed_power(const Sample *wave, std::int64_t clips, const kernels::SegmentGrid &grid,
                               const kernels::FilterPlan &plan, std::int64_t bins, std::int32_t threads, double *power);

// mel: clips x segments x bands x frames.
template <class Sample>
std::int64_t log_mel(const Sample *wave, std::int64_t clips, const kernels::SegmentGrid &grid,
                     const kernels::LogMelPlan &plan, const CutOptions &options, float *mel);

template <class Score>
void weighted_mean(const Score *scores, const double *weights, std::int64_t clips, std::int64_t segments,
                   std::int32_t threads, double *means);

template <class Score>
void weighted_map_mean(const Score *maps, const double *weights, std::int64_t clips, std::int64_t segments,
                       std::int64_t height, std::int64_t width, std::int32_t threads, double *means);

// A spectrogram, or some of its frames: band m begins at m * stride.
struct FramesOf {
    std::int64_t bands;
    std::int64_t frames;
    std::int64_t stride;
};

struct Statistics {
    const std::int32_t *kinds;  // asd_statistic
    std::int64_t count;
    double rank_decay;
};

// pooled: clips x count x bands; of several clips, each is bands x stride values after the one before.
template <class Value>
void spectral_statistics(const Value *mel, std::int64_t clips, const FramesOf &shape, const Statistics &statistics,
                         std::int32_t threads, double *pooled);

// Anomaly scores of count queries. A score is not finite if the query is so far out that float32 overflows.
template <class Value>
void knn_score(const Value *queries, std::int64_t count, const kernels::KnnModel &model, std::int32_t threads,
               double *scores);

template <class Value>
void gmm_score(const Value *queries, std::int64_t count, const kernels::GmmModel &model, std::int32_t threads,
               double *scores);

}  // namespace asd::cpu
