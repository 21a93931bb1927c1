// The arrays and the metadata of a safetensors file, checked to lie within the file. Reads only as much of the format as an inlier
// model uses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "asd/asd.h"

namespace asd::c_api {

enum class TensorType { f32, f64, i64 };

struct Tensor {
    std::string name;
    TensorType type;
    std::vector<std::int64_t> shape;  // one or two sizes >= 0, or none for a scalar
    std::string_view bytes;           // within the file, as many as type and shape say; not aligned

    std::int64_t elements() const;
};

struct TensorTable {
    std::vector<Tensor> tensors;  // names differ
    bool has_header = false;      // whether the metadata has the wanted key
    std::string header;           // its value
};

// "f32" ...
const char *type_name(TensorType type);
std::int64_t type_bytes(TensorType type);

// Text from a file in a form for messages: printable and short.
std::string shown(std::string_view text);

// Reads the table of a file's bytes, which must outlive it. ASD_INVALID_MODEL with the reason for anything that safetensors
// would refuse, for other types and more axes than an inlier model has, and for arrays of one name.
asd_status read_tensor_table(std::string_view file, std::string_view metadata_key, TensorTable *table);

}  // namespace asd::c_api
