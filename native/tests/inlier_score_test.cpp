// Scores equal a slow reference in long double; no bit depends on the instruction set, the threads or the other queries.
#include <cmath>
#include <limits>

#include "../src/cpu/isa_kernels.hpp"
#include "../src/cpu/launchers.hpp"
#include "../src/cpu/nearest.hpp"
#include "check.hpp"
#include "plain_lanes.hpp"
#include "same_bits.hpp"
#include "test_signal.hpp"

using asd::cpu::IsaKernels;
using asd::kernels::GmmModel;
using asd::kernels::KnnModel;
using std::int64_t;

namespace {

std::vector<double> noise_f64(int64_t count, unsigned seed) {
    const std::vector<float> values = noise_f32(count, seed);
    return {values.begin(), values.end()};
}

struct Knn {
    Knn(int64_t dimensions, int64_t vectors, int64_t neighbours, bool weighted = false)
        : location(noise_f64(dimensions, 1)), whitening(noise_f64(dimensions * dimensions, 2)),
          training(noise_f32(vectors * dimensions, 3)), weights(noise_f32(vectors, 10)) {
        for (int64_t i = 0; i < dimensions; ++i)
            for (int64_t j = 0; j < i; ++j) whitening[static_cast<std::size_t>(i * dimensions + j)] = 0.0;
        for (float &weight : weights) weight = 0.1f + std::abs(weight);
        model = {dimensions, vectors, neighbours, location.data(), {whitening.data(), dimensions}, training.data(),
                 weighted ? weights.data() : nullptr};
    }

    std::vector<double> location, whitening;
    std::vector<float> training, weights;
    KnnModel model;
};

struct Gmm {
    Gmm(int64_t dimensions, int64_t components)
        : location(noise_f64(dimensions, 4)), means(noise_f32(components * dimensions, 5)),
          factors(noise_f32(components * dimensions * (dimensions + 1) / 2, 6)), log_peaks(noise_f64(components, 7)) {
        model = {dimensions, components, location.data(), 0.7, means.data(), factors.data(), log_peaks.data()};
    }

