// A recording that is scored with a model: gaps, stretches and means as worked out by hand, and each way to be refused. The numbers of
// the Python runtime are compared in native/tests/embed.
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>

#include "asd/asd.hpp"
#include "check.hpp"
#include "model_folder.hpp"
#include "same_bits.hpp"

#define FAILS(call, status, words) CHECK((call) == (status) && std::strstr(asd_last_error(), words) != nullptr)

namespace {

namespace fs = std::filesystem;
using std::int64_t;

constexpr int64_t HEIGHT = 2, WIDTH = 3, CELLS = 8 * 16;

fs::path place;

struct DestroyModel {
    void operator()(asd_model *model) const { asd_model_destroy(model); }
};
using Model = std::unique_ptr<asd_model, DestroyModel>;

// With its samples, which must live as long.
struct Recording {
    std::shared_ptr<const void> wave;
    std::shared_ptr<asd_recording> handle;

    asd_recording *get() const { return handle.get(); }
};

Model opened(const ModelFolderFiles &files) {
    asd_model *made = nullptr;
    files.write(place);
    CHECK(asd_model_open(place.c_str(), &made) == ASD_OK);
    return Model(made);
}

// The flow's score alone, all segments alike: a segment's score is its map's mean, and a recording's is (mean - 1) / 2.
Model flow_alone() {
    ModelFolderFiles files = small_model();
    files.files = {{"networks/0.onnx", "a network"}};
    std::string &text = files.manifest;
    const std::size_t filter = text.find("{\"pass_hz\""), scores = text.find("\"knn-2-source\""), spectral = text.find(",\"spectral\":{\"weight");
    text.erase(spectral, text.find("},\"mean\":0.0,\"std\":1.0,\"probed") - spectral);
    text = with(text, "\"weight\":0.5", "\"weight\":1.0");
    text = with(text, "{\"statistics\":[\"mean\",\"std\"],\"rank_decay\":0.9}", "null");
    text.erase(scores, text.find("\"flow\":{") - scores);
    text.replace(filter, text.find("}},\"networks") - filter + 1, "null");
    return opened(files);
}

std::vector<std::int16_t> noise(int64_t samples, unsigned seed = 1) {
    std::mt19937 generator(seed);
    std::vector<std::int16_t> wave(static_cast<std::size_t>(samples));
    for (std::int16_t &sample : wave) sample = static_cast<std::int16_t>(static_cast<int>(generator() % 8001) - 4000);
    return wave;
}

void hold(std::vector<std::int16_t> *wave, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) (*wave)[static_cast<std::size_t>(i)] = (*wave)[static_cast<std::size_t>(begin)];
}

template <class Sample>
asd_status create(const Model &model, const std::vector<Sample> &wave, asd_recording **recording) {
    asd_recording_options options = ASD_RECORDING_OPTIONS_INIT;
    options.sample_type = sizeof(Sample) == 2 ? ASD_INT16 : ASD_FLOAT32;
    return asd_recording_create(model.get(), wave.data(), static_cast<int64_t>(wave.size()), &options, recording);
}

template <class Sample>
Recording begun(const Model &model, const std::vector<Sample> &samples) {
    asd_recording *made = nullptr;
    const auto wave = std::make_shared<const std::vector<Sample>>(samples);
    CHECK(create(model, *wave, &made) == ASD_OK);
    return {wave, {made, asd_recording_destroy}};
}

asd_recording_description facts_of(const Recording &recording) {
    asd_recording_description facts = ASD_RECORDING_DESCRIPTION_INIT;
    CHECK(asd_recording_describe(recording.get(), &facts) == ASD_OK);
    return facts;
}

