// A small model's folder, for the tests: any of its files and any part of its manifest can be replaced.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "../src/model/json_tree.hpp"
#include "../src/model/sha256.hpp"
#include "model_bytes.hpp"

// Throws if `old` is not in the text.
inline std::string with(std::string text, const std::string &old, const std::string &fresh) {
    return text.replace(text.find(old), old.size(), fresh);
}

inline std::string digest_of(const std::string &bytes) { return asd::model::hexadecimal(asd::model::sha256(bytes)); }

// 8 kHz, segments of 2000 samples every 1000, 8 bands x 16 frames; embeddings of two numbers.
struct ModelFolderFiles {
    std::map<std::string, std::string> files;  // by path below the folder
    std::string manifest;                      // without "files" and its hash
    bool sealed = true;                        // whether the manifest has the right hash

    // The manifest, as a text that holds its hash.
    std::string text() const {
        std::string listed;
        for (const auto &[name, bytes] : files)
            listed += (listed.empty() ? "" : ",") + quoted(name) + ":{\"bytes\":" + std::to_string(bytes.size()) + ",\"sha256\":\"" +
                      digest_of(bytes) + "\"}";
        std::string whole = manifest;
        if (whole.find("\"files\"") == whole.npos) whole = with(whole, "{", "{\"files\":{" + listed + "},");
        return sealed ? seal(whole) : whole;
    }

    // As it is if it is no JSON.
    static std::string seal(const std::string &text) {
        try {
            const std::string digest = digest_of(asd::model::canonical_json(asd::model::parse_json(text)));
            return with(text, "{", "{\"manifest_sha256\":\"" + digest + "\",");
        } catch (const asd::model::JsonProblem &) {
            return text;
        }
    }

    void write(const std::filesystem::path &folder) const {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
        for (const auto &[name, bytes] : files) put(folder / name, bytes);
        put(folder / "manifest.json", text());
    }

    static void put(const std::filesystem::path &path, const std::string &bytes) {
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << bytes;
    }
};

inline std::string small_front_end() {
    return R"({"audio":{"sample_rate_hz":8000,"channel":"only","resample":false},)"
           R"("segments":{"sample_rate_hz":8000,"length_s":0.25,"overlap":0.5},)"
           R"("log_mel":{"sample_rate_hz":8000,"window_s":0.032,"hop_s":0.016,"bands":8,"low_hz":50.0,"high_hz":3900,)"
           R"("mel_scale":"htk","area_norm":false,"power":1.0,"normalise_window":true,"log":true,"floor":1e-07,"padding":"reflect"},)"
           R"("standardise":"machine","level":{"mean":0.0,"std":0.1},)"
           R"("high_pass":{"pass_hz":2000.0,"stop_hz":1000.0,"pass_db":3.0,"stop_db":40.0}})";
}

// Two detectors: a network with a flow and two inlier models, and spectral statistics. A stretch is 8000 samples.
inline ModelFolderFiles small_model() {
    const auto detector = [](const char *shorter) {
        return std::string(R"({"weight":0.5,"sensitivity":1.0,"mean":1.0,"std":2.0,"shorter":[)") + shorter + "]}";
    };
    std::string shorter;
    for (int hop = 1; hop < 8; ++hop) shorter += std::string(hop > 1 ? "," : "") + R"({"mean":10.0,"std":3.0})";
    ModelFolderFiles model;
    model.files = {{"networks/0.onnx", "a network"},
                   {"inlier/0/knn-2-source.safetensors", small_knn().bytes()},
                   {"inlier/0/gmm-2-source.safetensors", small_gmm().bytes()}};
    std::vector<double> identity(16 * 16);
    for (std::size_t i = 0; i < 16; ++i) identity[17 * i] = 1.0;
    model.files["spectral.safetensors"] =
        knn_file(std::vector<double>(16, 0.0), identity, std::vector<float>(3 * 16, -20.0f), 2).bytes();
    model.manifest =
        R"({"format":"asd-model","schema":3,"machine":"pump 7","system":"oe-flow","synthetic":true,"precision":"float32",)"
        R"("front_end":)" + small_front_end() +
        R"(,"networks":[{"attribute":null,"flow":true,"scores":{"knn-2-source":{"mean":1.0,"std":2.0},)"
        R"("gmm-2-source":{"mean":3.0,"std":0.5},"flow":{"mean":0.0,"std":1.0}}}],)"
        R"("spectral":{"statistics":["mean","std"],"rank_decay":0.9},)"
        R"("joined":{"detectors":{"oe":)" + detector("") + R"(,"spectral":)" + detector(shorter.c_str()) +
        R"(},"mean":0.0,"std":1.0,"probed_pieces":3,"probes":[]},)"
        R"("threshold":{"value":0.5,"stretch_s":1.0,"rule":"largest","false_alarms":0.05,"smallest":-1,"median":0,"largest":0.5},)"
        R"("training":{},"device":"cpu","versions":{},"recipe":{"seed":0},"exported":null})";
    return model;
}
