// A strict reader of JSON (RFC 8259): reads value after value in the order of the text and builds no tree.
//
// Strict: only valid UTF-8, no lone surrogates, no control characters in strings, no NaN, no trailing comma. Safe for any
// bytes: it never reads past the end, recursion has a limit, and it allocates only decoded strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace asd::c_api {

// After the first failure every function returns false or nothing, and problem() says what was wrong.
class JsonReader {
public:
    static constexpr int MOST_DEPTH = 32;

    enum class Kind { object, array, string, number, boolean, null, none };

    explicit JsonReader(std::string_view text) : text_(text) {}

    // Kind of the next value; none if no value begins here.
    Kind kind();

    // An object is begin_object(), then next_key() and one value by turns until next_key() is false; an array is begin_array(),
    // then next_element() and one value by turns. Check failed() after the last.
    bool begin_object();
    bool next_key(std::string *key);
    bool begin_array();
    bool next_element();

    bool string(std::string *decoded);
    bool number(std::string_view *literal);

    // Any value; *text, if wanted, is what it looks like.
    bool skip(std::string_view *text = nullptr);

    // Only white space is left.
    bool finish();

    // Sets what the caller found wrong as the problem, unless there is one already. Returns false.
    bool refuse(const char *problem);

    bool failed() const { return problem_ != nullptr; }
    const char *problem() const { return problem_; }  // nullptr: none
    std::size_t at() const { return at_; }            // byte that is read next, or that is wrong

private:
    void space();
    bool take(char expected, const char *problem);
    bool enter(char bracket, const char *problem);
    bool next(char closing, const char *problem);
    bool word(std::string_view expected);
    bool string_part(std::string *decoded);
    bool escape(std::string *decoded);
    bool four_digits(std::uint32_t *code);
    bool utf8(std::string *decoded);
    bool digits();
    bool ends() const { return at_ == text_.size(); }
    char now() const { return ends() ? '\0' : text_[at_]; }

    std::string_view text_;
    std::size_t at_ = 0;
    const char *problem_ = nullptr;
    int depth_ = 0;
    bool first_ = false;  // no element of the innermost object or array was read yet
};

// The value of a number's literal if it has neither fraction nor exponent; past 64 bits the nearest that fits.
std::optional<std::int64_t> whole_number(std::string_view literal);

}  // namespace asd::c_api
