// Every instruction set that this processor runs gives the bits of the plain one, and the section pipeline is the cascade.
#include "../src/cpu/isa_kernels.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "../src/c_api/make_filter_plan.hpp"
#include "check.hpp"
#include "plain_lanes.hpp"
#include "reference_filter.hpp"
#include "same_bits.hpp"
#include "test_signal.hpp"

using asd::cpu::Direction;
using asd::cpu::IsaKernels;
using asd::cpu::Stores;
using asd::kernels::FilterPlan;
using asd::kernels::FilterState;
using asd::kernels::Moments;
using asd::kernels::Standardise;
using std::int64_t;

namespace {

bool same_moments(const Moments &a, const Moments &b) { return std::memcmp(&a, &b, sizeof a) == 0; }

FilterPlan plan_of(int sections) {
    FilterPlan plan;
    CHECK(asd::c_api::make_filter_plan(high_pass_sections(sections).data(), sections, true, &plan) == ASD_OK);
    return plan;
}

std::vector<double> signal(int64_t count) {
    const std::vector<float> wave = noise_f32(count, 3, 0.5f);
    return {wave.begin(), wave.end()};
}

void filter_from_settled(const IsaKernels &isa, const FilterPlan &plan, std::vector<double> &signal, Direction direction) {
    const auto count = static_cast<int64_t>(signal.size());
    FilterState state = asd::kernels::settled(plan, direction == Direction::forwards ? signal.front() : signal.back());
    isa.filter(plan, &state, signal.data(), count, direction);
}

void the_pipeline_is_the_cascade(const IsaKernels &isa) {
    for (const int sections : {1, 2, 3, 5, 6, 7, 11, 12, 13, 24, 25, 32}) {
        const FilterPlan plan = plan_of(sections);
        for (const int64_t count : {1, 2, 3, 10, 33, 34, 35, 200, 1001}) {
            std::vector<double> x = signal(count), forwards = x, backwards(x.rbegin(), x.rend());
            const std::vector<double> expected = reference_filter(sections, x);
            filter_from_settled(isa, plan, forwards, Direction::forwards);
            filter_from_settled(isa, plan, backwards, Direction::backwards);
            double worst = 0.0, largest = 0.0;
            for (int64_t i = 0; i < count; ++i) {
                worst = std::max(worst, std::abs(forwards[i] - expected[i]));
                largest = std::max(largest, std::abs(expected[i]));
            }
            CHECK(worst <= 1e-12 * (largest + 1e-3));
            CHECK(same_bits(forwards, std::vector<double>(backwards.rbegin(), backwards.rend())));
        }
    }
}

// Zeros at the highest frequency instead of frequency zero: the sections then settle to a constant that is not zero.
FilterPlan low_pass_plan(int sections) {
    std::vector<double> sos = high_pass_sections(sections);
    for (std::size_t i = 0; i < sos.size(); i += 6) sos[i + 1] = -sos[i + 1];
    FilterPlan plan;
    CHECK(asd::c_api::make_filter_plan(sos.data(), sections, true, &plan) == ASD_OK);
    return plan;
}

void filters_agree(const IsaKernels &isa, const IsaKernels &plain) {
    for (const int sections : {1, 6, 7, 12, 32}) {
        for (const FilterPlan &plan : {plan_of(sections), low_pass_plan(sections)}) {
            std::vector<double> ours = signal(777), theirs = ours;
            filter_from_settled(isa, plan, ours, Direction::forwards);
            filter_from_settled(plain, plan, theirs, Direction::forwards);
            CHECK(same_bits(ours, theirs));
            CHECK(isa.mean_square(ours.data(), 777) == plain.mean_square(theirs.data(), 777));
        }
    }
}

void a_signal_in_blocks_has_the_bits_of_the_whole(const IsaKernels &isa) {
    for (const int sections : {1, 6, 7, 12, 13, 32}) {
        for (const FilterPlan &plan : {plan_of(sections), low_pass_plan(sections)}) {
            std::vector<double> whole = signal(500), blocks = whole;
            filter_from_settled(isa, plan, whole, Direction::forwards);
            FilterState state = asd::kernels::settled(plan, blocks.front());
            int64_t begin = 0;
            for (const int64_t size : {1, 1, 2, 3, 33, 34, 0, 35, 1, 100, 290}) {
                isa.filter(plan, &state, blocks.data() + begin, size, Direction::forwards);
                begin += size;
            }
            CHECK(begin == 500);
            CHECK(same_bits(whole, blocks));
        }
    }
}

// Sizes below and above a part; values at both extremes, and the one whose square has the largest lower half.
void moments_of_integers_are_those_of_exact_sums(const IsaKernels &isa) {
    const std::vector<std::int16_t> lowest(70000, -32768), low_half(70000, 16203);
    std::vector<std::int16_t> extremes(70000, 32767);
    for (std::size_t i = 0; i < extremes.size(); i += 2) extremes[i] = -32768;
    for (const std::vector<std::int16_t> &wave : {noise_i16(70000, 6), lowest, extremes, low_half}) {
        for (const int64_t count : {1, 17, 32767, 32768, 32769, 65536, 65553, 70000}) {
            int64_t sum = 0, squares = 0;  // below 2^47
            for (int64_t i = 0; i < count; ++i) {
                sum += wave[i];
                squares += wave[i] * wave[i];
            }
            const long double scale = 1.0L / 32768, mean = scale * sum / count;
            const long double centred = scale * scale * squares - mean * mean * count;
            const Moments got = isa.moments_i16(wave.data(), count);
            CHECK(got.count == static_cast<double>(count));
            CHECK(std::abs(got.mean - static_cast<double>(mean)) <= 1e-16);
            CHECK(std::abs(got.squares - static_cast<double>(centred)) <= 1e-15 * static_cast<double>(count));
            CHECK(squares * count != sum * sum || got.squares == 0.0);
        }
    }
}

void waves_agree(const IsaKernels &isa, const IsaKernels &plain) {
    const Standardise by{0.0123, 7.7};
    const std::vector<std::int16_t> i16 = noise_i16(5000, 4);
    const std::vector<float> f32 = noise_f32(5000, 5);
    for (const int64_t count : {0, 1, 15, 16, 31, 32, 33, 100, 1023, 1025, 4990}) {
        CHECK(same_moments(isa.moments_i16(i16.data(), count), plain.moments_i16(i16.data(), count)));
        CHECK(same_moments(isa.moments_f32(f32.data(), count), plain.moments_f32(f32.data(), count)));
        // Streaming stores need aligned lines: start at each offset within one.
        for (int64_t offset = 0; offset < 17; ++offset) {
            std::vector<float> ours(5100, -1.0f), theirs(5100, -1.0f);
            isa.standardise_i16(i16.data() + 3, count, by, Stores::streaming, ours.data() + offset);
            plain.standardise_i16(i16.data() + 3, count, by, Stores::cached, theirs.data() + offset);
            CHECK(same_bits(ours, theirs));
            isa.standardise_f32(f32.data() + 5, count, by, Stores::streaming, ours.data() + offset);
            plain.standardise_f32(f32.data() + 5, count, by, Stores::cached, theirs.data() + offset);
            CHECK(same_bits(ours, theirs));
        }
        std::vector<double> ours(5000, -1.0), theirs(5000, -1.0);
        isa.to_double_i16(i16.data(), count, ours.data());
        plain.to_double_i16(i16.data(), count, theirs.data());
        CHECK(same_bits(ours, theirs));
    }
}

void the_first_value_that_is_not_finite_is_found(const IsaKernels &isa) {
    std::vector<float> f32 = noise_f32(3000, 6);
    std::vector<double> f64(f32.begin(), f32.end());
    f32[17] = std::numeric_limits<float>::max();
    f64[17] = std::numeric_limits<double>::denorm_min();
    CHECK(isa.first_not_finite_f32(f32.data(), 3000) == 3000);
    CHECK(isa.first_not_finite_f64(f64.data(), 3000) == 3000);
    for (const std::size_t at : {2999, 1024, 1023, 5, 0}) {
        f32[at] = at % 2 ? std::numeric_limits<float>::quiet_NaN() : -std::numeric_limits<float>::infinity();
        f64[at] = at % 2 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
        CHECK(isa.first_not_finite_f32(f32.data(), 3000) == static_cast<int64_t>(at));
        CHECK(isa.first_not_finite_f64(f64.data(), 3000) == static_cast<int64_t>(at));
    }
}

}  // namespace

int main() {
    const IsaKernels *const *list = asd::cpu::runnable_isa_kernels();
    std::vector<const IsaKernels *> all = {&asd::cpu::isa_kernels_plain_lanes};
    for (const IsaKernels *const *isa = list; *isa; ++isa) all.push_back(*isa);
    for (const IsaKernels *isa : all) {
        std::printf("instruction set %s\n", isa->name);
        the_pipeline_is_the_cascade(*isa);
        filters_agree(*isa, **list);
        a_signal_in_blocks_has_the_bits_of_the_whole(*isa);
        moments_of_integers_are_those_of_exact_sums(*isa);
        waves_agree(*isa, **list);
        the_first_value_that_is_not_finite_is_found(*isa);
    }
    return summary("isa");
}
