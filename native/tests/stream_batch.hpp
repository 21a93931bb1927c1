// A recording through a stream in blocks, and the same through the batch functions: the stream must give the same bits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "asd/asd.h"
#include "same_bits.hpp"

struct StreamCase {
    asd_log_mel_options log_mel = ASD_LOG_MEL_OPTIONS_INIT;
    asd_stream_options stream = ASD_STREAM_OPTIONS_INIT;
    std::vector<double> sos;
};

// For each segment: start, weight, power, log-mel, and the mean after its score, NaN while there is none. A segment whose weight is
// not finite has no score.
struct Segments {
    std::vector<std::int64_t> starts;
    std::vector<double> weights, power, means;
    std::vector<float> mel;
};

inline bool same_bits(const Segments &a, const Segments &b) {
    return a.starts == b.starts && same_bits(a.weights, b.weights) && same_bits(a.power, b.power) &&
           same_bits(a.means, b.means) && same_bits(a.mel, b.mel);
}

// Any function of a segment's place: stands in for a network.
inline double score_of(std::int64_t segment) { return 3.0 + static_cast<double>(segment * segment % 17) / 7.0; }

inline std::size_t mel_size(const StreamCase &of) {
    return static_cast<std::size_t>(of.log_mel.bands * (1 + of.stream.segment_samples / of.log_mel.hop_samples));
}

inline asd_segment_options cut_options(const StreamCase &of) {
    asd_segment_options cut = ASD_SEGMENT_OPTIONS_INIT;
    cut.segment_samples = of.stream.segment_samples;
    cut.hop_samples = of.stream.hop_samples;
    cut.mean = of.stream.mean;
    cut.std = of.stream.std;
    cut.per_segment = of.stream.per_segment;
    cut.sample_type = of.stream.sample_type;
    return cut;
}

inline asd_power_options power_options(const StreamCase &of) {
    asd_power_options power = ASD_POWER_OPTIONS_INIT;
    power.segment_samples = of.stream.segment_samples;
    power.hop_samples = of.stream.hop_samples;
    power.bins = of.stream.bins;
    power.sections = of.stream.sections;
    power.sample_type = of.stream.sample_type;
    power.causal = 1;
    return power;
}

// The same by the batch functions; empty if one of them fails.
template <class Sample>
Segments by_batch(const StreamCase &of, const std::vector<Sample> &wave) {
    const asd_stream_options &o = of.stream;
    const auto samples = static_cast<std::int64_t>(wave.size());
    std::int64_t count = 0;
    if (asd_segment_count(samples, o.segment_samples, o.hop_samples, &count) != ASD_OK) return {};
    const auto segments = static_cast<std::size_t>(count);
    Segments all;
    all.starts.resize(segments);
    all.weights.resize(segments);
    all.power.resize(segments * static_cast<std::size_t>(o.bins));
    all.mel.resize(segments * mel_size(of));
    all.means.resize(segments);

    const asd_segment_options cut = cut_options(of);
    const asd_power_options power = power_options(of);
    asd_power_options whole = power;
    whole.bins = 1;
    const asd_mean_options mean = ASD_MEAN_OPTIONS_INIT;

    asd_log_mel *log_mel = nullptr;
    if (asd_log_mel_create(&of.log_mel, &log_mel) != ASD_OK) return {};
    bool done = asd_log_mel_segments(log_mel, wave.data(), 1, samples, &cut, all.mel.data()) == ASD_OK;
    asd_log_mel_destroy(log_mel);
    done = done && asd_segment_starts(samples, o.segment_samples, o.hop_samples, all.starts.data(), count) == ASD_OK;
    done = done && asd_high_passed_power(wave.data(), 1, samples, of.sos.data(), &power, all.power.data()) == ASD_OK;
    done = done && asd_high_passed_power(wave.data(), 1, samples, of.sos.data(), &whole, all.weights.data()) == ASD_OK;
    std::vector<double> scores, weights;
    for (std::size_t s = 0; s < segments && done; ++s) {
        if (std::isfinite(all.weights[s])) {
            scores.push_back(score_of(static_cast<std::int64_t>(s)));
            weights.push_back(all.weights[s]);
        }
        all.means[s] = std::numeric_limits<double>::quiet_NaN();
        const auto scored = static_cast<std::int64_t>(scores.size());
        if (scored > 0)
            done = asd_weighted_mean(scores.data(), weights.data(), 1, scored, &mean, &all.means[s]) == ASD_OK;
    }
    return done ? all : Segments{};
}

// Takes the segment that is due and scores it.
inline asd_status take_one(asd_stream *stream, const StreamCase &of, Segments *all) {
    const std::size_t mel = all->mel.size(), power = all->power.size();
    all->mel.resize(mel + mel_size(of));
    all->power.resize(power + static_cast<std::size_t>(of.stream.bins));
    std::int64_t start = 0;
    double weight = 0.0, mean = std::numeric_limits<double>::quiet_NaN();
    asd_status status = asd_stream_take(stream, all->mel.data() + mel, all->power.data() + power, &start, &weight);
    if (status == ASD_OK && std::isfinite(weight))
        status = asd_stream_add_score(stream, score_of(static_cast<std::int64_t>(all->starts.size())));
    if (status == ASD_OK && asd_stream_mean(stream, &mean) != ASD_OK) mean = std::numeric_limits<double>::quiet_NaN();
    all->starts.push_back(start);
    all->weights.push_back(weight);
    all->means.push_back(mean);
    return status;
}

// Pushes one block and takes the segments that become due.
template <class Sample>
asd_status push_all(asd_stream *stream, const StreamCase &of, const Sample *block, std::int64_t samples, Segments *all) {
    while (samples > 0) {
        std::int64_t taken = 0;
        std::int32_t due = 0;
        if (const asd_status status = asd_stream_push(stream, block, samples, &taken, &due); status != ASD_OK) return status;
        block += taken;
        samples -= taken;
        if (due)
            if (const asd_status status = take_one(stream, of, all); status != ASD_OK) return status;
    }
    return ASD_OK;
}

inline asd_status finish(asd_stream *stream, const StreamCase &of, Segments *all) {
    std::int32_t due = 0;
    const asd_status status = asd_stream_finish(stream, &due);
    return status == ASD_OK && due ? take_one(stream, of, all) : status;
}

// A whole recording; block_size(samples left) says how many come next. Empty if a call fails.
template <class Sample, class BlockSize>
Segments by_stream(asd_stream *stream, const StreamCase &of, const std::vector<Sample> &wave, const BlockSize &block_size) {
    Segments all;
    std::size_t begin = 0;
    while (begin < wave.size()) {
        const std::size_t size = std::min(static_cast<std::size_t>(block_size()), wave.size() - begin);
        if (push_all(stream, of, wave.data() + begin, static_cast<std::int64_t>(size), &all) != ASD_OK) return {};
        begin += size;
    }
    return finish(stream, of, &all) == ASD_OK ? all : Segments{};
}
