#include "level.hpp"

#include <cfloat>
#include <cmath>
#include <limits>

#include "../cpu/sample_kernels.hpp"
#include "../kernels/lane_sum.hpp"
#include "../kernels/sample_value.hpp"

namespace asd::model {
namespace {

using std::int64_t;

constexpr int64_t AT_ONCE = 1 << 20;

// whole + rest / by, 0 <= rest < by < 2^62, rounded once: 62 bits of the quotient are worked out, and whether anything is left.
double rounded(int64_t whole, int64_t rest, int64_t by) {
    int binary_places = 0;
    if (whole == 0 && rest == 0) return 0.0;
    for (; whole < INT64_C(1) << 61; ++binary_places) {
        rest *= 2;
        whole = 2 * whole + (rest >= by);
        if (rest >= by) rest -= by;
    }
    return std::ldexp(static_cast<double>(whole | (rest > 0)), -binary_places);
}

double at_least_tiny(double std) { return std > static_cast<double>(FLT_MIN) ? std : static_cast<double>(FLT_MIN); }

// sum(term(sample)) in blocks, as long sums lose digits.
template <class Sample, class Term>
double sum_of(const Sample *wave, int64_t samples, const Term &term) {
    double total = 0.0;
    for (int64_t start = 0; start < samples; start += AT_ONCE) {
        const Sample *block = wave + start;
        const int64_t count = samples - start < AT_ONCE ? samples - start : AT_ONCE;
        total += kernels::lane_sum([&](int64_t i) { return term(kernels::sample_value(block[i])); }, count);
    }
    return total;
}

}  // namespace

Scale level_of(const std::int16_t *wave, int64_t samples) {
    int64_t sum = 0, squares = 0;
    for (int64_t i = 0; i < samples; ++i) sum += wave[i];
    const int64_t floor = sum >= 0 ? sum / samples : -((-sum + samples - 1) / samples);
    for (int64_t i = 0; i < samples; ++i) {
        const int64_t beside = wave[i] - floor;
        squares += beside * beside;
    }
    // The sum of squares about the mean is that about the floor, less rest * rest / samples.
    const int64_t rest = sum - floor * samples, less = rest * rest / samples, part = rest * rest % samples;
    const double deviations =
        part == 0 ? rounded(squares - less, 0, 1) : rounded(squares - less - 1, samples - part, samples);
    constexpr double SCALE = 32768.0;
    const double mean = static_cast<double>(sum) / static_cast<double>(samples) / SCALE;
    return {mean, at_least_tiny(std::sqrt(deviations / (SCALE * SCALE) / static_cast<double>(samples)))};
}

Scale level_of(const float *wave, int64_t samples) {
    kernels::Moments total{0.0, 0.0, 0.0};
    for (int64_t start = 0; start < samples; start += AT_ONCE)
        total = kernels::combine(total, cpu::moments(cpu::isa_kernels(), wave + start,
                                                     samples - start < AT_ONCE ? samples - start : AT_ONCE));
    return {total.mean, at_least_tiny(total.deviation())};
}

template <class Sample>
double level_db(const Sample *wave, int64_t samples) {
    const double first = kernels::sample_value(wave[0]), count = static_cast<double>(samples);
    const double mean = sum_of(wave, samples, [first](double value) { return value - first; }) / count;
    const double squares = sum_of(wave, samples, [first](double value) { return (value - first) * (value - first); }) / count;
    const double variance = squares - mean * mean;
    return variance > 0.0 ? 10.0 * std::log10(variance) : -std::numeric_limits<double>::infinity();
}

template <class Sample>
double mean_square(const Sample *wave, int64_t samples) {
    return sum_of(wave, samples, [](double value) { return value * value; }) / static_cast<double>(samples);
}

template double level_db(const std::int16_t *, int64_t);
template double level_db(const float *, int64_t);
template double mean_square(const std::int16_t *, int64_t);
template double mean_square(const float *, int64_t);

}  // namespace asd::model
