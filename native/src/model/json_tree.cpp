#include "json_tree.hpp"

#include <algorithm>
#include <cstdint>

namespace asd::model {
namespace {

using c_api::JsonReader;
using Kind = JsonValue::Kind;

[[noreturn]] void refuse(const JsonReader &json) {
    throw JsonProblem(std::string("not JSON (") + json.problem() + " at byte " + std::to_string(json.at()) + ")");
}

JsonValue read(JsonReader *json);

// Sorted once: comparing each name with all before it takes too long for an object of hostile size.
void require_different(const std::vector<std::pair<std::string, JsonValue>> &members) {
    std::vector<std::string_view> names;
    for (const auto &member : members) names.push_back(member.first);
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end()) throw JsonProblem("an object has a key twice");
}

void read_members(JsonReader *json, JsonValue *value) {
    std::string key;
    json->begin_object();
    while (json->next_key(&key)) value->members.emplace_back(key, read(json));
    require_different(value->members);
}

void read_elements(JsonReader *json, JsonValue *value) {
    json->begin_array();
    while (json->next_element()) value->elements.push_back(read(json));
}

JsonValue read(JsonReader *json) {
    JsonValue value;
    value.kind = json->kind();
    std::string_view literal;
    switch (value.kind) {
        case Kind::object: read_members(json, &value); break;
        case Kind::array: read_elements(json, &value); break;
        case Kind::string: json->string(&value.text); break;
        default:
            json->skip(&literal);
            value.text = literal;
    }
    if (json->failed()) refuse(*json);
    return value;
}

void append_unit(std::string *out, std::uint32_t unit) {
    *out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) *out += "0123456789abcdef"[unit >> shift & 15];
}

// One character of valid UTF-8 that begins at text[*at].
std::uint32_t take_character(std::string_view text, std::size_t *at) {
    const auto lead = static_cast<unsigned char>(text[(*at)++]);
    if (lead < 0x80) return lead;
    const int more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    std::uint32_t code = lead & (0x3fu >> more);
    for (int i = 0; i < more; ++i) code = code << 6 | (static_cast<unsigned char>(text[(*at)++]) & 0x3f);
    return code;
}

void append_string(std::string *out, std::string_view text) {
    constexpr std::string_view MEANT = "\"\\\b\f\n\r\t", SIGNS = "\"\\bfnrt";
    *out += '"';
    for (std::size_t at = 0; at < text.size();) {
        const std::uint32_t code = take_character(text, &at);
        const std::size_t sign = code < 0x80 ? MEANT.find(static_cast<char>(code)) : MEANT.npos;
        if (sign != MEANT.npos) {
            *out += '\\';
            *out += SIGNS[sign];
        } else if (code >= 0x20 && code < 0x7f) {
            *out += static_cast<char>(code);
        } else if (code < 0x10000) {
            append_unit(out, code);
        } else {
            append_unit(out, 0xd800 + ((code - 0x10000) >> 10));
            append_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
        }
    }
    *out += '"';
}

void append(std::string *out, const JsonValue &value, std::string_view left_out);

void append_object(std::string *out, const JsonValue &value, std::string_view left_out) {
    std::vector<const std::pair<std::string, JsonValue> *> sorted;
    for (const auto &member : value.members)
        if (left_out.empty() || member.first != left_out) sorted.push_back(&member);
    // The order of bytes of UTF-8 is that of code points, which is Python's.
    std::sort(sorted.begin(), sorted.end(), [](const auto *a, const auto *b) { return a->first < b->first; });
    *out += '{';
    for (const auto *member : sorted) {
        if (member != sorted.front()) *out += ',';
        append_string(out, member->first);
        *out += ':';
        append(out, member->second, {});
    }
    *out += '}';
}

void append(std::string *out, const JsonValue &value, std::string_view left_out) {
    switch (value.kind) {
        case Kind::object: return append_object(out, value, left_out);
        case Kind::string: return append_string(out, value.text);
        case Kind::array: break;
        default: *out += value.text; return;
    }
    *out += '[';
    for (const JsonValue &element : value.elements) {
        if (&element != value.elements.data()) *out += ',';
        append(out, element, {});
    }
    *out += ']';
}

}  // namespace

const JsonValue *JsonValue::find(std::string_view name) const {
    for (const auto &member : members)
        if (member.first == name) return &member.second;
    return nullptr;
}

JsonValue parse_json(std::string_view text) {
    JsonReader json(text);
    JsonValue value = read(&json);
    if (!json.finish()) refuse(json);
    return value;
}

std::string canonical_json(const JsonValue &value, std::string_view left_out) {
    std::string out;
    append(&out, value, left_out);
    return out;
}

}  // namespace asd::model
