// The bytes of a model file as asd-inlier writes it: small models for the tests, any part of which can be replaced.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

struct ModelArray {
    std::string name, type, shape;  // "means", "F32", "[2,3]"
    std::string bytes;
};

template <class Value>
std::string bytes_of(const std::vector<Value> &values) {
    std::string bytes(values.size() * sizeof(Value), '\0');
    if (!values.empty()) std::memcpy(&bytes[0], values.data(), bytes.size());
    return bytes;
}

// Quoted as a JSON string.
inline std::string quoted(const std::string &text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '\n') result += "\\n";
        if (c == '"' || c == '\\') result += '\\';
        if (c != '\n') result += c;
    }
    return result + "\"";
}

inline std::string with_size(const std::string &header) {
    std::string size;
    for (int i = 0; i < 8; ++i) size += static_cast<char>(header.size() >> 8 * i & 0xff);
    return size + header;
}

struct ModelFile {
    std::string header;              // value of the metadata key "asd_inlier"
    std::vector<ModelArray> arrays;  // in the order of the file
    std::size_t alignment = 8;       // of the first array

    ModelArray &array(const std::string &name) {
        for (ModelArray &one : arrays)
            if (one.name == name) return one;
        return arrays.front();
    }

    std::string bytes() const {
        std::string json = "{\"__metadata__\":{\"asd_inlier\":" + quoted(header) + "}", data;
        for (const ModelArray &one : arrays) {
            json += "," + quoted(one.name) + ":{\"dtype\":\"" + one.type + "\",\"shape\":" + one.shape + ",\"data_offsets\":[" +
                    std::to_string(data.size()) + ",";
            data += one.bytes;
            json += std::to_string(data.size()) + "]}";
        }
        json += "}";
        while (json.size() % 8 != alignment % 8) json += " ";
        return with_size(json) + data;
    }
};

inline std::string shape(std::size_t a) { return "[" + std::to_string(a) + "]"; }
inline std::string shape(std::size_t a, std::size_t b) { return "[" + std::to_string(a) + "," + std::to_string(b) + "]"; }

// training: N x D whitened vectors; whitening: D x D.
inline ModelFile knn_file(const std::vector<double> &location, const std::vector<double> &whitening,
                          const std::vector<float> &training, int neighbours) {
    const std::size_t size = location.size();
    return {"{\"class\": \"MahalanobisKNN\", \"parameters\": {\"backend\": \"auto\", \"neighbours\": " + std::to_string(neighbours) +
                "}, \"schema\": 1}",
            {{"location", "F64", shape(size), bytes_of(location)},
             {"shrinkage", "F64", shape(1), bytes_of(std::vector<double>{0.5})},
             {"whitening", "F64", shape(size, size), bytes_of(whitening)},
             {"training", "F32", shape(training.size() / size, size), bytes_of(training)}}};
}

// means: K x D; factors: K x D (D + 1) / 2.
inline ModelFile gmm_file(const std::vector<double> &location, double scale, const std::vector<double> &weights,
                          const std::vector<float> &means, const std::vector<float> &factors) {
    const std::size_t size = location.size(), components = weights.size();
    return {"{\"class\": \"GaussianMixtureInlier\", \"parameters\": {\"components\": " + std::to_string(components) +
                ", \"max_iter\": 50, \"random_state\": 0, \"regularisation\": 0.01}, \"schema\": 1}",
            {{"em", "I64", shape(2), bytes_of(std::vector<std::int64_t>{5, 1})},
             {"location", "F64", shape(size), bytes_of(location)},
             {"scale", "F64", shape(1), bytes_of(std::vector<double>{scale})},
             {"weights", "F64", shape(components), bytes_of(weights)},
             {"means", "F32", shape(components, size), bytes_of(means)},
             {"precisions_cholesky", "F32", shape(components, size * (size + 1) / 2), bytes_of(factors)}}};
}

// Two dimensions, three training vectors, two neighbours.
inline ModelFile small_knn() { return knn_file({1, 2}, {1, 0.5, 0, 2}, {0, 0, 3, 4, -6, 8}, 2); }

// The same, its distances divided by local ones.
inline ModelFile small_dense_knn() {
    ModelFile file = small_knn();
    file.header = "{\"class\": \"MahalanobisKNN\", \"parameters\": {\"backend\": \"auto\", \"local_density\": 2, "
                  "\"neighbours\": 2, \"standardise\": true}, \"schema\": 1}";
    file.arrays.push_back({"local_distance", "F32", shape(3), bytes_of(std::vector<float>{0.5f, 2.0f, 4.0f})});
    return file;
}

// Two dimensions, two components.
inline ModelFile small_gmm() { return gmm_file({1, 2}, 2.0, {0.25, 0.75}, {0, 0, 1, -1}, {1, 0.5f, 2, 1, 0, 1}); }
