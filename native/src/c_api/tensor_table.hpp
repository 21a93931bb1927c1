// The arrays and the metadata of a safetensors file, checked so far that every array lies within the file: no more than an inlier
// model needs of that format.
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
    std::vector<std::int64_t> shape;  // one or two sizes >= 0, or none of a scalar
    std::string_view bytes;           // within the file, as many as type and shape say; aligned for nothing

    std::int64_t elements() const;
};

struct TensorTable {
    std::vector<Tensor> tensors;  // names differ
    bool has_header = false;      // whether the metadata holds the key that was asked for
    std::string header;           // its value
};

// "f32" ...
const char *type_name(TensorType type);
std::int64_t type_bytes(TensorType type);

// Text from a file as a message may show it: printable and short.
std::string shown(std::string_view text);

// Reads the table of a file's bytes, which must outlive it. ASD_INVALID_MODEL with the reason for anything that safetensors
// would refuse, for other types and more axes than an inlier model has, and for arrays of one name.
asd_status read_tensor_table(std::string_view file, std::string_view metadata_key, TensorTable *table);

}  // namespace asd::c_api
