#include "fourier_tables.hpp"

#include <cmath>

namespace asd::c_api {
namespace {

using kernels::FIRST_RADIX;
using kernels::LogMelPlan;
using std::int32_t;
using std::int64_t;

constexpr double TWO_PI = 6.28318530717958647693;

// (cos, sin) of -2 pi i / n.
void append_turn(int64_t i, int64_t n, std::vector<double> *to) {
    const double angle = TWO_PI * static_cast<double>(i % n) / static_cast<double>(n);
    to->push_back(std::cos(angle));
    to->push_back(-std::sin(angle));
}

// The periodic Hann window, divided by two, and by its Euclidean norm if wanted.
std::vector<double> half_window(int64_t samples, bool normalise) {
    std::vector<double> window;
    double squares = 0.0;
    for (int64_t i = 0; i < samples; ++i) {
        window.push_back(0.5 - 0.5 * std::cos(TWO_PI * static_cast<double>(i) / static_cast<double>(samples)));
        squares += window.back() * window.back();
    }
    for (double &weight : window) weight *= 0.5 / (normalise ? std::sqrt(squares) : 1.0);
    return window;
}

// [size / radix][radix - 1] (cos, sin) of -2 pi i j / size.
std::vector<double> twiddles_of(int64_t size, int64_t radix) {
    std::vector<double> twiddles;
    for (int64_t j = 0; j < size / radix; ++j)
        for (int64_t i = 1; i < radix; ++i) append_turn(i * j, size, &twiddles);
    return twiddles;
}

// Where point k of the result is in the work area, which holds columns c and 16 - c, c <= 8, one after the other. The last
// passes leave parts of last_points points, and in each of these eight points, an eighth of the part apart, together.
int32_t place(const LogMelPlan &plan, int32_t k) {
    const auto part_points = static_cast<int32_t>(plan.part_points());
    const int32_t area = k % FIRST_RADIX <= FIRST_RADIX / 2 ? 0 : part_points;
    const int32_t of_column = k / FIRST_RADIX, parts = part_points / plan.last_points, radix = plan.last_points / 8;
    const int32_t part = of_column % parts, of_part = of_column / parts;
    return area + part * plan.last_points + of_part % radix * 8 + of_part / radix;
}

void append_pairs(LogMelPlan *plan, std::vector<kernels::MirroredPair> *pairs) {
    const auto points = static_cast<int32_t>(plan->points());
    for (int32_t column = 0; column < kernels::COLUMN_PAIRS; ++column) {
        plan->pair_begin[column] = static_cast<int32_t>(pairs->size());
        for (int32_t k = 0; k <= points / 2; ++k) {
            if (k % FIRST_RADIX != column && (k + column) % FIRST_RADIX != 0) continue;
            const double angle = TWO_PI * k / static_cast<double>(plan->window_samples);
            pairs->push_back(
                {k, place(*plan, k), place(*plan, (points - k) % points), std::cos(angle), -std::sin(angle)});
        }
    }
    plan->pair_begin[kernels::COLUMN_PAIRS] = static_cast<int32_t>(pairs->size());
    plan->pair = pairs->data();
}

}  // namespace

void make_fourier_tables(bool normalise_window, LogMelPlan *plan, FourierTables *tables) {
    const int64_t window = plan->window_samples;
    tables->window = half_window(window, normalise_window);
    plan->window = tables->window.data();

    const kernels::StagedFrames shape(window, plan->hop_samples);
    for (int64_t n = 0; n < window; ++n)
        tables->staged_at.push_back(static_cast<int32_t>(shape.at(n, plan->hop_samples)));
    plan->staged_at = tables->staged_at.data();

    const int64_t part = plan->part_points();
    plan->last_points = static_cast<int32_t>(part > 32 ? part / 8 : part);
    tables->first_twiddles = twiddles_of(plan->points(), FIRST_RADIX);
    plan->first_twiddles = tables->first_twiddles.data();
    tables->pass_twiddles = twiddles_of(part, 8);
    plan->pass_twiddles = tables->pass_twiddles.data();
    tables->last_twiddles = twiddles_of(plan->last_points, plan->last_points / 8);
    plan->last_twiddles = tables->last_twiddles.data();

    append_pairs(plan, &tables->pairs);
}

}  // namespace asd::c_api