// One segment's output: an embedding (value, 1) and a map of mean value.
asd_status add(const Recording &recording, int64_t segment, double value) {
    const float embedding[2] = {static_cast<float>(value), 1.0f};
    float map[HEIGHT * WIDTH];
    for (int i = 0; i < HEIGHT * WIDTH; ++i) map[i] = static_cast<float>(value + (i % 2 ? 0.25 : -0.25));
    asd_network_output output = ASD_NETWORK_OUTPUT_INIT;
    output.first = segment;
    output.count = 1;
    output.dimensions = 2;
    output.height = HEIGHT;
    output.width = WIDTH;
    output.embeddings = embedding;
    output.score_maps = map;
    return asd_recording_add(recording.get(), 0, &output);
}

asd_verdict verdict_of(const Recording &recording) {
    asd_verdict verdict = ASD_VERDICT_INIT;
    CHECK(asd_recording_judge(recording.get(), &verdict) == ASD_OK);
    return verdict;
}

asd_stretch stretch_of(const Recording &recording, int64_t number) {
    asd_stretch stretch = ASD_STRETCH_INIT;
    CHECK(asd_recording_stretch(recording.get(), number, &stretch) == ASD_OK);
    return stretch;
}

// 16 segments of 0.25 s every 0.125 s; stretches of 7 segments every 4, and one at the end.
void stretches_are_means_of_their_segments() {
    const Model model = flow_alone();
    const Recording recording = begun(model, noise(17000));
    CHECK(facts_of(recording).segments == 16 && facts_of(recording).stretches == 4 && facts_of(recording).gaps == 0);
    for (int64_t segment = 15; segment >= 0; --segment) CHECK(add(recording, segment, segment == 7 ? 17.0 : 1.0) == ASD_OK);
    const asd_verdict verdict = verdict_of(recording);
    CHECK_NEAR(verdict.score, 0.5, 1e-12);  // 16 more than 1 in one segment of 16
    CHECK(verdict.anomalous == 1 && verdict.stretches_above == 1 && verdict.worst_stretch == 1);
    const struct {
        double start_s, end_s, score, worst_s;
    } expected[] = {{0.0, 1.0, 0.0, 0.0}, {0.5, 1.5, 8.0 / 7, 0.875}, {1.0, 2.0, 0.0, 1.0}, {1.125, 2.125, 0.0, 1.125}};
    for (int64_t i = 0; i < 4; ++i) {
        const asd_stretch stretch = stretch_of(recording, i);
        CHECK(stretch.start_s == expected[i].start_s && stretch.end_s == expected[i].end_s && stretch.scored == 1);
        CHECK_NEAR(stretch.score, expected[i].score, 1e-12);
        CHECK(stretch.worst_start_s == expected[i].worst_s && stretch.worst_end_s == expected[i].worst_s + 0.25);
        CHECK(stretch.above == (i == 1));
    }
    CHECK(add(recording, 7, 1.0) == ASD_OK);  // a segment may be scored again
    asd_stretch stretch = ASD_STRETCH_INIT;
    FAILS(asd_recording_stretch(recording.get(), 0, &stretch), ASD_OUT_OF_ORDER, "no verdict yet");
    CHECK(verdict_of(recording).score == 0.0 && verdict_of(recording).anomalous == 0);
}

void segments_in_a_gap_do_not_count() {
    const Model model = flow_alone();
    std::vector<std::int16_t> wave = noise(17000);
    hold(&wave, 5000, 7001);    // 2001 samples of at least 2000
    hold(&wave, 9000, 10999);   // one too few
    const Recording recording = begun(model, wave);
    double start_s = 0.0, end_s = 0.0;
    CHECK(facts_of(recording).gaps == 1 && asd_recording_gap(recording.get(), 0, &start_s, &end_s) == ASD_OK);
    CHECK_NEAR(start_s, 0.625, 3.0 / 8000);  // samples beside it may lie within a step of it
    CHECK_NEAR(end_s, 7001.0 / 8000, 3.0 / 8000);
    for (int64_t segment = 0; segment < 16; ++segment) CHECK(add(recording, segment, segment >= 4 && segment <= 7 ? 1000.0 : 3.0) == ASD_OK);
    CHECK_NEAR(verdict_of(recording).score, 1.0, 1e-12);
    FAILS(asd_recording_gap(recording.get(), 1, &start_s, &end_s), ASD_INVALID_ARGUMENT, "gap must be one of the recording's 1");
}

