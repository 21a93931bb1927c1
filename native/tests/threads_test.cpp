// Each item is processed once, and no result depends on the number of threads.
#include <atomic>
#include <cstring>

#include "../src/c_api/make_filter_plan.hpp"
#include "../src/cpu/first_index.hpp"
#include "../src/cpu/launchers.hpp"
#include "../src/cpu/parallel_for.hpp"
#include "check.hpp"
#include "same_bits.hpp"
#include "test_signal.hpp"

using asd::kernels::FilterPlan;
using asd::kernels::SegmentGrid;
using std::int64_t;

namespace {

void each_item_is_done_once_by_a_known_thread() {
    for (const int64_t items : {0, 1, 2, 100, 1000}) {
        for (const std::int32_t wanted : {0, 1, 2, 7}) {
            const int64_t threads = asd::cpu::thread_count(wanted, items);
            CHECK(threads >= 1 && (items == 0 || threads <= items));
            std::vector<std::atomic<int>> done(static_cast<std::size_t>(items));
            asd::cpu::parallel_for(items, threads, [&](int64_t item, int64_t thread) {
                if (thread >= 0 && thread < threads) ++done[static_cast<std::size_t>(item)];
            });
            for (const auto &times : done) CHECK(times == 1);
        }
    }
}

void the_first_index_is_the_smallest() {
    asd::cpu::FirstIndex first;
    CHECK(first.get() == -1);
    asd::cpu::parallel_for(1000, 4, [&](int64_t item, int64_t) { first.report(1003 - item); });
    CHECK(first.get() == 4);
}

void segments_do_not_depend_on_the_threads() {
    constexpr int64_t CLIPS = 12;
    for (const SegmentGrid grid : {SegmentGrid{40000, 8192, 2048}, SegmentGrid{9000, 2048, 512}, SegmentGrid{9000, 1000, 333},
                                   SegmentGrid{100, 1000, 10}, SegmentGrid{5000, 1000, 2000}}) {
        const std::vector<float> wave = noise_f32(CLIPS * grid.samples, 7, 0.2f);
        for (const bool per_segment : {false, true}) {
            const auto cut = [&](std::int32_t threads) {
                std::vector<float> out(static_cast<std::size_t>(CLIPS * grid.count() * grid.segment_samples));
                const asd::cpu::CutOptions options{per_segment, 0.1, 0.3, threads};
                CHECK(asd::cpu::cut_segments(wave.data(), CLIPS, grid, options, out.data()) == -1);
                return out;
            };
            const std::vector<float> one = cut(1);
            for (const std::int32_t threads : {0, 2, 3, 8, 100}) CHECK(same_bits(one, cut(threads)));
        }
    }
}

void crops_do_not_depend_on_the_threads() {
    const std::vector<std::int16_t> bank = noise_i16(60000, 12);
    const std::vector<int64_t> edges = {0, 30000, 30100, 60000};
    std::vector<int64_t> clips, offsets;
    for (int64_t crop = 0; crop < 50; ++crop) {
        clips.push_back(crop % 3);
        offsets.push_back(crop % 3 == 1 ? 0 : crop * 97);
    }
    for (const bool per_segment : {false, true}) {
        const asd::kernels::Gather<std::int16_t> from{bank.data(), 60000, edges.data(), 3, clips.data(), offsets.data(),
                                                      nullptr, nullptr, {0.1, 3.0}, 25000};
        const auto gather = [&](std::int32_t threads) {
            std::vector<float> out(50 * 25000);
            CHECK(asd::cpu::gather_segments(from, 50, per_segment, threads, out.data()) == -1);
            return out;
        };
        const std::vector<float> one = gather(1);
        for (const std::int32_t threads : {0, 2, 3, 8, 100}) CHECK(same_bits(one, gather(threads)));
    }
}

void power_does_not_depend_on_the_threads() {
    FilterPlan plan;
    CHECK(asd::c_api::make_filter_plan(high_pass_sections(12).data(), 12, true, &plan) == ASD_OK);
    // Long enough that the threads really run at the same time.
    constexpr int64_t CLIPS = 24;
    const SegmentGrid grid{20000, 5000, 1500};
    const std::vector<std::int16_t> wave = noise_i16(CLIPS * grid.samples, 8);
    const auto power = [&](std::int32_t threads) {
        std::vector<double> out(static_cast<std::size_t>(CLIPS * grid.count() * 7));
        CHECK(asd::cpu::high_passed_power(wave.data(), CLIPS, grid, plan, 7, threads, out.data()) == -1);
        return out;
    };
    const std::vector<double> one = power(1);
    for (const std::int32_t threads : {0, 2, 3, 8}) CHECK(same_bits(one, power(threads)));
}

void the_first_bad_sample_does_not_depend_on_the_threads() {
    const SegmentGrid grid{5000, 1000, 2000};  // sample 1500 of a clip is in no segment
    std::vector<float> wave = noise_f32(4 * grid.samples, 9), out(static_cast<std::size_t>(4 * grid.count() * 1000));
    wave[3 * 5000 + 4999] = wave[2 * 5000 + 1500] = std::nanf("");
    for (const std::int32_t threads : {1, 2, 5})
        CHECK(asd::cpu::cut_segments(wave.data(), 4, grid, {false, 0.0, 1.0, threads}, out.data()) == 2 * 5000 + 1500);
}

}  // namespace

int main() {
    each_item_is_done_once_by_a_known_thread();
    the_first_index_is_the_smallest();
    segments_do_not_depend_on_the_threads();
    crops_do_not_depend_on_the_threads();
    power_does_not_depend_on_the_threads();
    the_first_bad_sample_does_not_depend_on_the_threads();
    return summary("threads");
}
