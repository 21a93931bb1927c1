// Options, block sizes and samples of a stream from bytes: either a refusal wherever the batch functions refuse, or their bits,
// with any calls out of order in between.
#include "../tests/stream_batch.hpp"

#include <array>
#include <string>

#include "byte_source.hpp"

using std::int32_t;
using std::int64_t;

namespace {

constexpr double INF = std::numeric_limits<double>::infinity(), NOT = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t MOST = std::numeric_limits<int64_t>::max();
constexpr int64_t MOST_SEGMENT = 2000, MOST_SEGMENTS = 8;  // limits the cost of an input

// Sections with poles of any radius below one and any zeros; sometimes one that is not stable.
std::vector<double> sections(ByteSource *bytes, std::size_t count) {
    std::vector<double> sos;
    for (std::size_t i = 0; i < count; ++i) {
        const double radius = bytes->take<std::uint8_t>() / 255.5, angle = bytes->take<std::uint8_t>() / 81.0;
        const double gain = bytes->one_of({0.25, 1.0, -0.5, 1e-3, 30.0, 1e-200, 1e200, NOT});
        const double zeros = bytes->one_of({-2.0, 2.0, 0.0, -1.0, INF});
        sos.insert(sos.end(), {gain, gain * zeros, gain, bytes->one_of({1.0, 1.0, 1.0, 1.0, 2.0}),
                               -2.0 * radius * std::cos(angle), radius * radius});
    }
    return sos;
}

StreamCase case_of(ByteSource *bytes) {
    StreamCase of;
    asd_log_mel_options &mel = of.log_mel;
    mel.window_samples = bytes->one_of<int64_t>({256, 256, 256, 256, 256, 256, 256, 512, 300});
    mel.hop_samples = bytes->one_of<int64_t>({64, 128, 100, 256, 300, 50, 0, MOST});
    mel.bands = bytes->one_of<int64_t>({4, 1, 7, 16, 0});
    mel.power = bytes->one_of<int32_t>({1, 2, 3});
    mel.log = bytes->one_of<int32_t>({1, 0, 2});
    mel.padding = bytes->one_of<int32_t>({ASD_PAD_REFLECT, ASD_PAD_ZERO, 0});
    asd_stream_options &stream = of.stream;
    stream.segment_samples = bytes->one_of<int64_t>({300, 200, 129, 500, 256, 1000, 128, 0, MOST});
    if (stream.segment_samples < MOST / 8) stream.segment_samples = std::min(stream.segment_samples, MOST_SEGMENT);
    stream.hop_samples = bytes->one_of<int64_t>({100, 64, 128, 37, 1, 300, 700, 32, 0, MOST});
    stream.bins = bytes->one_of<int64_t>({1, 3, 10, 129, 0, MOST});
    stream.sections = bytes->one_of<int64_t>({1, 2, 5, 12, 13, 32, 0, 33});
    stream.mean = bytes->one_of({0.0, 0.01, -3.0, 1e30, INF, NOT});
    stream.std = bytes->one_of({1.0, 0.3, 1e-6, 1e6, 0.0, -1.0, INF, NOT});
    stream.per_segment = bytes->one_of<int32_t>({0, 1, 0, 1, 2});
    stream.sample_type = bytes->one_of<int32_t>({ASD_INT16, ASD_FLOAT32, ASD_INT16, ASD_FLOAT32, ASD_FLOAT64, 0});
    of.sos = sections(bytes, static_cast<std::size_t>(std::clamp(stream.sections, int64_t{0}, int64_t{33})));
    of.sos.resize(of.sos.size() + 6);  // never empty
    return of;
}

bool refused(asd_status status) { return status == ASD_INVALID_ARGUMENT && std::strlen(asd_last_error()) > 20; }
bool out_of_order(asd_status status) { return status == ASD_OUT_OF_ORDER && std::strlen(asd_last_error()) > 20; }

// Whether the batch functions accept these options. Without clips: checks everything but the values.
bool batch_takes(const StreamCase &of) {
    asd_log_mel *log_mel = nullptr;
    if (asd_log_mel_create(&of.log_mel, &log_mel) != ASD_OK) return false;
    const asd_segment_options cut = cut_options(of);
    const asd_power_options power = power_options(of);
    const bool taken = asd_log_mel_segments(log_mel, nullptr, 0, 1, &cut, nullptr) == ASD_OK &&
                       asd_high_passed_power(nullptr, 0, 1, of.sos.data(), &power, nullptr) == ASD_OK;
    asd_log_mel_destroy(log_mel);
    return taken;
}

// Calls that are out of order at this point, and that must change nothing.
void call_out_of_order(asd_stream *stream, bool empty, bool due, bool ended) {
    float mel = 0.0f;
    double power = 0.0, weight = 0.0;
    int64_t start = 0, taken = 0;
    int32_t now_due = 0;
    if (!due) LAW(out_of_order(asd_stream_take(stream, &mel, &power, &start, &weight)));
    if (due || ended) LAW(out_of_order(asd_stream_push(stream, &mel, 1, &taken, &now_due)));
    if (due || ended || empty) LAW(out_of_order(asd_stream_finish(stream, &now_due)));
    LAW(refused(asd_stream_push(stream, &mel, -1, &taken, &now_due)));
}

template <class Sample>
int64_t first_not_finite(const std::vector<Sample> &wave) {
    const auto bad = std::find_if(wave.begin(), wave.end(), [](Sample x) { return !std::isfinite(static_cast<double>(x)); });
    return bad - wave.begin();
}

template <class Sample>
void check_stream(asd_stream *stream, const StreamCase &of, ByteSource *bytes) {
    const auto sizes = bytes->take<std::array<std::uint8_t, 8>>();
    const int64_t most = of.stream.segment_samples + std::min(of.stream.hop_samples, MOST_SEGMENT) * MOST_SEGMENTS;
    const std::vector<Sample> wave = bytes->rest<Sample>(static_cast<std::size_t>(std::min<int64_t>(most, 1500)));
    if (wave.empty()) return;
    const auto samples = static_cast<int64_t>(wave.size()), good = first_not_finite(wave);
    Segments all;
    int64_t at = 0;
    for (std::size_t block = 0; at < samples; ++block) {
        const int64_t size = std::min<int64_t>(sizes[block % sizes.size()] + (block % sizes.size() == 7), samples - at);
        int64_t taken = 0;
        int32_t due = 0;
        if (size % 4 == 1) call_out_of_order(stream, at == 0, false, false);
        const asd_status status = asd_stream_push(stream, wave.data() + at, size, &taken, &due);
        if (status != ASD_OK) {
            LAW(refused(status) && at <= good && good < at + size);
            LAW(std::strstr(asd_last_error(), ("sample " + std::to_string(good - at) + " of it").c_str()));
            LAW(asd_stream_reset(stream) == ASD_OK);
            return;
        }
        at += taken;
        LAW(at <= good && taken <= size && (due || taken == size));
        if (!due) continue;
        if (size % 4 == 1) call_out_of_order(stream, false, true, false);
        LAW(take_one(stream, of, &all) == ASD_OK);
    }
    LAW(finish(stream, of, &all) == ASD_OK);
    call_out_of_order(stream, false, false, true);
    LAW(same_bits(all, by_batch(of, wave)));
    LAW(asd_stream_reset(stream) == ASD_OK);
    LAW(same_bits(all, by_stream(stream, of, wave, [&] { return wave.size(); })));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    ByteSource bytes(data, size);
    const StreamCase of = case_of(&bytes);
    asd_stream *stream = nullptr;
    const asd_status status = asd_stream_create(&of.log_mel, of.sos.data(), &of.stream, &stream);
    // A stream must hold a whole segment; the batch functions repeat shorter clips, and are asked without any.
    const bool taken = batch_takes(of) && of.stream.segment_samples <= MOST_SEGMENT;
    LAW(taken ? status == ASD_OK : refused(status) && stream == nullptr);
    if (status == ASD_OK && of.stream.sample_type == ASD_INT16) check_stream<std::int16_t>(stream, of, &bytes);
    if (status == ASD_OK && of.stream.sample_type == ASD_FLOAT32) check_stream<float>(stream, of, &bytes);
    asd_stream_destroy(stream);
    return 0;
}