void a_stretch_that_is_all_gap_has_no_score() {
    const Model model = flow_alone();
    std::vector<std::int16_t> wave = noise(30000);
    hold(&wave, 3900, 16100);
    const Recording recording = begun(model, wave);
    for (int64_t segment = 0; segment < facts_of(recording).segments; ++segment) CHECK(add(recording, segment, 3.0) == ASD_OK);
    CHECK_NEAR(verdict_of(recording).score, 1.0, 1e-12);
    const asd_stretch silent = stretch_of(recording, 1);
    CHECK(silent.scored == 0 && silent.above == 0 && std::isnan(silent.score));
    CHECK(silent.worst_start_s == silent.start_s && silent.worst_end_s == silent.end_s);
    CHECK(verdict_of(recording).worst_stretch == 0);
}

void a_recording_without_sound_is_no_verdict() {
    const Model model = flow_alone();
    asd_recording *made = nullptr;
    std::vector<std::int16_t> wave(17000, 1000);
    FAILS(create(model, wave, &made), ASD_NO_SOUND, "silent: level -inf dB");
    wave[5] = 1001;
    FAILS(create(model, wave, &made), ASD_NO_SOUND, "silent: level");
    wave = noise(17000);
    hold(&wave, 200, 16900);
    FAILS(create(model, wave, &made), ASD_NO_SOUND, "dropout: each of 16 segments");
    CHECK(made == nullptr);
}

void a_spectrogram_does_not_depend_on_those_asked_for_with_it() {
    for (const char *standardise : {"machine", "clip", "segment"}) {
        ModelFolderFiles files = small_model();
        files.manifest = with(files.manifest, "\"standardise\":\"machine\"", std::string("\"standardise\":\"") + standardise + "\"");
        const Model model = opened(files);
        const Recording recording = begun(model, noise(17333));
        const int64_t segments = facts_of(recording).segments;
        CHECK(segments == 17);
        std::vector<float> all(static_cast<std::size_t>(segments * CELLS)), one(CELLS);
        CHECK(asd_recording_log_mel(recording.get(), 0, segments, all.data()) == ASD_OK);
        for (int64_t segment = 0; segment < segments; ++segment) {
            const auto begin = all.begin() + segment * CELLS;
            CHECK(asd_recording_log_mel(recording.get(), segment, 1, one.data()) == ASD_OK);
            CHECK(same_bits(one, std::vector<float>(begin, begin + CELLS)));
        }
        CHECK(asd_recording_log_mel(recording.get(), segments, 0, nullptr) == ASD_OK);
        FAILS(asd_recording_log_mel(recording.get(), segments, 1, one.data()), ASD_INVALID_ARGUMENT, "which has 17");
        FAILS(asd_recording_log_mel(recording.get(), -1, 1, one.data()), ASD_INVALID_ARGUMENT, "which has 17");
        FAILS(asd_recording_log_mel(recording.get(), 1, INT64_MAX, one.data()), ASD_INVALID_ARGUMENT, "which has 17");
        FAILS(asd_recording_log_mel(recording.get(), 0, 1, nullptr), ASD_INVALID_ARGUMENT, "mel");
    }
}

