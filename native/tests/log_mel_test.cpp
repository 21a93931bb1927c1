// Log-mel blocks: every instruction set that this processor runs gives the bits of the plain one, and log2 is correct.
#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>

#include "../src/c_api/make_log_mel_plan.hpp"
#include "../src/cpu/isa_kernels.hpp"
#include "../src/cpu/launchers.hpp"
#include "../src/cpu/sample_kernels.hpp"
#include "../src/kernels/log_mel_workspace.hpp"
#include "check.hpp"
#include "plain_lanes.hpp"
#include "same_bits.hpp"
#include "test_signal.hpp"

using asd::cpu::IsaKernels;
using asd::kernels::FramedClip;
using asd::kernels::SegmentGrid;
using std::int64_t;

namespace {

asd_log_mel_options options_of(int64_t window, int64_t hop, int64_t bands) {
    asd_log_mel_options options = ASD_LOG_MEL_OPTIONS_INIT;
    options.window_samples = window;
    options.hop_samples = hop;
    options.bands = bands;
    return options;
}

// All frames of a clip, block by block.
template <class Sample>
std::vector<float> log_mel(const IsaKernels &isa, const asd::kernels::LogMelPlan &plan, const std::vector<Sample> &wave) {
    const auto samples = static_cast<int64_t>(wave.size());
    const FramedClip<Sample> clip{wave.data(), samples, samples, plan.reflect, {0.01, 2.5}};
    const int64_t frames = plan.frames(samples);
    std::vector<float> mel(static_cast<std::size_t>(plan.bands * frames));
    // NaN, so that a value that is read before it is written shows.
    std::vector<double> memory(static_cast<std::size_t>(asd::kernels::LogMelWorkspace::size(plan)) + 8, std::nan(""));
    double *line = memory.data() + (8 - reinterpret_cast<std::uintptr_t>(memory.data()) / sizeof(double) % 8) % 8;
    for (int64_t first = 0; first < frames; first += asd::kernels::FRAME_BLOCK) {
        const int64_t count = std::min<int64_t>(frames - first, asd::kernels::FRAME_BLOCK);
        log_mel_block(isa, wave.data())(plan, clip, first, count, line, mel.data() + first, frames);
    }
    return mel;
}

void spectrograms_agree(const IsaKernels &isa, const IsaKernels &plain) {
    for (int64_t window = 256; window <= 8192; window *= 2) {
        for (const int64_t hop : {window / 8, window / 3, window + 5}) {
            for (const std::int32_t power : {1, 2}) {
                asd_log_mel_options options = options_of(window, hop, 20);
                options.power = power;
                options.log = hop == window + 5 ? 0 : 1;
                asd_log_mel made;
                CHECK(asd::c_api::make_log_mel_plan(options, &made) == ASD_OK);
                const std::vector<float> f32 = noise_f32(window * 4 + 77, 12);
                const std::vector<double> f64(f32.begin(), f32.end());
                const std::vector<float> expected = log_mel(plain, made.plan, f32);
                CHECK(same_bits(log_mel(isa, made.plan, f32), expected));
                CHECK(same_bits(log_mel(isa, made.plan, f64), expected));
                const std::vector<std::int16_t> i16 = noise_i16(window * 2, 13);
                CHECK(same_bits(log_mel(isa, made.plan, i16), log_mel(plain, made.plan, i16)));
                for (const float value : expected) CHECK(std::isfinite(value));
            }
        }
    }
}

// Evenly spaced floats over all exponents, denormal numbers too.
void logarithms_are_exact_to_float(const IsaKernels &isa) {
    std::vector<float> values, logarithms;
    for (std::uint32_t bits = 1; bits < 0x7f800000u; bits += 9973) {
        float value;
        std::memcpy(&value, &bits, sizeof value);
        values.push_back(value);
    }
    for (const float value : {FLT_MIN, FLT_TRUE_MIN, FLT_MAX, FLT_EPSILON, 1.0f, std::nextafter(1.0f, 0.0f),
                              std::nextafter(1.0f, 2.0f), std::sqrt(0.5f), std::sqrt(2.0f), 1e-7f})
        values.push_back(value);
    while (values.size() % asd::kernels::FRAME_BLOCK != 0) values.push_back(2.0f);
    logarithms.resize(values.size());
    isa.log2_f32(values.data(), static_cast<int64_t>(values.size()), logarithms.data());
    double worst = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double expected = std::log2(static_cast<double>(values[i]));
        worst = std::max(worst, std::abs(logarithms[i] - expected) / std::max(std::abs(expected), 1e-30));
    }
    CHECK(worst < 2.5e-7);
    std::printf("%s: log2 within %.2g of itself\n", isa.name, worst);
}

void spectrograms_do_not_depend_on_the_threads() {
    asd_log_mel made;
    CHECK(asd::c_api::make_log_mel_plan(options_of(512, 100, 30), &made) == ASD_OK);
    constexpr int64_t CLIPS = 4;
    // Segments that share frames, that share none, one that is repeated, and whole clips.
    for (const SegmentGrid grid : {SegmentGrid{20000, 5000, 1200}, SegmentGrid{20000, 5000, 1234}, SegmentGrid{300, 1000, 10},
                                   SegmentGrid{9000, 9000, 9000}}) {
        const std::vector<float> wave = noise_f32(CLIPS * grid.samples, 14, 0.2f);
        for (const bool per_segment : {false, true}) {
            const auto run = [&](std::int32_t threads) {
                const int64_t size = CLIPS * grid.count() * 30 * made.plan.frames(grid.segment_samples);
                std::vector<float> mel(static_cast<std::size_t>(size), std::nanf(""));
                CHECK(asd::cpu::log_mel(wave.data(), CLIPS, grid, made.plan, {per_segment, 0.1, 0.3, threads}, mel.data()) == -1);
                return mel;
            };
            const std::vector<float> one = run(1);
            for (const float value : one) CHECK(std::isfinite(value));
            for (const std::int32_t threads : {0, 2, 3, 8, 100}) CHECK(same_bits(one, run(threads)));
        }
    }
}

}  // namespace

int main() {
    const IsaKernels *const *list = asd::cpu::runnable_isa_kernels();
    std::vector<const IsaKernels *> all = {&asd::cpu::isa_kernels_plain_lanes};
    for (const IsaKernels *const *isa = list; *isa; ++isa) all.push_back(*isa);
    for (const IsaKernels *isa : all) {
        spectrograms_agree(*isa, **list);
        logarithms_are_exact_to_float(*isa);
    }
    spectrograms_do_not_depend_on_the_threads();
    return summary("log_mel");
}
