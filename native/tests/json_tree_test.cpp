// A JSON text is hashed as Python's json.dumps(sort_keys=True, separators=(",", ":")) would write it.
#include "../src/model/json_tree.hpp"

#include "check.hpp"

using asd::model::canonical_json;
using asd::model::JsonProblem;
using asd::model::parse_json;

namespace {

std::string refused(const std::string &text) {
    try {
        parse_json(text);
    } catch (const JsonProblem &problem) {
        return problem.what();
    }
    return "";
}

void keys_are_sorted_and_space_is_left_out() {
    CHECK(canonical_json(parse_json(" { \"b\" : [ 1 , 2.50, -0e5 ] ,\n\"a\":{\"z\":null,\"y\":true} } ")) ==
          R"({"a":{"y":true,"z":null},"b":[1,2.50,-0e5]})");
    // By code points: U+FF01 before U+1F600, although its surrogates come earlier in UTF-16.
    CHECK(canonical_json(parse_json(u8"{\"\U0001F600\":1,\"\uFF01\":2,\"z\":3}")) == R"({"z":3,"\uff01":2,"\ud83d\ude00":1})");
    CHECK(canonical_json(parse_json("{\"b\":{\"x\":1},\"x\":2}"), "x") == R"({"b":{"x":1}})");
    CHECK(canonical_json(parse_json("[[],{},\"\"]")) == R"([[],{},""])");
}

void strings_are_written_in_ascii() {
    CHECK(canonical_json(parse_json(R"("\"\\\/\b\f\n\r\t\u0001\u007f")")) == R"("\"\\/\b\f\n\r\t\u0001\u007f")");
    CHECK(canonical_json(parse_json(u8"\"\u00e9\u20ac~ \"")) == R"("\u00e9\u20ac~ ")");
}

void what_is_no_json_or_ambiguous_is_refused() {
    CHECK(refused(R"({"a":1,"b":{"c":1,"c":1}})").find("an object has a key twice") == 0);
    CHECK(refused("[1,2").find("not JSON (") == 0 && refused("NaN").find("not JSON (") == 0 && refused("[1] 2") != "");
    CHECK(refused(std::string(100, '[')).find("nested too deep") != std::string::npos);
    CHECK(refused(R"({"a":1,"b":2})").empty());
}

void members_are_found_by_name() {
    const asd::model::JsonValue value = parse_json(R"({"a":"x","b":7})");
    CHECK(value.find("b") && value.find("b")->text == "7" && value.find("a")->text == "x" && !value.find("c"));
}

}  // namespace

int main() {
    keys_are_sorted_and_space_is_left_out();
    strings_are_written_in_ascii();
    what_is_no_json_or_ambiguous_is_refused();
    members_are_found_by_name();
    return summary("json_tree");
}
