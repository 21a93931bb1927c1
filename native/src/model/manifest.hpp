// The contents of a model's manifest.json, schema 3, as far as scoring needs them. docs/model_format.md describes the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../c_api/butterworth.hpp"
#include "asd/asd.h"

namespace asd::model {

// Mean and standard deviation: of normal scores, or of samples.
struct Scale {
    double mean;
    double std;
};

struct NamedScale {
    std::string name;
    Scale scale;
};

// Whose mean and deviation standardise a segment.
enum class Standardise { machine, clip, segment };

struct FrontEnd {
    std::int64_t sample_rate_hz = 0;
    std::int32_t channel = ASD_CHANNEL_ONLY;
    bool resample = false;
    double segment_s = 0.0;
    std::int64_t segment_samples = 0;
    std::int64_t hop_samples = 0;
    asd_log_mel_options log_mel = ASD_LOG_MEL_OPTIONS_INIT;
    Standardise standardise = Standardise::segment;
    Scale level{};
    std::optional<c_api::HighPass> high_pass;  // none: all segments weigh alike

    std::int64_t frames() const { return 1 + segment_samples / log_mel.hop_samples; }
};

struct Network {
    std::optional<std::string> attribute;
    bool flow = false;
    std::vector<NamedScale> scores;  // inlier models and, with a flow, "flow"

    std::int64_t score(std::string_view name) const;  // its place among the scores; -1: none
};

struct Spectral {
    std::vector<std::int32_t> statistics;  // asd_statistic
    double rank_decay = 0.0;
};

// A detector's say in the score.
struct Detector {
    std::string name;
    double weight = 0.0;
    Scale scale{};
    std::vector<Scale> shorter;  // of scores of one hop, two hops ...; spectral statistics alone
};

struct FileFacts {
    std::string name;
    std::int64_t bytes = 0;
    std::string sha256;
};

struct Manifest {
    std::string machine, system, precision;
    bool synthetic = false;
    FrontEnd front_end;
    std::vector<Network> networks;
    std::optional<Spectral> spectral;
    std::vector<Detector> detectors;
    Scale joined{};
    double threshold = 0.0;
    double stretch_s = 0.0;
    std::vector<FileFacts> files;

    const Detector *detector(std::string_view name) const;  // nullptr: the model has none of that name
    const FileFacts &file(std::string_view name) const;     // one that the model must have
};

constexpr const char *MANIFEST = "manifest.json", *SPECTRAL_FILE = "spectral.safetensors", *FLOW = "flow";
constexpr const char *BY_NETWORKS = "oe", *BY_STATISTICS = "spectral";

std::string network_file(std::size_t network);
std::string inlier_file(std::size_t network, const std::string &name);

// How many hops of the segments so many samples hold; 1 if they are fewer than a hop.
std::int64_t whole_hops(std::int64_t samples, const FrontEnd &front_end);

// A stretch's samples, rounded as Python rounds.
std::int64_t stretch_samples(const Manifest &manifest);

// From the text of the file. ASD_INVALID_MODEL with the reason.
asd_status read_manifest(std::string_view text, Manifest *manifest);

}  // namespace asd::model
