#include "json_reader.hpp"

#include <charconv>
#include <limits>

namespace asd::c_api {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append(std::string *text, std::uint32_t code) {
    const auto byte = [text](std::uint32_t bits) { text->push_back(static_cast<char>(bits)); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) return byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f));
    if (code < 0x10000) return byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f));
    byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f));
}

}  // namespace

bool JsonReader::refuse(const char *problem) {
    if (!problem_) problem_ = problem;
    return false;
}

void JsonReader::space() {
    while (now() == ' ' || now() == '\t' || now() == '\n' || now() == '\r') ++at_;
}

bool JsonReader::take(char expected, const char *problem) {
    if (failed()) return false;
    space();
    if (ends() || now() != expected) return refuse(problem);
    ++at_;
    return true;
}

JsonReader::Kind JsonReader::kind() {
    if (failed()) return Kind::none;
    space();
    switch (now()) {
        case '{': return Kind::object;
        case '[': return Kind::array;
        case '"': return Kind::string;
        case 't':
        case 'f': return Kind::boolean;
        case 'n': return Kind::null;
        default: return now() == '-' || is_digit(now()) ? Kind::number : Kind::none;
    }
}

bool JsonReader::enter(char bracket, const char *problem) {
    if (!take(bracket, problem)) return false;
    if (++depth_ > MOST_DEPTH) return refuse("objects and arrays nested too deep");
    first_ = true;
    return true;
}

// Whether another element follows; reads the comma before it, or the closing bracket.
bool JsonReader::next(char closing, const char *problem) {
    if (failed()) return false;
    space();
    if (!ends() && now() == closing) {
        ++at_;
        --depth_;
        first_ = false;  // of the one around it, which has had this element
        return false;
    }
    if (!first_ && !take(',', problem)) return false;
    first_ = false;
    return true;
}

bool JsonReader::begin_object() { return enter('{', "'{' expected"); }

bool JsonReader::next_key(std::string *key) {
    return next('}', "',' or '}' expected") && string(key) && take(':', "':' expected");
}

bool JsonReader::begin_array() { return enter('[', "'[' expected"); }

bool JsonReader::next_element() { return next(']', "',' or ']' expected"); }

bool JsonReader::string(std::string *decoded) {
    decoded->clear();
    if (!take('"', "'\"' expected")) return false;
    while (now() != '"')
        if (!string_part(decoded)) return false;
    ++at_;
    return true;
}

bool JsonReader::string_part(std::string *decoded) {
    if (ends()) return refuse("a string without an end");
    const auto byte = static_cast<unsigned char>(now());
    if (byte < 0x20) return refuse("a control character in a string");
    if (byte == '\\') return escape(decoded);
    if (byte >= 0x80) return utf8(decoded);
    decoded->push_back(now());
    ++at_;
    return true;
}

bool JsonReader::escape(std::string *decoded) {
    constexpr std::string_view SIGNS = "\"\\/bfnrt", MEANT = "\"\\/\b\f\n\r\t";
    ++at_;
    if (!ends() && now() == 'u') {
        std::uint32_t code = 0, second = 0;
        ++at_;
        if (!four_digits(&code)) return false;
        if (code >= 0xd800 && code < 0xdc00) {
            if (text_.substr(at_, 2) != "\\u") return refuse("half of a surrogate pair");
            at_ += 2;
            if (!four_digits(&second)) return false;
            if (second < 0xdc00 || second > 0xdfff) return refuse("half of a surrogate pair");
            code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
        } else if (code >= 0xdc00 && code < 0xe000) {
            return refuse("half of a surrogate pair");
        }
        append(decoded, code);
        return true;
    }
    const std::size_t sign = ends() ? SIGNS.npos : SIGNS.find(now());
    if (sign == SIGNS.npos) return refuse("an unknown escape");
    decoded->push_back(MEANT[sign]);
    ++at_;
    return true;
}

bool JsonReader::four_digits(std::uint32_t *code) {
    const std::string_view digits = text_.substr(at_, 4);
    const char *end = digits.data() + digits.size();
    if (digits.size() < 4 || std::from_chars(digits.data(), end, *code, 16).ptr != end)
        return refuse("four hexadecimal digits expected");
    at_ += 4;
    return true;
}

// One character of two to four bytes, in its shortest form, no surrogate.
bool JsonReader::utf8(std::string *decoded) {
    const auto lead = static_cast<unsigned char>(now());
    const int more = lead < 0xc2 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 0;
    if (more == 0 || text_.size() - at_ <= static_cast<std::size_t>(more)) return refuse("not UTF-8");
    std::uint32_t code = lead & (0x3fu >> more);
    for (int i = 1; i <= more; ++i) {
        const auto byte = static_cast<unsigned char>(text_[at_ + static_cast<std::size_t>(i)]);
        if ((byte & 0xc0) != 0x80) return refuse("not UTF-8");
        code = code << 6 | (byte & 0x3f);
    }
    const std::uint32_t least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return refuse("not UTF-8");
    decoded->append(text_.substr(at_, static_cast<std::size_t>(more) + 1));
    at_ += static_cast<std::size_t>(more) + 1;
    return true;
}

bool JsonReader::digits() {
    if (!is_digit(now())) return refuse("a digit expected");
    while (is_digit(now())) ++at_;
    return true;
}

bool JsonReader::number(std::string_view *literal) {
    if (kind() != Kind::number) return refuse("a number expected");
    const std::size_t begin = at_;
    if (now() == '-') ++at_;
    const bool zero = now() == '0';
    if (zero) ++at_;
    if (!zero && !digits()) return false;
    if (now() == '.') {
        ++at_;
        if (!digits()) return false;
    }
    if (now() == 'e' || now() == 'E') {
        ++at_;
        if (now() == '+' || now() == '-') ++at_;
        if (!digits()) return false;
    }
    *literal = text_.substr(begin, at_ - begin);
    return true;
}

bool JsonReader::word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return refuse("a value expected");
    at_ += expected.size();
    return true;
}

bool JsonReader::skip(std::string_view *text) {
    const Kind what = kind();
    const std::size_t begin = at_;
    std::string ignored;
    std::string_view literal;
    switch (what) {
        case Kind::object:
            begin_object();
            while (next_key(&ignored) && skip()) {
            }
            break;
        case Kind::array:
            begin_array();
            while (next_element() && skip()) {
            }
            break;
        case Kind::string: string(&ignored); break;
        case Kind::number: number(&literal); break;
        case Kind::boolean: word(now() == 't' ? "true" : "false"); break;
        case Kind::null: word("null"); break;
        case Kind::none: return refuse("a value expected");
    }
    if (failed()) return false;
    if (text) *text = text_.substr(begin, at_ - begin);
    return true;
}

bool JsonReader::finish() {
    if (failed()) return false;
    space();
    return ends() || refuse("more text than one value");
}

std::optional<std::int64_t> whole_number(std::string_view literal) {
    if (literal.find_first_of(".eE") != literal.npos) return std::nullopt;
    std::int64_t value = 0;
    const auto result = std::from_chars(literal.data(), literal.data() + literal.size(), value);
    if (result.ec == std::errc::result_out_of_range)
        return literal[0] == '-' ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
    return value;
}

}  // namespace asd::c_api
