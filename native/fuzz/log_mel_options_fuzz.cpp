// Options of a log-mel spectrogram and a short wave from bytes: either a refusal that says why, or the spectrogram that the
// plain instruction set gives of each segment alone, block by block, bit for bit.
#include <cmath>
#include <limits>

#include "../src/c_api/make_log_mel_plan.hpp"
#include "../src/cpu/sample_kernels.hpp"
#include "../src/kernels/log_mel_workspace.hpp"
#include "../src/kernels/segment_grid.hpp"
#include "byte_source.hpp"

using asd::kernels::FRAME_BLOCK;
using asd::kernels::FramedClip;
using asd::kernels::LogMelPlan;
using asd::kernels::Moments;
using asd::kernels::SegmentGrid;
using asd::kernels::Standardise;
using std::int32_t;
using std::int64_t;

namespace {

constexpr double INF = std::numeric_limits<double>::infinity(), NOT = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t MOST = std::numeric_limits<int64_t>::max();

// As from a caller of a later version, whose struct has one more field.
template <class Options>
struct Longer {
    Options known;
    int64_t added;

    static constexpr int64_t KNOWN = sizeof(Options), WHOLE = KNOWN + 8;

    void take_size(ByteSource *bytes) {
        int64_t &size = known.struct_size;
        size = bytes->one_of<int64_t>({KNOWN, KNOWN, KNOWN, KNOWN, KNOWN, KNOWN, WHOLE, WHOLE, KNOWN - 8, MOST});
        added = bytes->one_of<int64_t>({0, 0, 0, 1});
        if (size > KNOWN && size <= 4096) size = WHOLE;  // the library reads what the size says: no more than there is
    }

