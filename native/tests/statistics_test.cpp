// Spectral statistics equal a slow reference in long double, for any number of threads and whatever else is in the call.
#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "asd/asd.h"
#include "check.hpp"
#include "same_bits.hpp"

namespace {

constexpr double RELATIVE = 1e-12;
const std::vector<std::int32_t> ALL = {ASD_STATISTIC_RANK, ASD_STATISTIC_MEAN, ASD_STATISTIC_DIFFERENCE, ASD_STATISTIC_STD};

template <class Value>
std::vector<Value> spectrograms(std::size_t clips, std::size_t bands, std::size_t frames) {
    std::mt19937 generator(static_cast<unsigned>(frames));
    std::normal_distribution<double> normal(-40.0, 12.0);
    std::vector<Value> mel(clips * bands * frames);
    for (Value &value : mel) value = static_cast<Value>(normal(generator));
    return mel;
}

template <class Value>
long double reference(std::int32_t statistic, std::vector<Value> band, long double decay) {
    const auto count = static_cast<long double>(band.size());
    long double mean = 0.0L, sum = 0.0L, weights = 0.0L;
    for (const Value value : band) mean += static_cast<long double>(value) / count;
    if (statistic == ASD_STATISTIC_MEAN) return mean;
    if (statistic == ASD_STATISTIC_STD) {
        for (const Value value : band) sum += (value - mean) * (value - mean);
        return std::sqrt(sum / count);
    }
    if (statistic == ASD_STATISTIC_DIFFERENCE) {
        for (std::size_t i = 1; i < band.size(); ++i) sum += std::abs(static_cast<Value>(band[i] - band[i - 1]));
        return band.size() > 1 ? sum / (count - 1.0L) : 0.0L;
    }
    std::sort(band.begin(), band.end(), std::greater<Value>());
    for (std::size_t i = 0; i < band.size(); ++i) {
        const long double weight = std::pow(decay, static_cast<long double>(i));
        sum += weight * static_cast<long double>(band[i]);
        weights += weight;
    }
    return sum / weights;
}

template <class Value>
void equal_the_reference(std::size_t frames, double decay, std::int32_t type) {
    constexpr std::size_t CLIPS = 3, BANDS = 5;
    const std::vector<Value> mel = spectrograms<Value>(CLIPS, BANDS, frames);
    std::vector<double> pooled(CLIPS * ALL.size() * BANDS), threaded(pooled.size()), alone(ALL.size() * BANDS);
    asd_statistics_options options = ASD_STATISTICS_OPTIONS_INIT;
    options.rank_decay = decay;
    options.value_type = type;
    const auto count = static_cast<std::int64_t>(ALL.size()), length = static_cast<std::int64_t>(frames);
    CHECK(asd_spectral_statistics(mel.data(), CLIPS, BANDS, length, ALL.data(), count, &options, pooled.data()) == ASD_OK);
    for (std::size_t i = 0; i < pooled.size(); ++i) {
        const std::size_t clip = i / BANDS / ALL.size(), first = (clip * BANDS + i % BANDS) * frames;
        const auto begin = mel.begin() + static_cast<std::ptrdiff_t>(first);
        const long double expected = reference(ALL[i / BANDS % ALL.size()],
                                               std::vector<Value>(begin, begin + static_cast<std::ptrdiff_t>(frames)), decay);
        CHECK_NEAR(pooled[i], static_cast<double>(expected), RELATIVE * (1.0 + std::abs(static_cast<double>(expected))));
    }
    options.threads = 3;
    CHECK(asd_spectral_statistics(mel.data(), CLIPS, BANDS, length, ALL.data(), count, &options, threaded.data()) == ASD_OK);
    CHECK(same_bits(threaded, pooled));
    const auto last = static_cast<std::ptrdiff_t>((CLIPS - 1) * alone.size());
    CHECK(asd_spectral_statistics(mel.data() + 2 * BANDS * frames, 1, BANDS, length, ALL.data(), count, &options, alone.data()) == ASD_OK);
    CHECK(same_bits(alone, std::vector<double>(pooled.begin() + last, pooled.end())));
}

}  // namespace

int main() {
    for (const std::size_t frames : {1, 2, 15, 16, 17, 313})
        for (const double decay : {0.0, 0.5, 0.99, 1.0}) {
            equal_the_reference<float>(frames, decay, ASD_FLOAT32);
            equal_the_reference<double>(frames, decay, ASD_FLOAT64);
        }
    return summary("statistics");
}
