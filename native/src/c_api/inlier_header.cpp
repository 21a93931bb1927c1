#include "inlier_header.hpp"

#include <charconv>
#include <string>

#include "checks.hpp"
#include "json_reader.hpp"
#include "tensor_table.hpp"

namespace asd::c_api {
namespace {

using std::int64_t;
using Kind = JsonReader::Kind;

constexpr int64_t SCHEMA = 1;

asd_status unreadable(const JsonReader &json) {
    return fail(ASD_INVALID_MODEL, "its header cannot be read (%s at byte %lld): save the model again", json.problem(),
                static_cast<long long>(json.at()));
}

asd_status wrong_parameter(const std::string &name, const char *rule) {
    return fail(ASD_INVALID_MODEL, "does not hold a valid model: parameter '%s' %s: save the model again", shown(name).c_str(),
                rule);
}

// The texts of the three values that every header has.
struct Parts {
    std::string_view name, parameters, schema;
};

asd_status split(std::string_view text, Parts *parts) {
    JsonReader json(text);
    std::string key;
    std::string_view ignored;
    json.begin_object();
    while (json.next_key(&key)) {
        std::string_view *part = key == "class"        ? &parts->name
                                 : key == "parameters" ? &parts->parameters
                                 : key == "schema"     ? &parts->schema
                                                       : &ignored;
        if (part != &ignored && !part->empty()) json.refuse("a key twice");
        json.skip(part);
    }
    if (!json.finish()) return unreadable(json);
    if (parts->name.empty() || parts->parameters.empty() || parts->schema.empty())
        return fail(ASD_INVALID_MODEL, "its header cannot be read (it lacks class, parameters or schema): save the model again");
    return ASD_OK;
}

asd_status require_schema(std::string_view text) {
    JsonReader json(text);
    std::string_view literal;
    const auto schema = json.number(&literal) ? whole_number(literal) : std::nullopt;
    if (!schema || *schema < 1)
        return fail(ASD_INVALID_MODEL, "its schema must be a whole number of at least 1; got %s: save the model again",
                    shown(text).c_str());
    if (*schema > SCHEMA)
        return fail(ASD_INVALID_MODEL, "written by a newer asd-inlier: schema %s, this library reads %lld: load a newer library",
                    shown(text).c_str(), static_cast<long long>(SCHEMA));
    return ASD_OK;
}

asd_status read_class(std::string_view text, asd_inlier_kind *kind) {
    JsonReader json(text);
    std::string name;
    if (json.kind() == Kind::string && json.string(&name)) {
        for (const asd_inlier_kind known : {ASD_INLIER_KNN, ASD_INLIER_GMM}) {
            if (name != class_name(known)) continue;
            *kind = known;
            return ASD_OK;
        }
    }
    return fail(ASD_INVALID_MODEL, "its class must be GaussianMixtureInlier or MahalanobisKNN; got %s: this is another model, "
                                   "or a newer library reads it", shown(text).c_str());
}

asd_status read_count(JsonReader *json, const std::string &name, int64_t *count) {
    std::string_view literal;
    const auto value = json->kind() == Kind::number && json->number(&literal) ? whole_number(literal) : std::nullopt;
    if (!value || *value < 1) return wrong_parameter(name, "must be a whole number of at least 1");
    *count = *value;
    return ASD_OK;
}

asd_status read_backend(JsonReader *json, const std::string &name) {
    std::string backend;
    if (json->kind() == Kind::string && json->string(&backend) &&
        (backend == "auto" || backend == "faiss" || backend == "numpy"))
        return ASD_OK;
    return wrong_parameter(name, "must be 'auto', 'faiss' or 'numpy'");
}

// Says how the model was fitted; its whitening holds all that scoring needs of it.
asd_status read_standardise(JsonReader *json, const std::string &name) {
    std::string_view literal;
    if (json->kind() == Kind::boolean && json->skip(&literal)) return ASD_OK;
    return wrong_parameter(name, "must be true or false");
}

asd_status read_local_density(JsonReader *json, const std::string &name, InlierHeader *header) {
    int64_t unused = 0;
    if (json->kind() == Kind::null) return json->skip() ? ASD_OK : unreadable(*json);
    header->local_density = true;
    return read_count(json, name, &unused);
}

asd_status read_positive(JsonReader *json, const std::string &name) {
    std::string_view literal;
    double value = 0.0;
    if (json->kind() == Kind::number && json->number(&literal) &&
        std::from_chars(literal.data(), literal.data() + literal.size(), value).ec == std::errc{} && value > 0.0)
        return ASD_OK;
    return wrong_parameter(name, "must be above 0 and finite");
}

asd_status read_parameter(JsonReader *json, const std::string &name, InlierHeader *header) {
    int64_t unused = 0;
    if (header->kind == ASD_INLIER_KNN) {
        if (name == "neighbours") return read_count(json, name, &header->neighbours);
        if (name == "backend") return read_backend(json, name);
        if (name == "standardise") return read_standardise(json, name);
        if (name == "local_density") return read_local_density(json, name, header);
    } else {
        if (name == "components") return read_count(json, name, &header->components);
        if (name == "max_iter") return read_count(json, name, &unused);
        if (name == "regularisation") return read_positive(json, name);
        if (name == "random_state") return json->skip() ? ASD_OK : unreadable(*json);
    }
    return wrong_parameter(name, "is none of its class");
}

asd_status read_parameters(std::string_view text, InlierHeader *header) {
    JsonReader json(text);
    std::string name;
    std::string seen = "\n";  // the names so far, a line each: at most the five that a class has
    json.begin_object();
    while (json.next_key(&name)) {
        if (seen.find("\n" + name + "\n") != seen.npos) return wrong_parameter(name, "is there twice");
        seen += name + "\n";
        ASD_REQUIRE(read_parameter(&json, name, header));
    }
    return json.finish() ? ASD_OK : unreadable(json);
}

}  // namespace

const char *class_name(asd_inlier_kind kind) {
    return kind == ASD_INLIER_KNN ? "MahalanobisKNN" : "GaussianMixtureInlier";
}

asd_status read_inlier_header(std::string_view text, InlierHeader *header) {
    Parts parts;
    ASD_REQUIRE(split(text, &parts));
    ASD_REQUIRE(require_schema(parts.schema));
    ASD_REQUIRE(read_class(parts.name, &header->kind));
    return read_parameters(parts.parameters, header);
}

}  // namespace asd::c_api
