#include "manifest_values.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "../c_api/tensor_table.hpp"

namespace asd::model {
namespace {

using Kind = JsonValue::Kind;

constexpr double LEAST_STD = 1e-100;  // a score divided by it is a number
constexpr double MOST_STDS = 1e100;   // a mean so many deviations away from 0 can still be subtracted and divided

bool is_named(std::initializer_list<std::string_view> names, std::string_view name) {
    for (const std::string_view known : names)
        if (known == name) return true;
    return false;
}

}  // namespace

void refuse(const std::string &where, const std::string &rule) { throw JsonProblem(where + " " + rule); }

void require(bool holds, const std::string &where, const std::string &rule) {
    if (!holds) refuse(where, rule);
}

double number_of(const JsonValue &value, const std::string &where) {
    require(value.kind == Kind::number, where, "must be a number");
    double number = 0.0;
    const char *end = value.text.data() + value.text.size();
    const auto read = std::from_chars(value.text.data(), end, number);
    require(read.ec == std::errc{} && read.ptr == end, where, "must be finite");
    return number;
}

Scale scale_of(const JsonValue &value, const std::string &where) {
    const Fields fields(value, where, {"mean", "std"});
    const Scale scale{fields.number("mean"), fields.number("std")};
    require(scale.std >= LEAST_STD, where, "must have a standard deviation of at least 1e-100");
    require(std::abs(scale.mean) <= MOST_STDS * scale.std, where, "must have a mean of at most 1e100 of its standard deviations");
    return scale;
}

Fields::Fields(const JsonValue &value, std::string where, std::initializer_list<std::string_view> names)
    : value_(value), where_(std::move(where)) {
    require(value.kind == Kind::object, where_, "must be an object");
    for (const auto &member : value.members)
        if (!is_named(names, member.first)) refuse(where_, "has an unknown field '" + c_api::shown(member.first) + "'");
    for (const std::string_view name : names)
        if (!value.find(name)) refuse(where_, "lacks the field '" + std::string(name) + "'");
}

const JsonValue &Fields::operator[](std::string_view name) const { return *value_.find(name); }

double Fields::number(std::string_view name) const { return number_of((*this)[name], place(name)); }

double Fields::between(std::string_view name, double least, double most) const {
    const double value = number(name);
    if (value >= least && value <= most) return value;
    char rule[80];
    std::snprintf(rule, sizeof rule, "must be from %g to %g; got %g", least, most, value);
    refuse(place(name), rule);
}

std::int64_t Fields::whole(std::string_view name, std::int64_t least, std::int64_t most) const {
    const JsonValue &value = (*this)[name];
    const auto read = value.kind == Kind::number ? c_api::whole_number(value.text) : std::nullopt;
    if (read && *read >= least && *read <= most) return *read;
    refuse(place(name), "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

bool Fields::truth(std::string_view name) const {
    const JsonValue &value = (*this)[name];
    require(value.kind == Kind::boolean, place(name), "must be true or false");
    return value.text == "true";
}

const std::string &Fields::text(std::string_view name) const {
    const JsonValue &value = (*this)[name];
    require(value.kind == Kind::string, place(name), "must be text");
    require(value.text.find('\0') == value.text.npos, place(name), "has an unprintable character");
    return value.text;
}

std::size_t Fields::choice(std::string_view name, std::initializer_list<std::string_view> choices) const {
    const std::string &chosen = text(name);
    std::string all;
    std::size_t index = 0;
    for (const std::string_view known : choices) {
        if (known == chosen) return index;
        all += (index++ ? ", " : "") + std::string(known);
    }
    refuse(place(name), "must be one of " + all + "; got '" + c_api::shown(chosen) + "'");
}

}  // namespace asd::model
