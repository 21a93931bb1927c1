// The reader of JSON takes what RFC 8259 allows, refuses all else with a place, and survives any bytes.
#include "../src/c_api/json_reader.hpp"

#include <limits>
#include <random>
#include <vector>

#include "check.hpp"

using asd::c_api::JsonReader;
using asd::c_api::whole_number;

namespace {

bool accepted(std::string_view text) {
    JsonReader json(text);
    json.skip();
    const bool whole = json.finish();
    // A refusal has a reason and a place; what is accepted has none.
    CHECK(whole == (json.problem() == nullptr) && json.at() <= text.size());
    return whole;
}

std::string nested(int depth, const char *open, const char *close) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    for (int i = 0; i < depth; ++i) text += close;
    return text;
}

std::string text_of(std::string_view json) {
    JsonReader reader(json);
    std::string decoded;
    CHECK(reader.string(&decoded) && reader.finish());
    return decoded;
}

void every_form_of_the_grammar_is_accepted() {
    for (const char *text :
         {"{}", "[]", " [ ] ", "\t{\n}\r", "null", "true", "false", "0", "-0", "1", "-12", "0.5", "1e5", "1E+5", "-1.25e-10", "\"\"",
          "[1]", "[1,2]", "[ 1 , \"a\" , null , [ ] , { } ]", "{\"a\":1}", "{\"a\":1,\"b\":[{\"c\":{}}],\"d\":\"\"}", "[[],[[]],1]",
          "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", "\"\\ud83d\\ude00\"", "\"\x7f\"", "\"\xc2\x80\"", "\"\xe0\xa0\x80\"",
          "\"\xed\x9f\xbf\"", "\"\xef\xbf\xbf\"", "\"\xf0\x90\x80\x80\"", "\"\xf4\x8f\xbf\xbf\"", "123456789012345678901234567890"})
        CHECK(accepted(text));
}

void all_else_is_refused() {
    for (const char *text :
         {"", " ", "{", "}", "[", "]", ",", ":", "\"", "tru", "nul", "True", "NaN", "Infinity", "-Infinity", "-", "+1", ".5", "1.", "01",
          "-01", "1e", "1e+", "0x1", "1_0", "[1,]", "[,1]", "[1 2]", "[1,,2]", "[1]]", "[1}", "{\"a\"}", "{\"a\":}", "{\"a\" 1}",
          "{a:1}", "{1:1}", "{\"a\":1,}", "{,\"a\":1}", "{\"a\":1 \"b\":2}", "{\"a\":1]", "{null:1}", "1 2", "{}{}", "[] x", "'a'",
          "\"a", "\"\\", "\"\\\"", "\"\\x41\"", "\"\\u\"", "\"\\u004\"", "\"\\u004g\"", "\"\\u-041\"", "\"\\ud800\"", "\"\\ud800x\"",
          "\"\\ud800\\n\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"", "\"\x1f\"", "\"\x80\"", "\"\xc0\x80\"", "\"\xc1\xbf\"",
          "\"\xc2\"", "\"\xc2\x41\"", "\"\xe0\x9f\xbf\"", "\"\xed\xa0\x80\"", "\"\xf0\x8f\xbf\xbf\"", "\"\xf4\x90\x80\x80\"",
          "\"\xf5\x80\x80\x80\"", "\"\xff\"", "\"\xe2\x82\"", "\xef\xbb\xbf{}", "/**/1", "\x80"})
        CHECK(!accepted(text));
    CHECK(!accepted(std::string_view("1\0", 2)));
    CHECK(!accepted(std::string_view("\"\0\"", 3)));
}