void samples_that_cannot_be_scored_are_refused() {
    const Model model = opened(small_model());
    asd_recording *made = nullptr;
    asd_recording_options options = ASD_RECORDING_OPTIONS_INIT;
    std::vector<float> wave(4000);
    for (std::size_t i = 0; i < wave.size(); ++i) wave[i] = i % 3 ? 0.1f : -0.1f;
    wave[77] = std::numeric_limits<float>::quiet_NaN();
    FAILS(create(model, wave, &made), ASD_INVALID_ARGUMENT, "sample 77");
    wave[77] = 0.5f;
    FAILS(asd_recording_create(model.get(), wave.data(), 0, &options, &made), ASD_INVALID_ARGUMENT, "at least one sample");
    FAILS(asd_recording_create(model.get(), wave.data(), INT64_MAX, &options, &made), ASD_INVALID_ARGUMENT, "samples must be at most");
    FAILS(asd_recording_create(model.get(), nullptr, 4000, &options, &made), ASD_INVALID_ARGUMENT, "wave");
    options.sample_type = ASD_FLOAT64;
    FAILS(asd_recording_create(model.get(), wave.data(), 4000, &options, &made), ASD_INVALID_ARGUMENT, "sample_type");
    CHECK(made == nullptr);
    wave[77] = 3e38f;  // divided by 0.1
    const Recording recording = begun(model, wave);
    float mel[CELLS];
    FAILS(asd_recording_log_mel(recording.get(), 0, 1, mel), ASD_INVALID_ARGUMENT, "exceeds the range of float32");
}

void outputs_that_do_not_fit_are_refused() {
    const Model model = opened(small_model());
    const Recording recording = begun(model, noise(17000));
    asd_verdict verdict = ASD_VERDICT_INIT;
    FAILS(asd_recording_judge(recording.get(), &verdict), ASD_OUT_OF_ORDER, "segment 0 has no output of network 0");
    CHECK(add(recording, 0, 1.0) == ASD_OK);
    FAILS(asd_recording_judge(recording.get(), &verdict), ASD_OUT_OF_ORDER, "segment 1 has no output");
    FAILS(add(recording, 16, 1.0), ASD_INVALID_ARGUMENT, "which has 16");
    FAILS(add(recording, -1, 1.0), ASD_INVALID_ARGUMENT, "first must be >= 0");
    FAILS(add(recording, 1, std::nan("")), ASD_INVALID_ARGUMENT, "score_maps must be finite");
    float embedding[2] = {0.0f, std::nanf("")}, map[4] = {};
    asd_network_output output = ASD_NETWORK_OUTPUT_INIT;
    output.count = 1;
    output.dimensions = 2;
    output.height = output.width = 2;
    output.embeddings = embedding;
    output.score_maps = map;
    FAILS(asd_recording_add(recording.get(), 0, &output), ASD_INVALID_ARGUMENT, "width must be the same for all segments, 3; got 2");
    FAILS(asd_recording_add(recording.get(), 1, &output), ASD_INVALID_ARGUMENT, "network must be one of the recording's 1");
    output.height = 0;
    FAILS(asd_recording_add(recording.get(), 0, &output), ASD_INVALID_ARGUMENT, "height");
    output.score_maps = nullptr;
    FAILS(asd_recording_add(recording.get(), 0, &output), ASD_INVALID_ARGUMENT, "score_maps must point");
    output.embeddings = nullptr;
    FAILS(asd_recording_add(recording.get(), 0, &output), ASD_INVALID_ARGUMENT, "embeddings must point");
    const Recording other = begun(model, noise(17000));
    output = ASD_NETWORK_OUTPUT_INIT;
    output.count = 1;
    output.dimensions = 3;
    output.height = output.width = 2;
    output.embeddings = embedding;
    output.score_maps = map;
    FAILS(asd_recording_add(other.get(), 0, &output), ASD_INVALID_ARGUMENT, "dimensions must be the model's, 2; got 3");
    output.dimensions = 2;
    FAILS(asd_recording_add(other.get(), 0, &output), ASD_INVALID_ARGUMENT, "queries must be finite");
    FAILS(asd_recording_judge(other.get(), &verdict), ASD_OUT_OF_ORDER, "segment 0");
}

