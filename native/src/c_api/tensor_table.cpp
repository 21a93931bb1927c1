// Layout of safetensors: eight bytes with the header's size, little-endian; the header, JSON; then the arrays, one after
// the other without a gap, to the end of the file.
#include "tensor_table.hpp"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <utility>

#include "checks.hpp"
#include "json_reader.hpp"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the arrays of a model file are little-endian and are used as they lie in memory"
#endif

namespace asd::c_api {
namespace {

using std::int64_t;

constexpr std::size_t SIZE_BYTES = 8;
constexpr std::uint64_t MOST_HEADER = 100'000'000;  // as safetensors
constexpr std::size_t MOST_TENSORS = 16;            // twice what an inlier model has, so that a table is read quickly
constexpr std::size_t MOST_AXES = 2;

asd_status not_whole(const char *what) {
    return fail(ASD_INVALID_MODEL, "not a whole safetensors file (%s): save the model again", what);
}

asd_status wrong_header(const JsonReader &json) {
    return fail(ASD_INVALID_MODEL, "not a whole safetensors file (header: %s at byte %lld): save the model again",
                json.problem(), static_cast<long long>(SIZE_BYTES + json.at()));
}

asd_status not_whole(const Tensor &tensor, const char *what) {
    return fail(ASD_INVALID_MODEL, "not a whole safetensors file (array '%s' %s): save the model again",
                shown(tensor.name).c_str(), what);
}

asd_status not_of_a_model(const Tensor &tensor, const char *what) {
    return fail(ASD_INVALID_MODEL, "not an inlier model: array '%s' %s: pass what asd-inlier saved", shown(tensor.name).c_str(),
                what);
}

bool read_size(JsonReader *json, int64_t *size) {
    std::string_view literal;
    if (!json->number(&literal)) return false;
    const auto value = whole_number(literal);
    *size = value.value_or(0);
    return (value && literal[0] != '-') || json->refuse("a size must be a whole number of at least 0");
}

bool read_shape(JsonReader *json, std::vector<int64_t> *shape) {
    if (!json->begin_array()) return false;
    while (json->next_element()) {
        int64_t size = 0;
        if (!read_size(json, &size)) return false;
        if (shape->size() <= MOST_AXES) shape->push_back(size);
    }
    return !json->failed();
}

bool read_offsets(JsonReader *json, int64_t *begin, int64_t *end) {
    if (!json->begin_array()) return false;
    for (int64_t *offset : {begin, end})
        if (!(json->next_element() || json->refuse("two offsets expected")) || !read_size(json, offset)) return false;
    return json->next_element() ? json->refuse("two offsets expected") : !json->failed();
}

bool to_type(const std::string &name, TensorType *type) {
    for (const TensorType known : {TensorType::f32, TensorType::f64, TensorType::i64}) {
        if (name != type_name(known)) continue;
        *type = known;
        return true;
    }
    return false;
}

// bytes: all after the header.
asd_status read_tensor(JsonReader *json, std::string_view bytes, Tensor *tensor) {
    std::string key, type;
    int64_t begin = 0, end = 0;
    bool has_type = false, has_shape = false, has_offsets = false;
    if (!json->begin_object()) return wrong_header(*json);
    while (json->next_key(&key)) {
        bool *has = key == "dtype" ? &has_type : key == "shape" ? &has_shape : key == "data_offsets" ? &has_offsets : nullptr;
        const bool read = !has ? json->skip()
                          : *has ? json->refuse("a key twice")
                          : has == &has_type ? json->string(&type)
                          : has == &has_shape ? read_shape(json, &tensor->shape)
                                              : read_offsets(json, &begin, &end);
        if (!read) return wrong_header(*json);
        if (has) *has = true;
    }
    if (json->failed()) return wrong_header(*json);
    if (!has_type || !has_shape || !has_offsets) return not_whole(*tensor, "lacks dtype, shape or data_offsets");
    if (!to_type(type, &tensor->type)) return not_of_a_model(*tensor, "must be of dtype F32, F64 or I64");
    if (tensor->shape.size() > MOST_AXES) return not_of_a_model(*tensor, "must have one or two axes");
    if (begin > end || static_cast<std::uint64_t>(end) > bytes.size())
        return not_whole(*tensor, "lies beyond the end of the file");
    tensor->bytes = bytes.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    return ASD_OK;
}

asd_status read_metadata(JsonReader *json, std::string_view wanted, TensorTable *table) {
    std::string key, value;
    if (!json->begin_object()) return wrong_header(*json);
    while (json->next_key(&key)) {
        if (!json->string(&value)) return wrong_header(*json);
        if (key != wanted) continue;
        if (table->has_header) json->refuse("a key twice");
        table->has_header = true;
        table->header = std::move(value);
    }
    return json->failed() ? wrong_header(*json) : ASD_OK;
}

// The size fits the shape; there is no gap and no overlap.
asd_status require_places(const TensorTable &table, std::string_view bytes) {
    std::vector<const Tensor *> in_file;
    for (const Tensor &tensor : table.tensors) in_file.push_back(&tensor);
    std::sort(in_file.begin(), in_file.end(), [](const Tensor *a, const Tensor *b) {
        return a->bytes.data() != b->bytes.data() ? a->bytes.data() < b->bytes.data() : a->bytes.size() < b->bytes.size();
    });
    const char *end = bytes.data();
    for (const Tensor *tensor : in_file) {
        if (tensor->elements() != static_cast<int64_t>(tensor->bytes.size()) / type_bytes(tensor->type) ||
            static_cast<int64_t>(tensor->bytes.size()) % type_bytes(tensor->type) != 0)
            return not_whole(*tensor, "has another size than its shape says");
        if (tensor->bytes.data() != end) return not_whole(*tensor, "does not begin where the one before it ends");
        end += tensor->bytes.size();
    }
    return end == bytes.data() + bytes.size() ? ASD_OK : not_whole("bytes after the last array");
}

}  // namespace

// -1 if it needs more than 64 bits, which no file can.
int64_t Tensor::elements() const {
    int64_t count = 1;
    for (const int64_t size : shape) {
        if (size == 0) return 0;
        if (count > std::numeric_limits<int64_t>::max() / size) return -1;
        count *= size;
    }
    return count;
}

const char *type_name(TensorType type) {
    return type == TensorType::f32 ? "F32" : type == TensorType::f64 ? "F64" : "I64";
}

int64_t type_bytes(TensorType type) { return type == TensorType::f32 ? 4 : 8; }

std::string shown(std::string_view text) {
    constexpr std::size_t MOST = 40;
    std::string result;
    for (const char c : text.substr(0, MOST)) result.push_back(c >= ' ' && c <= '~' ? c : '?');
    return text.size() > MOST ? result + "..." : result;
}

asd_status read_tensor_table(std::string_view file, std::string_view metadata_key, TensorTable *table) {
    if (file.size() < SIZE_BYTES) return not_whole("it has fewer than 8 bytes");
    std::uint64_t header_bytes = 0;
    for (std::size_t i = SIZE_BYTES; i-- > 0;) header_bytes = header_bytes << 8 | static_cast<unsigned char>(file[i]);
    if (header_bytes > MOST_HEADER) return not_whole("the size of its header is beyond all measure");
    if (header_bytes > file.size() - SIZE_BYTES) return not_whole("it ends within its header");
    const auto header = static_cast<std::size_t>(header_bytes);
    const std::string_view bytes = file.substr(SIZE_BYTES + header);
    JsonReader json(file.substr(SIZE_BYTES, header));
    bool has_metadata = false;
    std::string key;
    if (!json.begin_object()) return wrong_header(json);
    while (json.next_key(&key)) {
        if (key == "__metadata__") {
            if (has_metadata) return not_whole("it has metadata twice");
            has_metadata = true;
            ASD_REQUIRE(read_metadata(&json, metadata_key, table));
            continue;
        }
        for (const Tensor &other : table->tensors)
            if (other.name == key) return not_whole(other, "is there twice");
        if (table->tensors.size() == MOST_TENSORS)
            return fail(ASD_INVALID_MODEL, "not an inlier model: it has more than %d arrays: pass what asd-inlier saved",
                        static_cast<int>(MOST_TENSORS));
        table->tensors.push_back({key, TensorType::f32, {}, {}});
        ASD_REQUIRE(read_tensor(&json, bytes, &table->tensors.back()));
    }
    if (!json.finish()) return wrong_header(json);
    return require_places(*table, bytes);
}

}  // namespace asd::c_api