void strings_are_decoded() {
    CHECK(text_of("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"") == "a\"\\/\b\f\n\r\t");
    CHECK(text_of("\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\uFFFF\"") == "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbf");
    CHECK(text_of("\"\\u0000\"") == std::string(1, '\0'));
    CHECK(text_of("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"") == "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

void values_come_in_the_order_of_the_text() {
    JsonReader json(" {\"a\" : [1, -2.5], \"b\" : {\"c\" : null}, \"a\" : \"x\"} ");
    std::string key, text;
    std::string_view literal, skipped;
    CHECK(json.kind() == JsonReader::Kind::object && json.begin_object());
    CHECK(json.next_key(&key) && key == "a" && json.begin_array());
    CHECK(json.next_element() && json.kind() == JsonReader::Kind::number && json.number(&literal) && literal == "1");
    CHECK(json.next_element() && json.number(&literal) && literal == "-2.5" && !json.next_element());
    CHECK(json.next_key(&key) && key == "b" && json.skip(&skipped) && skipped == "{\"c\" : null}");
    CHECK(json.next_key(&key) && key == "a" && json.string(&text) && text == "x");
    CHECK(!json.next_key(&key) && !json.failed() && json.finish());
}

void the_first_problem_stays_and_nothing_is_read_after_it() {
    JsonReader json("[1 2]");
    std::string_view literal;
    CHECK(json.begin_array() && json.next_element() && json.number(&literal) && !json.next_element());
    const std::string problem = json.problem();
    CHECK(problem == "',' or ']' expected" && json.at() == 3);
    std::string text;
    CHECK(!json.begin_array() && !json.begin_object() && !json.next_element() && !json.number(&literal) && !json.skip());
    CHECK(!json.string(&text) && !json.next_key(&text) && !json.finish() && !json.refuse("another"));
    CHECK(json.kind() == JsonReader::Kind::none && json.problem() == problem && json.at() == 3);
}

void nesting_has_a_limit() {
    constexpr int MOST = JsonReader::MOST_DEPTH;
    CHECK(accepted(nested(MOST, "[", "]")) && accepted(nested(MOST - 1, "{\"a\":", "}").insert(5 * (MOST - 1), "[]")));
    CHECK(!accepted(nested(MOST + 1, "[", "]")));
    CHECK(!accepted(nested(1000000, "[", "")) && !accepted(nested(1000000, "{\"a\":", "")));
    // Neighbours are not nested.
    std::string flat = "[[]";
    for (int i = 0; i < 1000; ++i) flat += ",[{}]";
    CHECK(accepted(flat + "]"));
}

void whole_numbers_saturate_and_fractions_are_none() {
    constexpr auto LEAST = std::numeric_limits<std::int64_t>::min(), MOST = std::numeric_limits<std::int64_t>::max();
    CHECK(whole_number("0") == 0 && whole_number("-0") == 0 && whole_number("42") == 42 && whole_number("-7") == -7);
    CHECK(whole_number("9223372036854775807") == MOST && whole_number("9223372036854775808") == MOST);
    CHECK(whole_number("-9223372036854775808") == LEAST && whole_number("-99999999999999999999") == LEAST);
    for (const char *literal : {"1.0", "1e3", "1E3", "-0.5"}) CHECK(!whole_number(literal));
}

// Each prefix and each change of one byte is either read or refused; memory beyond the text is never read (each text is a heap
// block of its own length, so that the sanitizers would report it).
void damaged_texts_are_survived() {
    const std::string whole = "{\"a\":[1,-2.5e3,\"\\u00e9\\ud83d\\ude00\"],\"b\":{\"c\":null,\"d\":true},\"e\":\"\xe2\x82\xac\"}";
    CHECK(accepted(whole));
    std::mt19937 generator(1);
    for (std::size_t length = 0; length < whole.size(); ++length)
        CHECK(!accepted({std::vector<char>(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)).data(), length}));
    int taken = 0;
    for (int i = 0; i < 20000; ++i) {
        std::vector<char> text(whole.begin(), whole.end());
        text[generator() % text.size()] = static_cast<char>(generator());
        taken += accepted({text.data(), text.size()});
    }
    CHECK(taken > 0 && taken < 20000);
}

}  // namespace

int main() {
    every_form_of_the_grammar_is_accepted();
    all_else_is_refused();
    strings_are_decoded();
    values_come_in_the_order_of_the_text();
    the_first_problem_stays_and_nothing_is_read_after_it();
    nesting_has_a_limit();
    whole_numbers_saturate_and_fractions_are_none();
    damaged_texts_are_survived();
    return summary("json_reader");
}
