// wav_scores FILE.wav: cuts a recording (16-bit PCM, mono, 16 kHz) into segments of 5 s every 1.25 s and prints, for each, the
// loudest cell of its log-mel spectrogram and its share of the power above 4 kHz; then the mean of these levels, plain and
// weighted by that power. The level stands in for the score that a model would give.
#include <algorithm>
#include <asd/asd.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>

namespace {

constexpr std::int64_t RATE_HZ = 16000, SEGMENT = 80000, HOP = 20000;

struct WavError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::uint32_t number(const std::string &bytes, std::size_t at, int count) {
    std::uint32_t value = 0;
    while (count-- > 0) value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(count)]);
    return value;
}

// Samples of a wav file. Throws WavError on anything but whole 16-bit PCM, mono, at RATE_HZ.
std::vector<std::int16_t> read_wav(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw WavError(path + ": cannot be opened");
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (bytes.size() < 12 || bytes.compare(0, 4, "RIFF") != 0 || bytes.compare(8, 4, "WAVE") != 0)
        throw WavError(path + ": is not a wav file");
    bool known = false;
    for (std::size_t at = 12; at + 8 <= bytes.size();) {
        const std::size_t length = number(bytes, at + 4, 4), chunk = at + 8;
        if (length > bytes.size() - chunk) throw WavError(path + ": ends within a chunk");
        if (bytes.compare(at, 4, "fmt ") == 0) {
            known = length >= 16 && number(bytes, chunk, 2) == 1 && number(bytes, chunk + 2, 2) == 1 &&
                    number(bytes, chunk + 4, 4) == RATE_HZ && number(bytes, chunk + 14, 2) == 16;
            if (!known) throw WavError(path + ": is not 16-bit PCM, mono, at 16000 Hz");
        } else if (bytes.compare(at, 4, "data") == 0) {
            if (!known) throw WavError(path + ": has data before their format");
            if (length == 0 || length % 2 != 0) throw WavError(path + ": does not hold whole samples");
            std::vector<std::int16_t> wave(length / 2);
            for (std::size_t i = 0; i < wave.size(); ++i)
                wave[i] = static_cast<std::int16_t>(number(bytes, chunk + 2 * i, 2));
            return wave;
        }
        at = chunk + length + length % 2;
    }
    throw WavError(path + ": has no data");
}

// Butterworth high-pass of order 24, 3 dB down at 4 kHz: section k has a pole pair of damping 2 sin(pi (2 k + 1) / 48).
std::vector<double> high_pass_sections() {
    const int sections = 12;
    const double pi = std::acos(-1.0), order = 2 * sections;
    const double edge = std::tan(pi * 4000.0 / RATE_HZ) * std::pow(std::pow(10.0, 0.3) - 1.0, 0.5 / order);
    std::vector<double> sos;
    for (int k = 0; k < sections; ++k) {
        const double damping = 2.0 * std::sin(pi * (2 * k + 1) / (2.0 * order)) * edge, square = edge * edge;
        const double scale = 1.0 / (1.0 + damping + square);
        sos.insert(sos.end(), {scale, -2.0 * scale, scale, 1.0, 2.0 * (square - 1.0) * scale,
                               (1.0 - damping + square) * scale});
    }
    return sos;
}

void print_scores(const std::vector<std::int16_t> &wave) {
    const auto samples = static_cast<std::int64_t>(wave.size());
    asd_segment_options segment_options = ASD_SEGMENT_OPTIONS_INIT;
    asd_power_options power_options = ASD_POWER_OPTIONS_INIT;
    segment_options.segment_samples = power_options.segment_samples = SEGMENT;
    segment_options.hop_samples = power_options.hop_samples = HOP;

    const asd_log_mel_options mel_options = ASD_LOG_MEL_OPTIONS_INIT;
    const asd::LogMel log_mel(mel_options);
    const std::vector<float> mel = log_mel.segments(wave.data(), 1, samples, segment_options);
    const std::vector<double> power =
        asd::high_passed_power(wave.data(), 1, samples, high_pass_sections(), power_options);
    const double total = std::accumulate(power.begin(), power.end(), 0.0);

    const std::vector<std::int64_t> starts = asd::segment_starts(samples, SEGMENT, HOP);
    const std::int64_t frames = log_mel.frames(SEGMENT), cells = mel_options.bands * frames;
    std::printf("%zu segments of %d bands x %d frames\n", starts.size(), static_cast<int>(mel_options.bands),
                static_cast<int>(frames));
    std::printf("start_s  loudest_db  band  frame    weight\n");
    std::vector<double> levels;
    for (std::size_t s = 0; s < starts.size(); ++s) {
        const auto first = mel.begin() + static_cast<std::int64_t>(s) * cells;
        const auto loudest = std::max_element(first, first + cells);
        levels.push_back(*loudest);
        std::printf("%7.2f  %10.4f  %4d  %5d  %8.6f\n", static_cast<double>(starts[s]) / RATE_HZ, levels[s],
                    static_cast<int>((loudest - first) / frames), static_cast<int>((loudest - first) % frames),
                    total > 0.0 ? power[s] / total : 0.0);
    }
    const std::vector<double> equal(levels.size());  // weights of zero mean equal weights
    const auto segments = static_cast<std::int64_t>(levels.size());
    std::printf("mean %.4f  weighted %.4f\n", asd::weighted_mean(levels.data(), equal.data(), 1, segments)[0],
                asd::weighted_mean(levels.data(), power.data(), 1, segments)[0]);
}

}  // namespace

int main(int argc, char **argv) try {
    if (argc != 2) throw std::runtime_error("usage: wav_scores FILE.wav");
    if (asd_abi_version() != ASD_ABI_VERSION) throw std::runtime_error("libasd has another ABI than the header");
    print_scores(read_wav(argv[1]));
} catch (const std::exception &error) {
    std::fprintf(stderr, "wav_scores: %s\n", error.what());
    return 1;
}