    bool allowed() const { return known.struct_size == KNOWN || (known.struct_size == WHOLE && added == 0); }
};

using LogMelOptions = Longer<asd_log_mel_options>;
using SegmentOptions = Longer<asd_segment_options>;

LogMelOptions log_mel_options(ByteSource *bytes) {
    LogMelOptions options{ASD_LOG_MEL_OPTIONS_INIT, 0};
    options.take_size(bytes);
    asd_log_mel_options &known = options.known;
    known.window_samples = bytes->one_of<int64_t>({256, 256, 256, 256, 256, 256, 512, 512, 1024, 2048, 4096, 8192, 0, 300});
    known.hop_samples = bytes->one_of<int64_t>({128, 256, 64, 100, 1, 37, 300, 5000, 0, MOST});
    known.bands = bytes->one_of<int64_t>({16, 1, 2, 5, 40, 63, 130, 258, 259, 0, MOST});
    known.sample_rate_hz = bytes->one_of({16000.0, 8000.0, 48000.0, 1.0, 1e-30, 1e30, 1e-300, 1e300, 0.0, -1.0, INF, NOT});
    const double half = known.sample_rate_hz / 2.0;
    known.low_hz = half * bytes->one_of({0.0, 0.01, 0.1, 0.4, 0.99, -0.1, 1.0, INF, NOT});
    known.high_hz = half * bytes->one_of({1.0, 0.9, 0.5, 0.11, 0.02, 1.01, 0.0, INF, NOT});
    known.floor = bytes->one_of({1e-7, 1.0, 1e-300, 5e-324, 1e300, 0.0, -1.0, INF, NOT});
    known.mel_scale = bytes->one_of<int32_t>({ASD_MEL_HTK, ASD_MEL_SLANEY, ASD_MEL_HTK, ASD_MEL_SLANEY, 0, 3});
    known.area_norm = bytes->one_of<int32_t>({0, 1, 0, 1, 2});
    known.power = bytes->one_of<int32_t>({1, 2, 1, 2, 0, 3});
    known.normalise_window = bytes->one_of<int32_t>({1, 0, 1, 0, -1});
    known.log = bytes->one_of<int32_t>({1, 0, 1, 1, 2});
    known.padding = bytes->one_of<int32_t>({ASD_PAD_REFLECT, ASD_PAD_ZERO, ASD_PAD_REFLECT, 0});
    return options;
}

SegmentOptions segment_options(ByteSource *bytes) {
    SegmentOptions options{ASD_SEGMENT_OPTIONS_INIT, 0};
    options.take_size(bytes);
    asd_segment_options &known = options.known;
    known.segment_samples = bytes->one_of<int64_t>({300, 500, 129, 1000, 3000, 128, 9000, 0, MOST});
    known.hop_samples = bytes->one_of<int64_t>({100, 128, 37, 256, 1000, 0, MOST});
    known.mean = bytes->one_of({0.0, 0.01, -3.0, 1e30, 1e300, INF, NOT});
    known.std = bytes->one_of({1.0, 0.3, 1e-6, 1e6, 1e-300, 1e300, 5e-324, 0.0, -1.0, INF, NOT});
    known.per_segment = bytes->one_of<int32_t>({0, 1, 0, 1, 2});
    known.sample_type = bytes->one_of<int32_t>({ASD_INT16, ASD_FLOAT32, ASD_FLOAT64, ASD_INT16, ASD_FLOAT32, 0, 4});
    known.device = bytes->one_of<int32_t>({0, 0, 0, 0, 0, 0, 0, ASD_DEVICE_CUDA, 2});
    known.threads = bytes->one_of<int32_t>({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, -1});
    known.threads = std::min(known.threads, 3);  // a thread costs more than the transform of such a wave
    return options;
}

// The header's rules, except those of single bands.
bool allowed(const LogMelOptions &options) {
    const asd_log_mel_options &o = options.known;
    const int64_t window = o.window_samples;
    const bool frames = std::isfinite(o.sample_rate_hz) && o.sample_rate_hz > 0.0 && window >= 256 && window <= 8192 &&
                        (window & (window - 1)) == 0 && o.hop_samples >= 1;
    const bool bands = o.bands >= 1 && o.low_hz >= 0.0 && o.low_hz < o.high_hz && o.high_hz <= o.sample_rate_hz / 2.0;
    const bool choices = (o.mel_scale == 1 || o.mel_scale == 2) && (o.power == 1 || o.power == 2) &&
                         (o.padding == 1 || o.padding == 2);
    const bool flags = (o.area_norm | 1) == 1 && (o.normalise_window | 1) == 1 && (o.log | 1) == 1;
    return options.allowed() && frames && bands && choices && flags && std::isfinite(o.floor) && o.floor > 0.0;
}

bool allowed(const SegmentOptions &options, int64_t window) {
    const asd_segment_options &o = options.known;
    const bool grid = o.segment_samples > window / 2 && o.segment_samples <= MOST / 8 && o.hop_samples >= 1;
    const bool by_given = std::isfinite(o.mean) && std::isfinite(o.std) && o.std > 0.0 && std::isfinite(1.0 / o.std);
    const bool standardised = o.per_segment == 1 || (o.per_segment == 0 && by_given);
    return options.allowed() && grid && standardised && o.sample_type >= 1 && o.sample_type <= 3 && o.device == 0 &&
           o.threads >= 0;
}

bool refused(asd_status status) { return status == ASD_INVALID_ARGUMENT && std::strlen(asd_last_error()) > 20; }

// A segment as a clip of its own, without the wave around it.
template <class Sample>
Standardise standardisation(const Sample *segment, const SegmentGrid &grid, const asd_segment_options &options) {
    if (options.per_segment == 0) return {options.mean, 1.0 / options.std};
    const asd::cpu::IsaKernels &plain = **asd::cpu::runnable_isa_kernels();
    if (!grid.repeats()) return standardise_by(moments(plain, segment, grid.segment_samples));
    const auto times = static_cast<double>(grid.segment_samples / grid.samples);
    const Moments whole = moments(plain, segment, grid.samples).repeated(times);
    return standardise_by(combine(whole, moments(plain, segment, grid.segment_samples % grid.samples)));
}

template <class Sample>
std::vector<float> plainly(const LogMelPlan &plan, const Sample *segment, const SegmentGrid &grid,
                           const asd_segment_options &options) {
    const FramedClip<Sample> clip{segment, grid.segment_samples, grid.samples, plan.reflect,
                                  standardisation(segment, grid, options)};
    const int64_t frames = plan.frames(grid.segment_samples);
    std::vector<float> mel(static_cast<std::size_t>(plan.bands * frames));
    std::vector<double> memory(static_cast<std::size_t>(asd::kernels::LogMelWorkspace::size(plan)) + 8, NOT);
    double *line = memory.data() + (8 - reinterpret_cast<std::uintptr_t>(memory.data()) / sizeof(double) % 8) % 8;
    for (int64_t first = 0; first < frames; first += FRAME_BLOCK)
        log_mel_block(**asd::cpu::runnable_isa_kernels(), segment)(
            plan, clip, first, std::min<int64_t>(frames - first, FRAME_BLOCK), line, mel.data() + first, frames);
    return mel;
}

// Samples so large that the header promises no finite result.
template <class Sample>
bool too_large(const std::vector<Sample> &wave, const asd_segment_options &options) {
    double most = 0.0;
    for (const Sample sample : wave) most = std::max(most, std::abs(asd::kernels::sample_value(sample)));
    return options.per_segment == 1 ? most > 1e100 : (most + std::abs(options.mean)) / options.std > 1e300;
}

bool all_finite(const std::vector<float> &values) {
    return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

template <class Sample>
void check_spectrogram(const asd_log_mel *handle, const asd_segment_options &options, ByteSource *bytes) {
    const LogMelPlan &plan = handle->plan;
    const auto clips = 1 + bytes->take<std::uint8_t>() % 2;
    std::vector<Sample> wave = bytes->rest<Sample>(2000);
    const auto samples = static_cast<int64_t>(wave.size()) / clips;
    if (samples == 0) return;
    wave.resize(static_cast<std::size_t>(clips * samples));
    const SegmentGrid grid{samples, options.segment_samples, options.hop_samples};
    // A limit on the cost of an input: blocks of transforms.
    const int64_t frames = plan.frames(options.segment_samples), segments = clips * grid.count();
    if (frames > 100 || segments * (frames / FRAME_BLOCK + 1) * plan.window_samples > 1 << 13) return;
    std::vector<float> mel(static_cast<std::size_t>(segments * plan.bands * frames), std::nanf(""));
    const asd_status status = asd_log_mel_segments(handle, wave.data(), clips, samples, &options, mel.data());
    const bool finite = std::all_of(wave.begin(), wave.end(), [](Sample x) { return std::isfinite(static_cast<double>(x)); });
    LAW(finite ? status == ASD_OK : refused(status) && std::strstr(asd_last_error(), "wave must be finite"));
    if (!finite || too_large(wave, options)) return;
    if (plan.log) LAW(all_finite(mel));
    const auto size = static_cast<std::size_t>(plan.bands * frames);
    for (int64_t s = 0; s < segments; ++s) {
        const Sample *segment = wave.data() + s / grid.count() * samples + grid.start(s % grid.count());
        const std::vector<float> expected = plainly(plan, segment, grid, options);
        const float *got = mel.data() + static_cast<std::size_t>(s) * size;
        for (std::size_t i = 0; i < size; ++i) {
            LAW(got[i] == expected[i]);  // no NaN either
            LAW(got[i] >= (plan.log ? plan.floor_decibels : 0.0f));
        }
    }
}

void check_filters(const asd_log_mel *handle) {
    const auto bins = static_cast<std::size_t>(handle->plan.bins()), bands = static_cast<std::size_t>(handle->plan.bands);
    if (bins * bands > 1 << 14) return;
    std::vector<float> filters(bins * bands, -1.0f);
    LAW(asd_log_mel_filters(handle, filters.data(), static_cast<int64_t>(filters.size())) == ASD_OK);
    for (std::size_t m = 0; m < bands; ++m) {
        float most = 0.0f;
        for (std::size_t k = 0; k < bins; ++k) {
            LAW(filters[m * bins + k] >= 0.0f && std::isfinite(filters[m * bins + k]));
            most = std::max(most, filters[m * bins + k]);
        }
        LAW(most > 0.0f);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    ByteSource bytes(data, size);
    const LogMelOptions options = log_mel_options(&bytes);
    const SegmentOptions segments = segment_options(&bytes);
    asd_log_mel *handle = nullptr;
    const asd_status made = asd_log_mel_create(&options.known, &handle);
    if (made != ASD_OK) {
        LAW(refused(made) && handle == nullptr);
        const bool by_band = std::strstr(asd_last_error(), "holds no bin") || std::strstr(asd_last_error(), "largest weight");
        LAW(by_band || !allowed(options));
        return 0;
    }
    LAW(allowed(options));
    check_filters(handle);
    // Without clips: checks everything but the values.
    const asd_status checked = asd_log_mel_segments(handle, nullptr, 0, 1000, &segments.known, nullptr);
    if (checked == ASD_OK) {
        LAW(allowed(segments, options.known.window_samples));
        if (segments.known.sample_type == ASD_INT16) check_spectrogram<std::int16_t>(handle, segments.known, &bytes);
        if (segments.known.sample_type == ASD_FLOAT32) check_spectrogram<float>(handle, segments.known, &bytes);
        if (segments.known.sample_type == ASD_FLOAT64) check_spectrogram<double>(handle, segments.known, &bytes);
    } else {
        LAW(refused(checked));
        LAW(!allowed(segments, options.known.window_samples));
    }
    asd_log_mel_destroy(handle);
    return 0;
}
