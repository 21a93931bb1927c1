// The running weighted mean against long double sums, for any split into parts, and at the ends of double's range.
#include <limits>

#include "../src/kernels/weighted_mean.hpp"
#include "check.hpp"
#include "test_signal.hpp"

using asd::kernels::combine;
using asd::kernels::no_score;
using asd::kernels::one_score;
using asd::kernels::WeightedMean;

namespace {

constexpr double LARGEST = std::numeric_limits<double>::max(), LEAST = std::numeric_limits<double>::denorm_min();
constexpr double A_NAN = std::numeric_limits<double>::quiet_NaN(), INFINITE = std::numeric_limits<double>::infinity();

struct Scored {
    double score, weight;
};

WeightedMean running(const std::vector<Scored> &all) {
    WeightedMean total = no_score();
    for (const Scored &one : all) total = combine(total, one_score(one.score, one.weight));
    return total;
}

double mean_of(const std::vector<Scored> &all) { return running(all).mean(); }

double reference(const std::vector<Scored> &all) {
    long double weights = 0.0L, scores = 0.0L, plain = 0.0L;
    for (const Scored &one : all) {
        weights += one.weight;
        scores += static_cast<long double>(one.weight) * one.score;
        plain += one.score;
    }
    return static_cast<double>(weights > 0.0L ? scores / weights : plain / static_cast<long double>(all.size()));
}

std::vector<Scored> noise(std::int64_t count, unsigned seed) {
    const std::vector<float> scores = noise_f32(count, seed, 3.0f), weights = noise_f32(count, seed + 1);
    std::vector<Scored> all;
    for (std::size_t i = 0; i < scores.size(); ++i)
        all.push_back({scores[i], i % 5 == 0 ? 0.0 : std::exp(60.0 * std::abs(static_cast<double>(weights[i])))});
    return all;
}

void the_running_mean_is_the_weighted_mean_at_any_time() {
    const std::vector<Scored> all = noise(2000, 1);
    WeightedMean total = no_score();
    for (std::size_t i = 0; i < all.size(); ++i) {
        total = combine(total, one_score(all[i].score, all[i].weight));
        const std::vector<Scored> so_far(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        if (i < 50 || i % 100 == 0) CHECK_NEAR(total.mean(), reference(so_far), 1e-14);
    }
}

void parts_combine_to_the_whole_however_it_is_split() {
    const std::vector<Scored> all = noise(300, 7);
    for (std::size_t parts = 1; parts <= all.size(); parts += 13) {
        std::vector<WeightedMean> part(parts, no_score());
        for (std::size_t i = 0; i < all.size(); ++i)
            part[i % parts] = combine(part[i % parts], one_score(all[i].score, all[i].weight));
        WeightedMean total = no_score();
        for (const WeightedMean &one : part) total = combine(total, one);
        CHECK_NEAR(total.mean(), reference(all), 1e-14);
    }
}

void one_score_and_equal_scores_are_their_own_mean() {
    for (const double score : {7.25, -0.1, 0.3, 1e-300, LARGEST, -LARGEST}) {
        CHECK(mean_of({{score, 0.3}}) == score);
        CHECK(mean_of({{score, 0.3}, {score, 1e-9}, {score, 0.0}, {score, 7.7e100}}) == score);
        CHECK(mean_of({{score, 0.0}, {score, 0.0}, {score, 0.0}}) == score);
    }
}

void zero_weights_mean_equal_weights_until_one_is_positive() {
    CHECK(mean_of({{1.0, 0.0}, {2.0, 0.0}, {6.0, 0.0}}) == 3.0);
    CHECK(mean_of({{1.0, 0.0}, {2.0, 0.0}, {6.0, 1e-300}}) == 6.0);
    CHECK(mean_of({{6.0, LEAST}, {1.0, 0.0}}) == 6.0);
    CHECK(combine(running({{1.0, 0.0}}), running({{5.0, 2.0}})).mean() == 5.0);
}

void neither_weights_nor_scores_pass_the_range_of_double() {
    for (const double weight : {LEAST, 1e-310, 1.0, LARGEST / 2.0, LARGEST}) {
        std::vector<Scored> equal;
        for (int i = 0; i < 8; ++i) equal.push_back({static_cast<double>(i), weight});
        CHECK_NEAR(mean_of(equal), 3.5, 1e-14);
    }
    CHECK(mean_of({{LARGEST, 1.0}, {-LARGEST, 1.0}}) == 0.0);
    CHECK_NEAR(mean_of({{1.0, LARGEST}, {2.0, LARGEST}, {4.0, 1.0}, {6.0, LARGEST}}), 3.0, 1e-14);
    CHECK(mean_of({{5.0, 1.0}, {1.0, LARGEST}, {1.0, LARGEST}, {9.0, LEAST}}) == 1.0);
}

void a_score_of_next_to_no_weight_costs_no_digits_however_large_it_is() {
    CHECK(mean_of({{1e30, 1e-60}, {0.7, 1.0}}) == 0.7);
    CHECK(mean_of({{0.7, 1.0}, {1e30, 1e-60}}) == 0.7);
}

void what_is_not_valid_gives_nan_and_is_not_forgotten() {
    for (const double weight : {-1.0, A_NAN, INFINITE}) CHECK(std::isnan(mean_of({{1.0, weight}, {2.0, 5.0}})));
    for (const double score : {A_NAN, INFINITE, -INFINITE})
        for (const double weight : {0.0, 1.0}) {
            CHECK(std::isnan(mean_of({{score, weight}, {2.0, LARGEST}, {2.0, LARGEST}})));
            CHECK(std::isnan(mean_of({{2.0, LARGEST}, {2.0, LARGEST}, {score, weight}, {1.0, 0.0}})));
        }
}

}  // namespace

int main() {
    the_running_mean_is_the_weighted_mean_at_any_time();
    parts_combine_to_the_whole_however_it_is_split();
    one_score_and_equal_scores_are_their_own_mean();
    zero_weights_mean_equal_weights_until_one_is_positive();
    neither_weights_nor_scores_pass_the_range_of_double();
    a_score_of_next_to_no_weight_costs_no_digits_however_large_it_is();
    what_is_not_valid_gives_nan_and_is_not_forgotten();
    return summary("weighted_mean");
}
