// What the launchers compute, slow and readable.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "asd/asd.h"
#include "check.hpp"
#include "reference_filter.hpp"

inline double value_of(std::int16_t sample) { return sample / 32768.0; }
inline double value_of(float sample) { return static_cast<double>(sample); }

// A clip as numbers, repeated until it fills a segment.
template <class Sample>
std::vector<double> repeated(const Sample *clip, std::int64_t samples, std::int64_t segment) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < std::max(samples, segment); ++i) values.push_back(value_of(clip[i % samples]));
    return values;
}

struct MeanAndStd {
    double mean, std;
};

// Standardised by the given mean and deviation, or if they are nullptr by its own.
inline std::vector<float> standardised(const double *values, std::int64_t count, const MeanAndStd *given) {
    long double mean = given ? given->mean : 0.0L, squares = 0.0L;
    for (std::int64_t i = 0; !given && i < count; ++i) mean += values[i] / static_cast<long double>(count);
    for (std::int64_t i = 0; i < count; ++i) squares += (values[i] - mean) * (values[i] - mean);
    const bool constant = std::all_of(values, values + count, [&](double value) { return value == values[0]; });
    const long double std = given ? given->std : std::sqrt(squares / static_cast<long double>(count));
    std::vector<float> result;
    for (std::int64_t i = 0; i < count; ++i)
        result.push_back(!given && constant ? 0.0f : static_cast<float>((values[i] - mean) / std));
    return result;
}

inline std::vector<std::int64_t> starts_of(std::int64_t samples, std::int64_t segment, std::int64_t hop) {
    std::int64_t count = 0;
    CHECK(asd_segment_count(samples, segment, hop, &count) == ASD_OK);
    std::vector<std::int64_t> starts(static_cast<std::size_t>(count));
    CHECK(asd_segment_starts(samples, segment, hop, starts.data(), count) == ASD_OK);
    return starts;
}

// The clip, filtered forwards and backwards with `pad` samples of odd extension at each end.
inline std::vector<double> zero_phase(const std::vector<double> &clip, int sections, std::int64_t pad) {
    const auto last = static_cast<std::int64_t>(clip.size()) - 1;
    std::vector<double> signal;
    for (std::int64_t i = pad; i > 0; --i) signal.push_back(2.0 * clip[0] - clip[i]);
    signal.insert(signal.end(), clip.begin(), clip.end());
    for (std::int64_t i = 1; i <= pad; ++i) signal.push_back(2.0 * clip[last] - clip[last - i]);
    for (int pass = 0; pass < 2; ++pass) {
        signal = reference_filter(sections, signal);
        std::reverse(signal.begin(), signal.end());
    }
    return {signal.begin() + pad, signal.end() - pad};
}

inline std::vector<double> bin_powers(const double *segment, std::int64_t samples, std::int64_t bins) {
    std::vector<double> powers;
    for (std::int64_t bin = 0; bin < bins; ++bin) {
        const std::int64_t begin = bin * samples / bins, end = (bin + 1) * samples / bins;
        long double sum = 0.0L;
        for (std::int64_t i = begin; i < end; ++i) sum += static_cast<long double>(segment[i]) * segment[i];
        powers.push_back(static_cast<double>(sum / (end - begin)));
    }
    return powers;
}

// The mean of one clip; weights that are all zero count as equal. maps: segments x height x width, weights: segments x width.
template <class Score>
double weighted_map_mean_of(const Score *maps, const double *weights, std::int64_t segments, std::int64_t height,
                            std::int64_t width) {
    const bool silent = std::all_of(weights, weights + segments * width, [](double weight) { return weight == 0.0; });
    long double sum = 0.0L, total = 0.0L;
    for (std::int64_t s = 0; s < segments; ++s)
        for (std::int64_t column = 0; column < width; ++column) {
            const double weight = silent ? 1.0 : weights[s * width + column];
            for (std::int64_t row = 0; row < height; ++row)
                sum += static_cast<long double>(weight) * maps[(s * height + row) * width + column] / height;
            total += weight;
        }
    return static_cast<double>(sum / total);
}
