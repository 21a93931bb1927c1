// Moments have one combine step: any split of a range gives the moments of the whole.
#include "../src/kernels/moments.hpp"

#include "check.hpp"
#include "test_signal.hpp"

using asd::kernels::combine;
using asd::kernels::Moments;
using std::int64_t;

namespace {

Moments of(const std::vector<float> &wave, int64_t begin, int64_t end) {
    const float *start = wave.data() + begin;
    return asd::kernels::moments_of([start](int64_t i) { return static_cast<double>(start[i]); }, end - begin);
}

void any_split_gives_the_moments_of_the_whole() {
    const std::vector<float> wave = noise_f32(997, 1, 5.0f);
    const auto size = static_cast<int64_t>(wave.size());
    long double sum = 0, squares = 0;
    for (const float x : wave) sum += x;
    for (const float x : wave) squares += (x - sum / size) * (x - sum / size);
    for (int64_t cut = 0; cut <= size; ++cut) {
        const Moments total = combine(of(wave, 0, cut), of(wave, cut, size));
        CHECK(total.count == static_cast<double>(size));
        CHECK_NEAR(total.mean, static_cast<double>(sum / size), 1e-14 * 5);
        CHECK_NEAR(total.squares, static_cast<double>(squares), 1e-12 * static_cast<double>(squares));
    }
}

void a_constant_range_has_no_variance_at_all() {
    for (const float value : {0.0f, 1e-45f, 0.1f, -3.3333333f, 3e38f}) {
        for (const int64_t size : {1, 7, 8, 1000, 80001}) {
            const std::vector<float> wave(static_cast<std::size_t>(size), value);
            const Moments total = combine(of(wave, 0, size / 3), of(wave, size / 3, size));
            CHECK(total.squares == 0.0);
            CHECK(total.mean == static_cast<double>(value));
        }
    }
}

void a_large_offset_costs_no_digits() {
    std::vector<float> wave(10000);
    for (std::size_t i = 0; i < wave.size(); ++i) wave[i] = i % 2 ? 1000.0f : 1000.0f + 0.0625f;
    CHECK_NEAR(of(wave, 0, 10000).deviation(), 0.03125, 1e-13);
}

void taking_each_sample_n_times_is_combining_n_copies() {
    const std::vector<float> wave = noise_f32(100, 2);
    const Moments once = of(wave, 0, 100);
    Moments copies = once;
    for (int i = 1; i < 5; ++i) copies = combine(copies, once);
    const Moments repeated = once.repeated(5.0);
    CHECK(repeated.count == copies.count);
    CHECK_NEAR(repeated.mean, copies.mean, 1e-16);
    CHECK_NEAR(repeated.squares, copies.squares, 1e-13 * copies.squares);
}

}  // namespace

int main() {
    any_split_gives_the_moments_of_the_whole();
    a_constant_range_has_no_variance_at_all();
    a_large_offset_costs_no_digits();
    taking_each_sample_n_times_is_combining_n_copies();
    return summary("moments");
}
