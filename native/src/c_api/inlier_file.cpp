#include "inlier_file.hpp"

#include <cmath>
#include <cstring>
#include <initializer_list>
#include <string>

#include "../cpu/sample_kernels.hpp"
#include "checks.hpp"
#include "inlier_header.hpp"
#include "tensor_table.hpp"

namespace asd::c_api {
namespace {

using std::int64_t;

constexpr const char *HEADER_KEY = "asd_inlier";

struct Field {
    const char *name;
    TensorType type;
};

const std::initializer_list<Field> KNN_FIELDS = {{"location", TensorType::f64}, {"shrinkage", TensorType::f64},
                                                 {"training", TensorType::f32}, {"whitening", TensorType::f64}};
const std::initializer_list<Field> DENSE_KNN_FIELDS = {{"local_distance", TensorType::f32}, {"location", TensorType::f64},
                                                       {"shrinkage", TensorType::f64},     {"training", TensorType::f32},
                                                       {"whitening", TensorType::f64}};
constexpr float LEAST_LOCAL_DISTANCE = 1e-9f, MOST_LOCAL_DISTANCE = 1e9f;  // the reciprocal of the square is a number
const std::initializer_list<Field> GMM_FIELDS = {{"em", TensorType::i64},    {"location", TensorType::f64},
                                                 {"means", TensorType::f32}, {"precisions_cholesky", TensorType::f32},
                                                 {"scale", TensorType::f64}, {"weights", TensorType::f64}};

// Refuses a model; the message names the array and the rule.
asd_status wrong_array(const char *name, const std::string &rule) {
    return fail(ASD_INVALID_MODEL, "does not hold a valid model: array '%s' %s: save the model again", name, rule.c_str());
}

const Tensor *find(const TensorTable &table, const char *name) {
    for (const Tensor &tensor : table.tensors)
        if (tensor.name == name) return &tensor;
    return nullptr;
}

const Tensor &get(const TensorTable &table, const char *name) { return *find(table, name); }

template <class Value>
const Value *place(const Tensor &tensor, asd_inlier *made) {
    const char *bytes = tensor.bytes.data();
    if (reinterpret_cast<std::uintptr_t>(bytes) % alignof(Value) == 0) return reinterpret_cast<const Value *>(bytes);
    made->aligned.push_back(std::make_unique<double[]>(tensor.bytes.size() / sizeof(double) + 1));
    std::memcpy(made->aligned.back().get(), bytes, tensor.bytes.size());
    return reinterpret_cast<const Value *>(made->aligned.back().get());
}

// Exactly the fields of the class, of their types.
asd_status require_fields(const TensorTable &table, std::initializer_list<Field> fields) {
    for (const Field &field : fields) {
        const Tensor *tensor = find(table, field.name);
        if (!tensor) return wrong_array(field.name, "is missing");
        if (tensor->type != field.type) return wrong_array(field.name, std::string("must be ") + type_name(field.type));
    }
    for (const Tensor &tensor : table.tensors) {
        bool known = false;
        for (const Field &field : fields) known = known || tensor.name == field.name;
        if (!known) return wrong_array(shown(tensor.name).c_str(), "is none of its class");
    }
    return ASD_OK;
}

asd_status require_shape(const TensorTable &table, const char *name, std::initializer_list<int64_t> shape) {
    if (get(table, name).shape == std::vector<int64_t>(shape)) return ASD_OK;
    const auto text = [](const std::vector<int64_t> &sizes) {
        std::string all;
        for (const int64_t size : sizes) all += (all.empty() ? "" : " x ") + std::to_string(size);
        return all.empty() ? std::string("no axes") : all;
    };
    return wrong_array(name, "must be " + text(shape) + "; got " + text(get(table, name).shape));
}

// The values, checked to be there and finite.
template <class Value>
asd_status read_values(const TensorTable &table, const char *name, asd_inlier *made, const Value **values) {
    const Tensor &tensor = get(table, name);
    const int64_t count = tensor.elements();
    *values = place<Value>(tensor, made);
    const int64_t bad = cpu::first_not_finite(cpu::isa_kernels(), *values, count);
    if (count > 0 && bad == count) return ASD_OK;
    return wrong_array(name, "must hold finite numbers" + (count ? "; element " + std::to_string(bad) + " is not" : ""));
}

// Of squared distances: a distance to a training vector is divided by the local distance there.
asd_status load_weights(const TensorTable &table, asd_inlier *made) {
    const float *local = nullptr;
    ASD_REQUIRE(read_values(table, "local_distance", made, &local));
    ASD_REQUIRE(require_shape(table, "local_distance", {made->knn.vectors}));
    made->weights.reserve(static_cast<std::size_t>(made->knn.vectors));
    for (int64_t row = 0; row < made->knn.vectors; ++row) {
        if (!(local[row] >= LEAST_LOCAL_DISTANCE && local[row] <= MOST_LOCAL_DISTANCE))
            return wrong_array("local_distance", "must be 1e-9 to 1e9");
        made->weights.push_back(1.0f / (local[row] * local[row]));
    }
    made->knn.weights = made->weights.data();
    return ASD_OK;
}

asd_status load_knn(const TensorTable &table, const InlierHeader &header, asd_inlier *made) {
    kernels::KnnModel &model = made->knn;
    ASD_REQUIRE(require_fields(table, header.local_density ? DENSE_KNN_FIELDS : KNN_FIELDS));
    const double *shrinkage = nullptr;
    ASD_REQUIRE(read_values(table, "location", made, &model.location));
    ASD_REQUIRE(read_values(table, "shrinkage", made, &shrinkage));
    ASD_REQUIRE(read_values(table, "training", made, &model.training));
    ASD_REQUIRE(read_values(table, "whitening", made, &model.whitening.values));
    model.dimensions = model.whitening.size = get(table, "location").elements();
    model.vectors = get(table, "training").elements() / model.dimensions;
    model.neighbours = header.neighbours;
    ASD_REQUIRE(require_shape(table, "location", {model.dimensions}));
    ASD_REQUIRE(require_shape(table, "shrinkage", {1}));
    ASD_REQUIRE(require_shape(table, "training", {model.vectors, model.dimensions}));
    ASD_REQUIRE(require_shape(table, "whitening", {model.dimensions, model.dimensions}));
    for (int64_t i = 0; i < model.dimensions; ++i)
        for (int64_t j = 0; j < i; ++j)
            if (model.whitening.row(i)[j] != 0.0) return wrong_array("whitening", "must be upper triangular");
    if (model.neighbours > model.vectors)
        return fail(ASD_INVALID_MODEL, "does not hold a valid model: neighbours must be at most the number of training vectors, "
                                       "%lld; got %lld: save the model again",
                    static_cast<long long>(model.vectors), static_cast<long long>(model.neighbours));
    return header.local_density ? load_weights(table, made) : ASD_OK;
}

asd_status require_above_zero(const char *name, double value) {
    return value > 0.0 ? ASD_OK : wrong_array(name, "must be above 0 (of a precision: its diagonal)");
}

asd_status load_gmm(const TensorTable &table, const InlierHeader &header, asd_inlier *made) {
    kernels::GmmModel &model = made->gmm;
    ASD_REQUIRE(require_fields(table, GMM_FIELDS));
    const double *scale = nullptr, *weights = nullptr;
    ASD_REQUIRE(read_values(table, "location", made, &model.location));
    ASD_REQUIRE(read_values(table, "means", made, &model.means));
    ASD_REQUIRE(read_values(table, "precisions_cholesky", made, &model.factors));
    ASD_REQUIRE(read_values(table, "scale", made, &scale));
    ASD_REQUIRE(read_values(table, "weights", made, &weights));
    const int64_t dimensions = model.dimensions = get(table, "location").elements();
    model.components = header.components;
    model.scale = *scale;
    ASD_REQUIRE(require_shape(table, "em", {2}));
    ASD_REQUIRE(require_shape(table, "location", {dimensions}));
    ASD_REQUIRE(require_shape(table, "scale", {1}));
    ASD_REQUIRE(require_shape(table, "weights", {model.components}));
    ASD_REQUIRE(require_shape(table, "means", {model.components, dimensions}));
    if (dimensions > INT64_C(1) << 31) return wrong_array("location", "is too long for the precisions of any file");
    ASD_REQUIRE(require_shape(table, "precisions_cholesky", {model.components, dimensions * (dimensions + 1) / 2}));
    ASD_REQUIRE(require_above_zero("scale", model.scale));
    made->log_peaks.reserve(static_cast<std::size_t>(model.components));
    for (int64_t k = 0; k < model.components; ++k) {
        ASD_REQUIRE(require_above_zero("weights", weights[k]));
        double log_peak = std::log(weights[k]);
        for (int64_t i = 0; i < dimensions; ++i) {
            const auto diagonal = static_cast<double>(model.factor(k).row(i)[i]);
            ASD_REQUIRE(require_above_zero("precisions_cholesky", diagonal));
            log_peak += std::log(diagonal);
        }
        made->log_peaks.push_back(log_peak);
    }
    model.log_peaks = made->log_peaks.data();
    return ASD_OK;
}

}  // namespace

asd_status load_inlier(std::string_view bytes, asd_inlier *made) {
    TensorTable table;
    ASD_REQUIRE(read_tensor_table(bytes, HEADER_KEY, &table));
    if (!table.has_header)
        return fail(ASD_INVALID_MODEL,
                    "a safetensors file, but not an inlier model: its metadata lacks '%s': pass what asd-inlier saved", HEADER_KEY);
    InlierHeader header{};
    ASD_REQUIRE(read_inlier_header(table.header, &header));
    made->kind = header.kind;
    return header.kind == ASD_INLIER_KNN ? load_knn(table, header, made) : load_gmm(table, header, made);
}

}  // namespace asd::c_api
