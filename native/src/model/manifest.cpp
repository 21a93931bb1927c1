#include "manifest.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "../c_api/last_error.hpp"
#include "../c_api/tensor_table.hpp"
#include "front_end_reader.hpp"
#include "json_tree.hpp"
#include "manifest_values.hpp"
#include "sha256.hpp"

namespace asd::model {
namespace {

using std::int64_t;
using Kind = JsonValue::Kind;

constexpr int64_t SCHEMA = 3, MOST_FILE_BYTES = 1 << 30;
constexpr double LONGEST_STRETCH_S = 86'400.0, LONGEST_SPECTROGRAM = 1 << 24;
constexpr std::size_t MOST_NETWORKS = 64, MOST_SCORES = 256;
constexpr std::string_view INLIER_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789-+";

bool is_inlier_name(std::string_view name) {
    return (name.substr(0, 4) == "knn-" || name.substr(0, 4) == "gmm-") && name.size() > 4 && name.size() <= 64 &&
           name.find_first_not_of(INLIER_SIGNS) == name.npos;
}

// The value, of that kind and schema, and as it was written.
void require_whole(const JsonValue &content) {
    const JsonValue *format = content.find("format"), *schema = content.find("schema"), *digest = content.find("manifest_sha256");
    require(format && format->kind == Kind::string && format->text == "asd-model", "it", "is not the manifest of a model");
    const int64_t number = schema && schema->kind == Kind::number ? c_api::whole_number(schema->text).value_or(0) : 0;
    require(number >= 1, "its schema", "must be a whole number of at least 1");
    require(number <= SCHEMA, "it", "was written by a newer version of asd (schema " + std::to_string(number) +
                                        "; this library reads 3): load a newer library");
    require(number == SCHEMA, "it", "was written by an older version of asd (schema " + std::to_string(number) +
                                        "; this library reads 3): make it again with `asd fit`");
    require(digest && digest->kind == Kind::string && digest->text == hexadecimal(sha256(canonical_json(content, "manifest_sha256"))),
            "it", "was changed after it was written: its hash differs");
}

Network read_network(const JsonValue &value, const std::string &where) {
    const Fields fields(value, where, {"attribute", "flow", "scores"});
    Network network;
    if (fields["attribute"].kind != Kind::null) network.attribute = fields.text("attribute");
    network.flow = fields.truth("flow");
    const JsonValue &scores = fields["scores"];
    require(scores.kind == Kind::object && !scores.members.empty() && scores.members.size() <= MOST_SCORES, fields.place("scores"),
            "must have 1 to 256 scores");
    bool scored_by_flow = false;
    for (const auto &[name, scale] : scores.members) {
        scored_by_flow = scored_by_flow || name == FLOW;
        require(name == FLOW || is_inlier_name(name), "'" + c_api::shown(name) + "'", "is not the name of an inlier model");
        network.scores.push_back({name, scale_of(scale, fields.place("scores") + "." + name)});
    }
    require(scored_by_flow == network.flow, fields.place("flow"), "must be true if and only if the flow scores");
    return network;
}

Spectral read_spectral(const JsonValue &value) {
    const Fields fields(value, "spectral", {"statistics", "rank_decay"});
    Spectral spectral;
    const JsonValue &statistics = fields["statistics"];
    require(statistics.kind == Kind::array && !statistics.elements.empty(), "spectral.statistics", "must be a list");
    constexpr std::string_view NAMES[] = {"mean", "std", "difference", "rank"};
    for (const JsonValue &element : statistics.elements) {
        const auto *found = std::find(std::begin(NAMES), std::end(NAMES), element.text);
        require(element.kind == Kind::string && found != std::end(NAMES), "spectral.statistics",
                "must be some of mean, std, difference, rank");
        const auto kind = static_cast<std::int32_t>(found - std::begin(NAMES)) + 1;
        auto &kinds = spectral.statistics;
        require(std::find(kinds.begin(), kinds.end(), kind) == kinds.end(), "spectral.statistics", "must have each once");
        kinds.push_back(kind);
    }
    spectral.rank_decay = fields.between("rank_decay", 0.0, 1.0);
    return spectral;
}

Detector read_detector(const std::string &name, const JsonValue &value) {
    const std::string where = "joined.detectors." + c_api::shown(name);
    require(name == BY_NETWORKS || name == BY_STATISTICS, where, "is no detector: they are oe and spectral");
    const Fields fields(value, where, {"weight", "sensitivity", "mean", "std", "shorter"});
    JsonValue scale{Kind::object, {}, {{"mean", fields["mean"]}, {"std", fields["std"]}}, {}};
    Detector detector{name, fields.between("weight", 0.0, 1.0), scale_of(scale, where), {}};
    require(fields["shorter"].kind == Kind::array, fields.place("shorter"), "must be a list");
    for (const JsonValue &shorter : fields["shorter"].elements)
        detector.shorter.push_back(scale_of(shorter, fields.place("shorter")));
    return detector;
}

void read_joined(const JsonValue &value, Manifest *made) {
    const Fields fields(value, "joined", {"detectors", "mean", "std", "probed_pieces", "probes"});
    made->joined = scale_of({Kind::object, {}, {{"mean", fields["mean"]}, {"std", fields["std"]}}, {}}, "joined");
    require(fields["detectors"].kind == Kind::object, "joined.detectors", "must be an object");
    double sum = 0.0;
    for (const auto &[name, detector] : fields["detectors"].members) {
        made->detectors.push_back(read_detector(name, detector));
        sum += made->detectors.back().weight;
    }
    require(std::abs(sum - 1.0) <= 1e-9, "joined.detectors", "must have weights with the sum 1");
}

std::vector<FileFacts> read_files(const JsonValue &value) {
    constexpr std::string_view DIGITS = "0123456789abcdef";
    require(value.kind == Kind::object, "files", "must be an object");
    std::vector<FileFacts> files;
    for (const auto &[name, facts] : value.members) {
        const Fields fields(facts, "files['" + c_api::shown(name) + "']", {"bytes", "sha256"});
        files.push_back({name, fields.whole("bytes", 1, MOST_FILE_BYTES), fields.text("sha256")});
        const std::string &digest = files.back().sha256;
        require(digest.size() == 64 && digest.find_first_not_of(DIGITS) == digest.npos, fields.place("sha256"),
                "must be 64 lower-case digits");
    }
    return files;
}

void read_threshold(const JsonValue &value, Manifest *made) {
    const Fields fields(value, "threshold", {"value", "stretch_s", "rule", "false_alarms", "smallest", "median", "largest"});
    made->threshold = fields.number("value");
    made->stretch_s = fields.between("stretch_s", made->front_end.segment_s, LONGEST_STRETCH_S);
}

// The files must be those of its detectors, under the names that this library gives: nothing outside the folder is read.
void require_files(const Manifest &manifest) {
    std::set<std::string> needed, listed;
    for (std::size_t n = 0; n < manifest.networks.size(); ++n) {
        needed.insert(network_file(n));
        for (const NamedScale &score : manifest.networks[n].scores)
            if (score.name != FLOW) needed.insert(inlier_file(n, score.name));
    }
    if (manifest.spectral) needed.insert(SPECTRAL_FILE);
    for (const FileFacts &file : manifest.files) listed.insert(file.name);
    require(needed == listed, "files", "must be one for each network and inlier model, and one for spectral statistics");
}

// A score counts if all networks have it.
void require_shared_score(const std::vector<Network> &networks) {
    const auto everywhere = [&networks](const NamedScale &score) {
        return std::all_of(networks.begin(), networks.end(), [&score](const Network &one) { return one.score(score.name) >= 0; });
    };
    require(networks.empty() || std::any_of(networks.front().scores.begin(), networks.front().scores.end(), everywhere), "networks",
            "must have a score in common");
}

void require_detectors(const Manifest &manifest) {
    require_shared_score(manifest.networks);
    const Detector *networks = manifest.detector(BY_NETWORKS), *statistics = manifest.detector(BY_STATISTICS);
    require((networks && networks->weight > 0.0) == !manifest.networks.empty(), "networks",
            "must be there if and only if they have a say in the score");
    require((statistics && statistics->weight > 0.0) == manifest.spectral.has_value(), "spectral",
            "must be there if and only if it has a say in the score");
    const int64_t samples = stretch_samples(manifest), shorter = whole_hops(samples, manifest.front_end) - 1;
    for (const Detector &detector : manifest.detectors)
        require(static_cast<int64_t>(detector.shorter.size()) == (detector.name == BY_STATISTICS ? shorter : 0),
                "joined.detectors." + detector.name, "must have a scale for each length below a stretch (spectral) or none (oe)");
    const auto frames = static_cast<double>(samples / manifest.front_end.log_mel.hop_samples);
    require(!manifest.spectral || std::max(static_cast<double>(samples), frames * static_cast<double>(
                                      manifest.front_end.log_mel.bands)) <= LONGEST_SPECTROGRAM,
            "threshold.stretch_s", "is too long for spectral statistics");
}

Manifest read(const JsonValue &content) {
    const Fields fields(content, "the manifest",
                        {"format", "schema", "manifest_sha256", "machine", "system", "synthetic", "precision", "exported", "front_end", "networks",
                         "spectral", "joined", "threshold", "training", "device", "versions", "files", "recipe"});
    Manifest made;
    made.machine = fields.text("machine");
    made.system = fields.text("system");
    made.precision = fields.text("precision");
    fields.choice("precision", {"float32", "bfloat16", "int8"});
    made.synthetic = fields.truth("synthetic");
    made.front_end = read_front_end(fields["front_end"]);
    const JsonValue &networks = fields["networks"];
    require(networks.kind == Kind::array && networks.elements.size() <= MOST_NETWORKS, "networks", "must be a list of at most 64");
    for (const JsonValue &network : networks.elements)
        made.networks.push_back(read_network(network, "networks[" + std::to_string(made.networks.size()) + "]"));
    if (fields["spectral"].kind != Kind::null) made.spectral = read_spectral(fields["spectral"]);
    read_joined(fields["joined"], &made);
    made.files = read_files(fields["files"]);
    read_threshold(fields["threshold"], &made);
    require_detectors(made);
    require_files(made);
    return made;
}

}  // namespace

int64_t Network::score(std::string_view name) const {
    for (std::size_t i = 0; i < scores.size(); ++i)
        if (scores[i].name == name) return static_cast<int64_t>(i);
    return -1;
}

const Detector *Manifest::detector(std::string_view name) const {
    for (const Detector &one : detectors)
        if (one.name == name) return &one;
    return nullptr;
}

const FileFacts &Manifest::file(std::string_view name) const {
    return *std::find_if(files.begin(), files.end(), [name](const FileFacts &file) { return file.name == name; });
}

std::string network_file(std::size_t network) { return "networks/" + std::to_string(network) + ".onnx"; }

std::string inlier_file(std::size_t network, const std::string &name) {
    return "inlier/" + std::to_string(network) + "/" + name + ".safetensors";
}

int64_t whole_hops(int64_t samples, const FrontEnd &front_end) { return std::max<int64_t>(1, samples / front_end.hop_samples); }

int64_t stretch_samples(const Manifest &manifest) {
    return static_cast<int64_t>(std::nearbyint(manifest.stretch_s * static_cast<double>(manifest.front_end.sample_rate_hz)));
}

asd_status read_manifest(std::string_view text, Manifest *manifest) {
    try {
        const JsonValue content = parse_json(text);
        require_whole(content);
        *manifest = read(content);
        return ASD_OK;
    } catch (const JsonProblem &problem) {
        return c_api::fail(ASD_INVALID_MODEL, "%s", problem.what());
    }
}

}  // namespace asd::model
