// A JSON text as a tree, and as the one text that is hashed: what Python's json.dumps(sort_keys=True, separators=(",", ":")) gives.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../c_api/json_reader.hpp"

namespace asd::model {

struct JsonValue {
    using Kind = c_api::JsonReader::Kind;

    Kind kind = Kind::null;
    std::string text;  // of a string, decoded; of a number or a boolean as it was written
    std::vector<std::pair<std::string, JsonValue>> members;  // of an object, in the order of the text; names differ
    std::vector<JsonValue> elements;                         // of an array

    const JsonValue *find(std::string_view name) const;
};

// What is wrong with a text, a rule that it breaks; ends in no full stop.
struct JsonProblem : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Throws JsonProblem on anything that JsonReader refuses, and on a key twice.
JsonValue parse_json(std::string_view text);

// Numbers are written as they were read. `left_out` names a member of the outermost object.
std::string canonical_json(const JsonValue &value, std::string_view left_out = {});

}  // namespace asd::model
