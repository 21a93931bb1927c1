// A recording of any samples, scored with a small model whose network gives any numbers: either a refusal that says why, or stretches in
// order that agree with the verdict, and the same however the segments are taken together.
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>

#include "../tests/model_folder.hpp"
#include "asd/asd.hpp"
#include "byte_source.hpp"

using std::int64_t;

namespace {

// Opened once; standardised by the machine's level, the clip's, or each segment's.
const asd::Model &model(std::size_t number) {
    static const std::vector<asd::Model> models = [] {
        std::vector<asd::Model> opened;
        const std::filesystem::path folder = std::filesystem::temp_directory_path() / "asd_recording_fuzz";
        for (const char *by : {"machine", "clip", "segment"}) {
            ModelFolderFiles files = small_model();
            files.manifest = with(files.manifest, "\"standardise\":\"machine\"", std::string("\"standardise\":\"") + by + "\"");
            const std::filesystem::path own = folder / (by + std::to_string(reinterpret_cast<std::uintptr_t>(&opened)));
            files.write(own);
            opened.emplace_back(own.string());
            std::filesystem::remove_all(own);  // the network is never asked for
        }
        return opened;
    }();
    return models[number];
}

// A run of noise, of a held value, or of a tone, for as long as there are bytes.
template <class Sample>
std::vector<Sample> samples_of(ByteSource *bytes) {
    std::vector<Sample> wave;
    std::uint32_t state = bytes->take<std::uint8_t>();
    for (int run = bytes->take<std::uint8_t>() % 8; run >= 0; --run) {
        const auto kind = bytes->take<std::uint8_t>();
        const auto level = static_cast<float>(bytes->one_of<std::int16_t>({1, 2, 3, 1000, 32767}));
        for (int left = bytes->take<std::uint16_t>() % 6000; left >= 0; --left) {
            state = state * 1664525u + 1013904223u;
            const float value = kind % 3 == 0 ? level : kind % 3 == 1 ? level * static_cast<float>(state >> 8) / 16777216.0f
                                                                      : level * static_cast<float>(left % 7 - 3) / 3.0f;
            wave.push_back(static_cast<Sample>(sizeof(Sample) == 2 ? value : value / 32768.0f));
        }
    }
    if (sizeof(Sample) == 4 && bytes->take<std::uint8_t>() == 7) wave[wave.size() / 2] = bytes->take<Sample>();
    return wave;
}

struct Output {
    std::vector<float> numbers;  // embeddings, then maps
    int64_t height, width;
};

Output output_of(ByteSource *bytes, int64_t segments) {
    Output output{{}, 1 + bytes->take<std::uint8_t>() % 3, 1 + bytes->take<std::uint8_t>() % 3};
    output.numbers = bytes->rest<float>(64);
    if (output.numbers.empty()) output.numbers.push_back(1.5f);
    const std::vector<float> given = output.numbers;
    output.numbers.resize(static_cast<std::size_t>(segments * (2 + output.height * output.width)));
    for (std::size_t i = 0; i < output.numbers.size(); ++i) output.numbers[i] = given[i % given.size()];
    return output;
}

void add(asd::Recording *recording, const Output &from, int64_t together) {
    const int64_t segments = recording->description().segments, cells = from.height * from.width;
    for (int64_t first = 0; first < segments; first += together) {
        asd_network_output output = ASD_NETWORK_OUTPUT_INIT;
        output.first = first;
        output.count = std::min(together, segments - first);
        output.dimensions = 2;
        output.height = from.height;
        output.width = from.width;
        output.embeddings = from.numbers.data() + 2 * first;
        output.score_maps = from.numbers.data() + 2 * segments + cells * first;
        recording->add(0, output);
    }
}

void check_stretches(const asd::Recording &recording, const asd_verdict &verdict, double seconds) {
    int64_t above = 0;
    double start_s = -1.0;
    const asd_stretch worst = recording.stretch(verdict.worst_stretch);
    LAW(worst.scored == 1 && std::isfinite(verdict.score) && (verdict.anomalous == 1) == (verdict.stretches_above > 0));
    for (int64_t i = 0; i < recording.description().stretches; ++i) {
        const asd_stretch stretch = recording.stretch(i);
        above += stretch.above;
        LAW(stretch.start_s > start_s && stretch.end_s > stretch.start_s && stretch.end_s <= seconds);
        LAW(stretch.worst_start_s >= stretch.start_s && stretch.worst_end_s <= stretch.end_s);
        LAW(stretch.scored ? std::isfinite(stretch.score) && stretch.score <= worst.score : std::isnan(stretch.score) && !stretch.above);
        start_s = stretch.start_s;
    }
    LAW(above == verdict.stretches_above);
    for (int64_t i = 0; i < recording.description().gaps; ++i) {
        const asd::Recording::Gap gap = recording.gap(i);
        LAW(gap.start_s >= 0.0 && gap.end_s > gap.start_s && gap.end_s <= seconds);
    }
}

void check_spectrograms(const asd::Recording &recording) {
    const int64_t segments = recording.description().segments;
    const std::vector<float> all = recording.log_mel(0, segments), last = recording.log_mel(segments - 1, 1);
    LAW(std::memcmp(all.data() + all.size() - last.size(), last.data(), last.size() * sizeof(float)) == 0);
}

template <class Sample>
void score(const asd::Model &by, ByteSource *bytes) {
    const std::vector<Sample> wave = samples_of<Sample>(bytes);
    const auto samples = static_cast<int64_t>(wave.size());
    asd::Recording recording(by, wave.data(), samples);
    const Output output = output_of(bytes, recording.description().segments);
    check_spectrograms(recording);
    add(&recording, output, 1);
    const asd_verdict verdict = recording.judge();
    check_stretches(recording, verdict, static_cast<double>(samples) / 8000.0);
    add(&recording, output, 5);
    const asd_verdict again = recording.judge();
    LAW(std::memcmp(&verdict, &again, sizeof verdict) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    ByteSource bytes(data, size);
    const asd::Model &by = model(bytes.take<std::uint8_t>() % 3);
    try {
        if (bytes.take<std::uint8_t>() % 2)
            score<std::int16_t>(by, &bytes);
        else
            score<float>(by, &bytes);
    } catch (const asd::Error &refusal) {
        LAW(refusal.status() == ASD_INVALID_ARGUMENT || refusal.status() == ASD_NO_SOUND || refusal.status() == ASD_INVALID_MODEL);
        LAW(std::strlen(refusal.what()) > 10);
    }
    return 0;
}
