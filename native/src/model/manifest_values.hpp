// Values of a manifest, each checked where it is taken; a rule that is broken is thrown as JsonProblem.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "json_tree.hpp"
#include "manifest.hpp"

namespace asd::model {

// An object that has exactly the fields named.
class Fields {
public:
    // where: its place in the manifest, for messages.
    Fields(const JsonValue &value, std::string where, std::initializer_list<std::string_view> names);

    const JsonValue &operator[](std::string_view name) const;
    std::string place(std::string_view name) const { return where_ + "." + std::string(name); }

    double number(std::string_view name) const;
    double between(std::string_view name, double least, double most) const;
    std::int64_t whole(std::string_view name, std::int64_t least, std::int64_t most) const;
    bool truth(std::string_view name) const;
    const std::string &text(std::string_view name) const;
    // The index of the text among choices.
    std::size_t choice(std::string_view name, std::initializer_list<std::string_view> choices) const;

private:
    const JsonValue &value_;
    std::string where_;
};

double number_of(const JsonValue &value, const std::string &where);

// A mean and a deviation that scores can be standardised by.
Scale scale_of(const JsonValue &value, const std::string &where);

[[noreturn]] void refuse(const std::string &where, const std::string &rule);
void require(bool holds, const std::string &where, const std::string &rule);

}  // namespace asd::model