    std::vector<double> location;
    std::vector<float> means, factors;
    std::vector<double> log_peaks;
    GmmModel model;
};

template <class Value>
std::vector<double> run(const KnnModel &model, const Value *queries, int64_t count, std::int32_t threads) {
    std::vector<double> scores(static_cast<std::size_t>(count), std::nan(""));
    asd::cpu::knn_score(queries, count, model, threads, scores.data());
    return scores;
}

template <class Value>
std::vector<double> run(const GmmModel &model, const Value *queries, int64_t count, std::int32_t threads) {
    std::vector<double> scores(static_cast<std::size_t>(count), std::nan(""));
    asd::cpu::gmm_score(queries, count, model, threads, scores.data());
    return scores;
}

double reference(const KnnModel &model, const double *query) {
    const int64_t size = model.dimensions;
    std::vector<long double> distances;
    for (int64_t n = 0; n < model.vectors; ++n) {
        long double squared = 0;
        for (int64_t j = 0; j < size; ++j) {
            long double whitened = 0;
            for (int64_t i = 0; i <= j; ++i)
                whitened += (static_cast<long double>(query[i]) - model.location[i]) * model.whitening.row(i)[j];
            squared += (whitened - model.training[n * size + j]) * (whitened - model.training[n * size + j]);
        }
        distances.push_back(std::sqrt(squared * (model.weights ? model.weights[n] : 1.0f)));
    }
    std::sort(distances.begin(), distances.end());
    long double sum = 0;
    for (int64_t n = 0; n < model.neighbours; ++n) sum += distances[static_cast<std::size_t>(n)];
    return static_cast<double>(sum / static_cast<long double>(model.neighbours));
}

double reference(const GmmModel &model, const double *query) {
    const int64_t size = model.dimensions;
    std::vector<long double> shares;
    for (int64_t k = 0; k < model.components; ++k) {
        long double squared = 0;
        for (int64_t j = 0; j < size; ++j) {
            long double whitened = 0;
            for (int64_t i = 0; i <= j; ++i) {
                const long double modelled = (static_cast<long double>(query[i]) - model.location[i]) / model.scale;
                // Packed by rows: row 0 has `size` elements, row 1 one fewer ...
                int64_t before = 0;
                for (int64_t row = 0; row < i; ++row) before += size - row;
                whitened += (modelled - model.means[k * size + i]) * model.factors[k * (size * (size + 1) / 2) + before + (j - i)];
            }
            squared += whitened * whitened;
        }
        shares.push_back(model.log_peaks[k] - squared / 2);
    }
    const long double largest = *std::max_element(shares.begin(), shares.end());
    long double sum = 0;
    for (const long double share : shares) sum += std::exp(share - largest);
    const long double two_pi = 6.28318530717958647692528676655900577L;
    return static_cast<double>(static_cast<long double>(size) * (std::log(two_pi) / 2 + std::log(static_cast<long double>(model.scale))) -
                               (largest + std::log(sum)));
}

template <class Model>
void scores_are_the_references(const Model &model, double tolerance) {
    for (const double size : {0.1, 1.0, 1e3, 1e9}) {
        std::vector<double> queries = noise_f64(3 * model.dimensions, 8);
        for (double &value : queries) value *= size;
        const std::vector<double> got = run(model, queries.data(), 3, 1);
        for (int64_t i = 0; i < 3; ++i) {
            const double expected = reference(model, queries.data() + i * model.dimensions);
            CHECK_NEAR(got[static_cast<std::size_t>(i)], expected, tolerance * (1.0 + std::abs(expected)));
        }
    }
}

void scores_equal_the_slow_reference() {
    // Float32 differences and sums of squares; their errors are independent.
    for (const int64_t dimensions : {1, 2, 7, 8, 9, 31, 33, 70})
        for (const int64_t vectors : {1, 5, 40})
            for (const int64_t neighbours : {int64_t{1}, (vectors + 1) / 2, vectors})
                for (const bool weighted : {false, true})
                    scores_are_the_references(Knn(dimensions, vectors, neighbours, weighted).model, 1e-6);
    scores_are_the_references(Knn(1100, 3, 2).model, 1e-6);
    // The vector alone is rounded to float32.
    for (const int64_t dimensions : {1, 2, 7, 8, 9, 31, 33, 70})
        for (const int64_t components : {1, 2, 9}) scores_are_the_references(Gmm(dimensions, components).model, 1e-6);
}

void a_training_vector_is_at_no_distance_from_itself() {
    const Knn knn(5, 4, 1);
    // Without location and with the identity for whitening the query is its own whitened vector.
    std::vector<double> zeros(5, 0.0), identity(25, 0.0);
    for (std::size_t i = 0; i < 5; ++i) identity[i * 6] = 1.0;
    KnnModel model = knn.model;
    model.location = zeros.data();
    model.whitening.values = identity.data();
    CHECK(same_bits(run(model, knn.training.data(), 4, 1), std::vector<double>(4, 0.0)));
}

template <class Model>
void neither_threads_nor_other_queries_change_a_bit(const Model &model) {
    constexpr int64_t COUNT = 150;  // more than two blocks
    const std::vector<float> queries = noise_f32(COUNT * model.dimensions, 9);
    const std::vector<double> wide(queries.begin(), queries.end());
    const std::vector<double> together = run(model, queries.data(), COUNT, 1);
    for (const std::int32_t threads : {0, 2, 3, 8, 100}) CHECK(same_bits(run(model, queries.data(), COUNT, threads), together));
    CHECK(same_bits(run(model, wide.data(), COUNT, 2), together));
    for (int64_t i = 0; i < COUNT; i += 7)
        for (const std::int32_t threads : {1, 3})
            CHECK(run(model, queries.data() + i * model.dimensions, 1, threads)[0] == together[static_cast<std::size_t>(i)]);
    for (const double score : together) CHECK(std::isfinite(score));
}

template <class Model>
void a_query_past_float32_has_no_finite_score_and_spoils_no_other(const Model &model) {
    std::vector<double> queries = noise_f64(3 * model.dimensions, 10);
    const std::vector<double> expected = run(model, queries.data(), 3, 1);
    for (const double size : {1e39, 1e300, std::numeric_limits<double>::max(), -std::numeric_limits<double>::max()}) {
        for (int64_t i = 0; i < model.dimensions; ++i) queries[static_cast<std::size_t>(model.dimensions + i)] = size;
        const std::vector<double> got = run(model, queries.data(), 3, 2);
        CHECK(got[0] == expected[0] && !std::isfinite(got[1]) && got[2] == expected[2]);
    }
}

void sums_agree(const IsaKernels &isa, const IsaKernels &plain) {
    for (const int64_t size : {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100, 1023, 1024, 1025, 2500}) {
        const std::vector<float> rows = noise_f32(3 * size + 1, 11), vector = noise_f32(size, 12);
        std::vector<float> ours(3, -1.0f), theirs(3, -2.0f);
        isa.squared_distances(rows.data() + 1, 3, size, vector.data(), ours.data());
        plain.squared_distances(rows.data() + 1, 3, size, vector.data(), theirs.data());
        CHECK(same_bits(ours, theirs));
        if (size > 200) continue;
        const std::vector<float> packed = noise_f32(size * (size + 1) / 2 + 1, 13);
        const std::vector<double> full = noise_f64(size * size, 14), x = noise_f64(size, 15);
        std::vector<double> product(static_cast<std::size_t>(size), -1.0), expected = product;
        isa.triangle_product_packed({packed.data() + 1, size}, x.data(), product.data());
        plain.triangle_product_packed({packed.data() + 1, size}, x.data(), expected.data());
        CHECK(same_bits(product, expected));
        isa.triangle_product_full({full.data(), size}, x.data(), product.data());
        plain.triangle_product_full({full.data(), size}, x.data(), expected.data());
        CHECK(same_bits(product, expected));
    }
}

void the_nearest_are_the_smallest_in_any_order() {
    for (const int64_t most : {1, 2, 7, 50, 60}) {
        std::vector<float> values = noise_f32(50, 16), kept(60), other(60);
        for (float &value : values) value = std::abs(value);
        for (std::size_t i = 0; i < 20; ++i) values[i] = values[49 - i];  // ties
        std::vector<float> sorted = values;
        std::sort(sorted.begin(), sorted.end());
        double expected = 0.0;
        const int64_t count = std::min<int64_t>(most, 50);
        for (int64_t i = 0; i < count; ++i) expected += std::sqrt(static_cast<double>(sorted[static_cast<std::size_t>(i)]));
        asd::cpu::Nearest one{kept.data(), most, 0}, two{other.data(), most, 0};
        for (std::size_t i = 0; i < 50; ++i) (i % 3 ? one : two).offer(values[i]);
        one.take(two);
        CHECK(one.mean_root() == expected / static_cast<double>(count));
    }
}

}  // namespace

int main() {
    scores_equal_the_slow_reference();
    a_training_vector_is_at_no_distance_from_itself();
    the_nearest_are_the_smallest_in_any_order();
    const Knn knn(40, 3000, 33);
    const Gmm gmm(40, 17);
    neither_threads_nor_other_queries_change_a_bit(knn.model);
    neither_threads_nor_other_queries_change_a_bit(gmm.model);
    neither_threads_nor_other_queries_change_a_bit(Knn(33, 900, 4, true).model);
    neither_threads_nor_other_queries_change_a_bit(Knn(3, 5, 5).model);
    neither_threads_nor_other_queries_change_a_bit(Gmm(3, 1).model);
    a_query_past_float32_has_no_finite_score_and_spoils_no_other(knn.model);
    a_query_past_float32_has_no_finite_score_and_spoils_no_other(gmm.model);
    const IsaKernels *const *list = asd::cpu::runnable_isa_kernels();
    for (const IsaKernels *const *isa = list; *isa; ++isa) sums_agree(**isa, asd::cpu::isa_kernels_plain_lanes);
    return summary("inlier_score");
}
