// The C++ wrapper: values come back as vectors, failures as exceptions with the message, before memory is taken or a kernel run.
#include "asd/asd.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "check.hpp"
#include "model_bytes.hpp"

namespace {

using std::int64_t;

const std::vector<float> WAVE = {1.0f, 2.0f, 3.0f, 4.0f};
const std::vector<double> ALL_PASS = {1, 0, 0, 1, 0, 0};

asd_segment_options segment_options() {
    asd_segment_options options = ASD_SEGMENT_OPTIONS_INIT;
    options.segment_samples = 2;
    options.hop_samples = 1;
    return options;
}

asd_power_options power_options() {
    asd_power_options options = ASD_POWER_OPTIONS_INIT;
    options.segment_samples = 20;
    options.hop_samples = 20;
    return options;
}

// call() throws asd::Error with the status of a wrong argument and `word` in the message.
template <class Call>
bool refused(const Call &call, const char *word) {
    try {
        call();
    } catch (const asd::Error &error) {
        if (error.status() == ASD_INVALID_ARGUMENT && std::strstr(error.what(), word)) return true;
        std::printf("status %d: %s\n", error.status(), error.what());
    } catch (const std::exception &error) {
        std::printf("not an asd::Error: %s\n", error.what());
    }
    return false;
}

void segments_come_back_for_each_sample_type() {
    CHECK(asd::segment_starts(12, 5, 3) == (std::vector<int64_t>{0, 3, 6, 7}));
    asd_segment_options options = segment_options();
    const std::vector<std::int16_t> i16 = {16384, -16384, 0, 8192};
    CHECK(asd::cut_segments(i16.data(), 1, 4, options) == (std::vector<float>{0.5f, -0.5f, -0.5f, 0.0f, 0.0f, 0.25f}));
    options.per_segment = 1;
    CHECK(asd::cut_segments(WAVE.data(), 1, 4, options) == (std::vector<float>{-1, 1, -1, 1, -1, 1}));
    CHECK(asd::cut_segments(WAVE.data(), 0, 4, options).empty());
}

void crops_come_back_for_each_sample_type() {
    const std::vector<int64_t> edges = {0, 3, 4}, clips = {0, 1}, offsets = {1, 0};
    const std::vector<std::int16_t> i16 = {16384, -16384, 0, 8192};
    const asd_segment_options options = segment_options();
    const auto gathered = [&](const auto *bank, const std::vector<double> &means, const std::vector<double> &stds) {
        return asd::gather_segments(bank, 4, edges, clips, offsets, options, means, stds);
    };
    CHECK(gathered(i16.data(), {}, {}) == (std::vector<float>{-0.5f, 0.0f, 0.25f, 0.25f}));
    CHECK(gathered(WAVE.data(), {2.0, 0.0}, {1.0, 4.0}) == (std::vector<float>{0.0f, 1.0f, 1.0f, 1.0f}));
    CHECK(asd::gather_segments(WAVE.data(), 4, edges, {}, {}, options).empty());
    CHECK(refused([&] { gathered(WAVE.data(), {2.0}, {1.0}); }, "means must hold 2 values; got 1"));
    CHECK(refused([&] { gathered(WAVE.data(), {2.0, 0.0}, {}); }, "stds must hold 2 values; got 0"));
    CHECK(refused([&] { asd::gather_segments(WAVE.data(), 4, {}, clips, offsets, options); }, "edges must hold 1 values"));
    CHECK(refused([&] { asd::gather_segments(WAVE.data(), 4, edges, clips, {0}, options); }, "offsets must hold 2 values"));
    CHECK(refused([&] { asd::gather_segments(WAVE.data(), 4, edges, clips, {2, 0}, options); }, "offsets must be between"));
    asd_segment_options device = options;
    device.device = ASD_DEVICE_CUDA;
    CHECK(refused([&] { asd::gather_segments(WAVE.data(), 4, edges, clips, offsets, device); }, "ASD_DEVICE_CPU"));
}

void log_mel_comes_back_for_each_sample_type() {
    asd_log_mel_options options = ASD_LOG_MEL_OPTIONS_INIT;
    options.window_samples = 256;
    options.hop_samples = 100;
    options.bands = 10;
    const asd::LogMel log_mel(options);
    CHECK(log_mel.frames(400) == 5);
    asd_segment_options whole = ASD_SEGMENT_OPTIONS_INIT;
    whole.segment_samples = whole.hop_samples = 400;
    std::vector<std::int16_t> i16(800);
    for (std::size_t i = 0; i < i16.size(); ++i) i16[i] = static_cast<std::int16_t>(i * i * 7919 % 65536 - 32768);
    std::vector<float> f32;
    std::vector<double> f64;
    for (const std::int16_t sample : i16) f32.push_back(static_cast<float>(sample) / 32768.0f);
    for (const float sample : f32) f64.push_back(static_cast<double>(sample));
    const std::vector<float> mel = log_mel.segments(i16.data(), 2, 400, whole);
    CHECK(mel.size() == 2 * 10 * 5);
    CHECK(mel == log_mel.segments(f32.data(), 2, 400, whole));
    CHECK(mel == log_mel.segments(f64.data(), 2, 400, whole));
    CHECK(refused([&] { log_mel.frames(128); }, "half a window"));
    CHECK(refused([&] { log_mel.segments(i16.data(), -1, 400, whole); }, "clips"));
    whole.device = ASD_DEVICE_CUDA;
    CHECK(refused([&] { log_mel.segments(i16.data(), 1, 400, whole); }, "device must be ASD_DEVICE_CPU"));
    options.bands = 0;
    CHECK(refused([&] { asd::LogMel{options}; }, "bands"));
}

void power_comes_back_for_each_sample_type() {
    // A clip shorter than a segment is repeated; a filter that passes everything gives its mean square.
    const std::vector<double> squares = asd::high_passed_power(WAVE.data(), 1, 4, ALL_PASS, power_options());
    CHECK(squares.size() == 1);
    CHECK_NEAR(squares[0], 7.5, 1e-12);
    const std::vector<std::int16_t> i16(4, 16384);
    CHECK(asd::high_pass_sections(16000, 4000, 3500, 3, 40).size() == 12 * 6);
    CHECK_NEAR(asd::high_passed_power(i16.data(), 1, 4, ALL_PASS, power_options()).at(0), 0.25, 1e-12);
    // The difference of neighbours, filtered forwards only: the sample before the first one counts as equal to it.
    asd_power_options causal = power_options();
    causal.causal = 1;
    causal.segment_samples = 4;
    CHECK(asd::high_passed_power(WAVE.data(), 1, 4, {1, -1, 0, 1, 0, 0}, causal) == (std::vector<double>{0.75}));
}

template <class Sample>
void a_stream_gives_what_the_batch_gives(const std::vector<Sample> &wave, asd_stream_options options) {
    const auto samples = static_cast<int64_t>(wave.size());
    asd_log_mel_options mel_options = ASD_LOG_MEL_OPTIONS_INIT;
    mel_options.window_samples = 256;
    mel_options.hop_samples = 64;
    mel_options.bands = 10;
    asd_segment_options cut = ASD_SEGMENT_OPTIONS_INIT;
    asd_power_options power = ASD_POWER_OPTIONS_INIT;
    cut.segment_samples = power.segment_samples = options.segment_samples;
    cut.hop_samples = power.hop_samples = options.hop_samples;
    power.bins = options.bins;
    power.causal = 1;
    const std::vector<double> sos = {0.5, -0.5, 0, 1, 0, 0};

    asd::Stream<Sample> stream(mel_options, sos, options);
    std::vector<int64_t> starts;
    std::vector<float> mel;
    std::vector<double> powers, weights, scores;
    const auto on_segment = [&](const typename asd::Stream<Sample>::Segment &segment) {
        starts.push_back(segment.start);
        mel.insert(mel.end(), segment.mel.begin(), segment.mel.end());
        powers.insert(powers.end(), segment.power.begin(), segment.power.end());
        weights.push_back(segment.weight);
        scores.push_back(static_cast<double>(segment.start % 7));
        stream.add_score(scores.back());
        CHECK(stream.mean() == asd::weighted_mean(scores.data(), weights.data(), 1, static_cast<int64_t>(scores.size())).at(0));
    };
    for (int64_t begin = 0, size = 1; begin < samples; begin += size, size = std::min(2 * size, samples - begin))
        stream.push(wave.data() + begin, size, on_segment);
    stream.push(nullptr, 0, on_segment);
    stream.finish(on_segment);
    CHECK(starts == asd::segment_starts(samples, options.segment_samples, options.hop_samples));
    CHECK(mel == asd::LogMel(mel_options).segments(wave.data(), 1, samples, cut));
    CHECK(powers == asd::high_passed_power(wave.data(), 1, samples, sos, power));
    CHECK(!scores.empty());
}

void streams_are_for_each_sample_type_and_say_what_is_wrong() {
    asd_stream_options options = ASD_STREAM_OPTIONS_INIT;
    options.segment_samples = 200;
    options.hop_samples = 50;
    options.bins = 3;
    std::vector<std::int16_t> i16(777);
    for (std::size_t i = 0; i < i16.size(); ++i) i16[i] = static_cast<std::int16_t>(i * i * 7919 % 65536 - 32768);
    std::vector<float> f32(i16.begin(), i16.end());
    a_stream_gives_what_the_batch_gives(i16, options);
    a_stream_gives_what_the_batch_gives(f32, options);

    const auto ignore = [](const asd::Stream<float>::Segment &) {};
    asd::Stream<float> stream(ASD_LOG_MEL_OPTIONS_INIT, ALL_PASS, [&] {
        asd_stream_options longer = options;
        longer.segment_samples = 1100;
        return longer;
    }());
    try {
        (void)stream.mean();
        CHECK(false);
    } catch (const asd::Error &error) {
        CHECK(error.status() == ASD_OUT_OF_ORDER && std::strstr(error.what(), "score"));
    }
    f32[5] = std::numeric_limits<float>::quiet_NaN();
    CHECK(refused([&] { stream.push(f32.data(), 10, ignore); }, "sample 5 of it, 5 of the recording"));
    CHECK(refused([&] { asd::Stream<float>(ASD_LOG_MEL_OPTIONS_INIT, {1, 2}, options); }, "sos must have 6 values"));
    CHECK(refused([&] { asd::Stream<float>(ASD_LOG_MEL_OPTIONS_INIT, ALL_PASS, options); }, "half a window"));
    CHECK(refused([&] { asd::Stream<float>(ASD_LOG_MEL_OPTIONS_INIT, {}, options); }, "sos"));
    // Exceptions of the caller's function pass through; the segment has been taken, and a reset clears everything.
    f32[5] = 0.0f;
    f32.resize(2000);
    bool thrown = false;
    try {
        stream.push(f32.data(), 2000, [](const asd::Stream<float>::Segment &) { throw std::out_of_range("enough"); });
    } catch (const std::out_of_range &) {
        thrown = true;
    }
    CHECK(thrown);
    int segments = 0;
    stream.push(f32.data() + 1100, 900, [&](const asd::Stream<float>::Segment &) { ++segments; });
    CHECK(segments == 18);
}

void means_come_back_for_each_score_type() {
    const std::vector<double> scores = {1, 3, 5, 7}, weights = {1, 3, 0, 0};
    CHECK(asd::weighted_mean(scores.data(), weights.data(), 2, 2) == (std::vector<double>{2.5, 6.0}));
    CHECK(asd::weighted_mean(WAVE.data(), weights.data(), 1, 4) == (std::vector<double>{1.75}));
    CHECK(asd::weighted_map_mean(scores.data(), weights.data(), 1, 1, 2, 2) == (std::vector<double>{4.5}));
    CHECK(asd::weighted_map_mean(WAVE.data(), weights.data(), 1, 1, 2, 2) == (std::vector<double>{2.75}));
}

void inlier_models_score_each_query_type() {
    const std::string bytes = small_knn().bytes();
    asd::InlierModel model(bytes.data(), static_cast<int64_t>(bytes.size()));
    CHECK(model.description().kind == ASD_INLIER_KNN && model.description().neighbours == 2);
    const std::vector<double> queries = {1.5, -2.5, 1, 2};
    const std::vector<float> narrow(queries.begin(), queries.end());
    const std::vector<double> scores = model.anomaly_score(queries.data(), 2, 2);
    CHECK(scores.size() == 2 && scores[1] == 2.5);  // (0, 0) and (3, 4) from the location itself
    CHECK(model.anomaly_score(narrow.data(), 2, 2, 2) == scores);
    CHECK(model.anomaly_score(narrow.data(), 0, 2).empty());
    CHECK(refused([&] { model.anomaly_score(narrow.data(), 1, 3); }, "dimensions"));
    CHECK(refused([&] { model.anomaly_score(narrow.data(), -1, 2); }, "count"));
    CHECK(refused([&] { model.anomaly_score(narrow.data(), std::numeric_limits<int64_t>::max(), 2); }, "more than memory"));
    CHECK(refused([&] { model.anomaly_score(narrow.data(), 2, 2, -1); }, "threads"));

    const char *path = "cpp_wrapper_test.safetensors";
    std::FILE *file = std::fopen(path, "wb");
    CHECK(file && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() && std::fclose(file) == 0);
    asd::InlierModel opened = asd::InlierModel::open(path);
    std::remove(path);
    model = std::move(opened);
    CHECK(model.anomaly_score(narrow.data(), 2, 2) == scores);
    for (const asd_status expected : {ASD_FILE_FAILED, ASD_INVALID_MODEL}) {
        asd_status got = ASD_OK;
        try {
            if (expected == ASD_FILE_FAILED) asd::InlierModel::open(path);
            if (expected == ASD_INVALID_MODEL) asd::InlierModel(bytes.data(), 100);
        } catch (const asd::Error &error) {
            got = error.status();
        }
        CHECK(got == expected);
    }
}

void device_options_are_refused_for_host_memory() {
    asd_segment_options cut = segment_options();
    asd_power_options power = power_options();
    asd_mean_options mean = ASD_MEAN_OPTIONS_INIT;
    cut.device = power.device = mean.device = ASD_DEVICE_CUDA;
    const double one[4] = {1, 1, 1, 1};
    CHECK(refused([&] { asd::cut_segments(WAVE.data(), 1, 4, cut); }, "device must be ASD_DEVICE_CPU"));
    CHECK(refused([&] { asd::high_passed_power(WAVE.data(), 1, 4, ALL_PASS, power); }, "device must be ASD_DEVICE_CPU"));
    CHECK(refused([&] { asd::weighted_mean(one, one, 2, 2, mean); }, "device must be ASD_DEVICE_CPU"));
    CHECK(refused([&] { asd::weighted_map_mean(one, one, 1, 1, 2, 2, mean); }, "device must be ASD_DEVICE_CPU"));
}

void wrong_sizes_are_refused_before_memory_is_taken() {
    constexpr int64_t LARGEST = std::numeric_limits<int64_t>::max();
    asd_segment_options cut = segment_options();
    asd_power_options power = power_options();
    for (const int64_t clips : {int64_t{-1}, -LARGEST})
        CHECK(refused([&] { asd::cut_segments(WAVE.data(), clips, 4, cut); }, "clips"));
    CHECK(refused([&] { asd::cut_segments(WAVE.data(), LARGEST / 2, 4, cut); }, "more than memory"));
    CHECK(refused([&] { asd::high_passed_power(WAVE.data(), LARGEST / 2, 4, ALL_PASS, power); }, "more than memory"));
    CHECK(refused([&] { asd::weighted_mean(WAVE.data(), ALL_PASS.data(), LARGEST, 2); }, "more than memory"));
    CHECK(refused([&] { asd::weighted_mean(WAVE.data(), ALL_PASS.data(), 1, -2); }, "segments"));
    CHECK(refused([&] { asd::weighted_map_mean(WAVE.data(), ALL_PASS.data(), 1, 1, 0, 2); }, "height"));
    power.bins = -1;
    CHECK(refused([&] { asd::high_passed_power(WAVE.data(), 1, 4, ALL_PASS, power); }, "bins"));
    cut.segment_samples = LARGEST;
    CHECK(refused([&] { asd::cut_segments(WAVE.data(), 1, 4, cut); }, "more than memory"));
    cut.segment_samples = 2;
    cut.hop_samples = 0;
    CHECK(refused([&] { asd::cut_segments(WAVE.data(), 1, 4, cut); }, "hop_samples"));
}

void sections_of_other_than_six_values_are_refused() {
    for (const std::size_t size : {1, 5, 7, 11}) {
        const std::vector<double> sos(size, 1.0);
        CHECK(refused([&] { asd::high_passed_power(WAVE.data(), 1, 4, sos, power_options()); }, "sos must have 6 values"));
    }
    // The data of an empty vector may be NULL or not: the message names sos in both cases.
    CHECK(refused([&] { asd::high_passed_power(WAVE.data(), 1, 4, {}, power_options()); }, "sos"));
}

void statistics_come_back_for_each_type_of_spectrogram() {
    const std::vector<std::int32_t> wanted = {ASD_STATISTIC_MEAN, ASD_STATISTIC_DIFFERENCE};
    const std::vector<double> mel(WAVE.begin(), WAVE.end()), expected = {1.5, 3.5, 1.0, 1.0};
    CHECK(asd::spectral_statistics(WAVE.data(), 1, 2, 2, wanted) == expected);
    CHECK(asd::spectral_statistics(mel.data(), 1, 2, 2, wanted) == expected);
    CHECK(refused([&] { asd::spectral_statistics(mel.data(), INT64_MAX, 2, 2, wanted); }, "memory"));
    CHECK(refused([&] { asd::spectral_statistics(mel.data(), 1, 2, 2, {}); }, "statistics"));
}

void a_model_that_is_none_is_refused() {
    try {
        const asd::Model model("no such folder");
        CHECK(false);
    } catch (const asd::Error &error) {
        CHECK(error.status() == ASD_FILE_FAILED && std::strstr(error.what(), "no such folder: cannot be opened"));
    }
}

}  // namespace

int main() {
    statistics_come_back_for_each_type_of_spectrogram();
    a_model_that_is_none_is_refused();
    segments_come_back_for_each_sample_type();
    crops_come_back_for_each_sample_type();
    log_mel_comes_back_for_each_sample_type();
    power_comes_back_for_each_sample_type();
    streams_are_for_each_sample_type_and_say_what_is_wrong();
    means_come_back_for_each_score_type();
    inlier_models_score_each_query_type();
    device_options_are_refused_for_host_memory();
    wrong_sizes_are_refused_before_memory_is_taken();
    sections_of_other_than_six_values_are_refused();
    return summary("cpp_wrapper");
}