void spectral_statistics_need_no_network() {
    ModelFolderFiles files = small_model();
    files.files = {{"spectral.safetensors", files.files["spectral.safetensors"]}};
    std::string &text = files.manifest;
    const std::size_t networks = text.find("[{\"attribute\"");
    text.replace(networks, text.find("],\"spectral\":{\"stat") - networks + 1, "[]");
    const std::size_t oe = text.find("\"oe\":{\"weight\"");
    text.erase(oe, text.find("\"spectral\":{\"weight\"") - oe);
    text = with(text, "\"weight\":0.5", "\"weight\":1.0");
    const Model model = opened(files);
    std::vector<std::int16_t> wave = noise(40000);
    for (std::size_t i = 25000; i < 29000; ++i) wave[i] = static_cast<std::int16_t>(5 * wave[i]);  // louder for half a second
    const Recording recording = begun(model, wave);
    const asd_verdict verdict = verdict_of(recording);
    const asd_stretch worst = stretch_of(recording, verdict.worst_stretch);
    CHECK(std::isfinite(verdict.score) && worst.start_s < 3.6 && worst.end_s > 3.1);
    CHECK(worst.worst_start_s > 2.8 && worst.worst_end_s < 3.9);
}

void the_wrapper_gives_the_same() {
    const Model model = opened(small_model());
    const std::vector<std::int16_t> wave = noise(17000);
    const Recording recording = begun(model, wave);
    const asd::Model wrapped(place.string());
    CHECK(std::string(wrapped.description().machine) == "pump 7" && wrapped.onnx(0) == "a network" && wrapped.network(0).flow == 1);
    asd::Recording same(wrapped, wave.data(), 17000);
    CHECK(same.description().segments == 16 && same.log_mel(3, 2).size() == 2 * CELLS && same.log_mel(16, 0).empty());
    std::vector<float> mel(2 * CELLS);
    CHECK(asd_recording_log_mel(recording.get(), 3, 2, mel.data()) == ASD_OK && same_bits(mel, same.log_mel(3, 2)));
    for (int64_t segment = 0; segment < 16; ++segment) {
        const float embedding[2] = {0.5f, static_cast<float>(segment)}, map[1] = {static_cast<float>(segment)};
        asd_network_output output = ASD_NETWORK_OUTPUT_INIT;
        output.first = segment;
        output.count = output.height = output.width = 1;
        output.dimensions = 2;
        output.embeddings = embedding;
        output.score_maps = map;
        same.add(0, output);
        CHECK(asd_recording_add(recording.get(), 0, &output) == ASD_OK);
    }
    const asd_verdict verdict = verdict_of(recording), again = same.judge();
    CHECK(std::memcmp(&verdict, &again, sizeof verdict) == 0);
    CHECK(same.stretch(1).score == stretch_of(recording, 1).score);
    for (const auto &call : std::initializer_list<void (*)(asd::Recording *)>{
             [](asd::Recording *one) { one->log_mel(0, INT64_MAX); }, [](asd::Recording *one) { one->log_mel(-1, 2); },
             [](asd::Recording *one) { one->stretch(99); }, [](asd::Recording *one) { one->gap(0); }}) {
        try {
            call(&same);
            CHECK(false);
        } catch (const asd::Error &error) {
            CHECK(error.status() == ASD_INVALID_ARGUMENT);
        }
    }
}

}  // namespace

int main(int, char **arguments) {
    place = std::string(arguments[0]) + ".model";
    stretches_are_means_of_their_segments();
    segments_in_a_gap_do_not_count();
    a_stretch_that_is_all_gap_has_no_score();
    a_recording_without_sound_is_no_verdict();
    a_spectrogram_does_not_depend_on_those_asked_for_with_it();
    samples_that_cannot_be_scored_are_refused();
    outputs_that_do_not_fit_are_refused();
    spectral_statistics_need_no_network();
    the_wrapper_gives_the_same();
    fs::remove_all(place);
    return summary("recording");
}
