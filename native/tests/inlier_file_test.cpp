// Model files: what asd-inlier writes loads, from any address; all else is refused with a reason, using little memory.
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <random>

#include "asd/asd.h"
#include "check.hpp"
#include "model_bytes.hpp"
#include "same_bits.hpp"

#if defined(__unix__)
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace {

std::size_t allocated = 0;  // total of all allocations, in bytes

}  // namespace

void *operator new(std::size_t size) {
    allocated += size;
    if (void *memory = std::malloc(size > 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}

void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }

namespace {

using std::int64_t;

struct Destroy {
    void operator()(asd_inlier *inlier) const { asd_inlier_destroy(inlier); }
};
using Model = std::unique_ptr<asd_inlier, Destroy>;

// Null if the bytes are refused: as an invalid model, with a readable message, and using little memory.
Model load(const std::string &bytes) {
    asd_inlier *made = nullptr;
    const std::size_t before = allocated;
    const asd_status status = asd_inlier_create(bytes.data(), static_cast<int64_t>(bytes.size()), &made);
    CHECK(allocated - before <= 4 * bytes.size() + 4096);
    CHECK((status == ASD_OK) == (made != nullptr));
    if (status == ASD_OK) return Model(made);
    CHECK(status == ASD_INVALID_MODEL);
    const std::string message = asd_last_error();
    CHECK(message.rfind("bytes: ", 0) == 0);
    bool way_out = false;
    for (const char *way : {": save the model again", ": load a newer library", ": pass what", ": this is another model"})
        way_out = way_out || message.find(way) != message.npos;
    CHECK(way_out);
    for (const char c : message) CHECK(c >= ' ' && c <= '~');
    return nullptr;
}

bool refused(const std::string &bytes, const char *words) {
    const bool is = !load(bytes) && std::strstr(asd_last_error(), words) != nullptr;
    if (!is) std::printf("not refused for \"%s\": %s\n", words, asd_last_error());
    return is;
}

// Scores of a small model for one query; empty if it was refused.
std::vector<double> scores(const Model &model, double x = 1.5, double y = -2.5) {
    const double query[2] = {x, y};
    std::vector<double> score(1);
    asd_score_options options = ASD_SCORE_OPTIONS_INIT;
    options.value_type = ASD_FLOAT64;
    if (asd_inlier_score(model.get(), query, 1, 2, &options, score.data()) == ASD_OK) {
        CHECK(std::isfinite(score[0]));
        return score;
    }
    CHECK(std::strstr(asd_last_error(), "float32 overflows") != nullptr);
    return {};
}

std::string replaced(std::string text, const std::string &old, const std::string &fresh) {
    const std::size_t at = text.find(old);
    CHECK(at != text.npos);
    return at == text.npos ? text : text.replace(at, old.size(), fresh);
}

void what_asd_inlier_writes_loads_and_is_described() {
    asd_inlier_description facts = ASD_INLIER_DESCRIPTION_INIT;
    const Model knn = load(small_knn().bytes()), gmm = load(small_gmm().bytes());
    CHECK(knn && asd_inlier_describe(knn.get(), &facts) == ASD_OK);
    CHECK(facts.kind == ASD_INLIER_KNN && facts.dimensions == 2 && facts.vectors == 3 && facts.neighbours == 2);
    CHECK(facts.components == 0);
    CHECK(gmm && asd_inlier_describe(gmm.get(), &facts) == ASD_OK);
    CHECK(facts.kind == ASD_INLIER_GMM && facts.dimensions == 2 && facts.components == 2 && facts.vectors == 0);
    // Whitened (0.5, -8.75): two nearest of (0, 0), (3, 4), (-6, 8).
    CHECK_NEAR(scores(knn).at(0), (std::hypot(0.5, 8.75) + std::hypot(2.5, 12.75)) / 2, 1e-6);
}

void distances_are_divided_by_local_ones_where_the_model_has_them() {
    const Model dense = load(small_dense_knn().bytes());
    // Whitened (0.5, -8.75): to (0, 0) over 0.5, to (3, 4) over 2, to (-6, 8) over 4; the two smallest.
    CHECK_NEAR(scores(dense).at(0), (std::hypot(2.5, 12.75) / 2 + std::hypot(6.5, 16.75) / 4) / 2, 1e-6);
    ModelFile file = small_dense_knn();
    file.arrays.pop_back();
    CHECK(refused(file.bytes(), "'local_distance' is missing"));
    file = small_dense_knn();
    file.header = small_knn().header;
    CHECK(refused(file.bytes(), "'local_distance' is none of its class"));
    for (const float wrong : {0.0f, -1.0f, 1e-10f, 1e20f}) {
        file = small_dense_knn();
        file.array("local_distance").bytes = bytes_of(std::vector<float>{1.0f, wrong, 1.0f});
        CHECK(refused(file.bytes(), "must be 1e-9 to 1e9"));
    }
    file = small_dense_knn();
    file.array("local_distance") = {"local_distance", "F32", shape(2), bytes_of(std::vector<float>{1.0f, 1.0f})};
    CHECK(refused(file.bytes(), "'local_distance' must be 3; got 2"));
    file.header = replaced(small_dense_knn().header, "\"local_density\": 2", "\"local_density\": 0");
    CHECK(refused(file.bytes(), "'local_density' must be a whole number of at least 1"));
    file.header = replaced(small_dense_knn().header, "true", "1");
    CHECK(refused(file.bytes(), "'standardise' must be true or false"));
}

void an_array_may_lie_at_any_address() {
    for (ModelFile file : {small_knn(), small_dense_knn(), small_gmm()}) {
        const std::vector<double> expected = scores(load(file.bytes()));
        for (file.alignment = 9; file.alignment < 16; ++file.alignment)
            CHECK(same_bits(scores(load(file.bytes())), expected));
        const std::string whole = file.bytes();
        for (std::size_t offset = 0; offset < 8; ++offset) {
            const std::string padded = std::string(offset, ' ') + whole;
            asd_inlier *made = nullptr;
            CHECK(asd_inlier_create(padded.data() + offset, static_cast<int64_t>(whole.size()), &made) == ASD_OK);
            CHECK(same_bits(scores(Model(made)), expected));
        }
    }
}

void order_space_and_what_is_not_needed_do_not_matter() {
    ModelFile file = small_knn();
    const std::vector<double> expected = scores(load(file.bytes()));
    std::swap(file.arrays.front(), file.arrays.back());
    CHECK(same_bits(scores(load(file.bytes())), expected));
    const std::string header = file.header;
    for (const char *other :
         {"{\"schema\":1,\"parameters\":{\"neighbours\":2},\"class\":\"MahalanobisKNN\"}",
          "\n{ \"class\" : \"Mahalanobis\\u004bNN\" ,\n\"parameters\" : { \"neighbours\" : 2 } , \"schema\" : 1 } ",
          "{\"added\":[[{}],null],\"class\":\"MahalanobisKNN\",\"parameters\":{\"backend\":\"faiss\",\"neighbours\":2},\"schema\":1}"}) {
        file.header = other;
        CHECK(same_bits(scores(load(file.bytes())), expected));
    }
    file.header = header;
    const std::string json = file.bytes().substr(8);
    const std::size_t end = json.find("]}}") + 3;
    std::string changed = replaced(json.substr(0, end), "\"__metadata__\":{", " \"__metadata__\" : {\"format\":\"pt\",");
    changed = replaced(changed, "\"dtype\":\"F64\",\"shape\"", "\"added\":{\"a\":[1]},\"dtype\":\"F64\",\"shape\"");
    const std::size_t data = 8 + json.size() - file.arrays[0].bytes.size() - file.arrays[1].bytes.size() -
                             file.arrays[2].bytes.size() - file.arrays[3].bytes.size();
    CHECK(same_bits(scores(load(with_size(changed) + file.bytes().substr(data))), expected));
}

void every_truncation_and_every_addition_is_refused() {
    for (const ModelFile &file : {small_knn(), small_dense_knn(), small_gmm()}) {
        const std::string whole = file.bytes();
        for (std::size_t length = 0; length < whole.size(); ++length)
            CHECK(refused(whole.substr(0, length), "not a whole safetensors file"));
        CHECK(refused(whole + "x", "bytes after the last array"));
    }
}

void foreign_bytes_are_refused() {
    for (const std::string &bytes :
         {std::string("RIFF....WAVEfmt "), std::string("\x80\x04K\x01."), std::string(64, '\xff'), std::string(8, '\0'), with_size("{"),
          with_size("[]"), with_size("null"), with_size("{}x"), with_size(std::string(100000, '[')),
          with_size("{\"__metadata__\":" + std::string(100000, '{'))})
        CHECK(refused(bytes, "not a whole safetensors file"));
    CHECK(refused(with_size("{}"), "not an inlier model"));
    CHECK(refused(with_size("{\"__metadata__\":{\"format\":\"pt\"}}"), "not an inlier model"));
    CHECK(refused(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10), "beyond all measure"));
    CHECK(refused(std::string("\x03\0\0\0\0\0\0\0{}", 10), "ends within its header"));
}

// Changes of the bytes of the small KNN model.
void a_damaged_table_is_refused() {
    const struct {
        const char *old, *fresh, *words;
    } changes[] = {
        {"{\"__metadata__\"", "{\"__metadata__\":{},\"__metadata__\"", "metadata twice"},
        {"{\"asd_inlier\"", "{\"asd_inlier\":\"\",\"asd_inlier\"", "a key twice"},
        {"{\"asd_inlier\"", "{\"format\":1,\"asd_inlier\"", "header"},
        {"{\"asd_inlier\"", "{\"\xff\":\"\",\"asd_inlier\"", "not UTF-8"},
        {"{\"asd_inlier\"", "[\"asd_inlier\"", "header"},
        {"\"asd_inlier\"", "\"asd_outlier\"", "lacks 'asd_inlier'"},
        {"\"shrinkage\"", "\"location\"", "'location' is there twice"},
        {"\"shrinkage\"", "\"a\\u000a\xc3\xa9\xf0\x9f\x98\x80 long name that goes on and on and on\"", "is missing"},
        {"\"F64\"", "\"F16\"", "F32, F64 or I64"},
        {"\"F64\"", "\"BF16\"", "F32, F64 or I64"},
        {"\"F64\"", "\"f64\"", "F32, F64 or I64"},
        {"\"F64\"", "64", "'\"' expected"},
        {"\"F64\"", "\"F32\"", "another size"},
        {"\"F64\"", "\"I64\"", "array 'location' must be F64"},
        {"\"dtype\":\"F64\",", "", "lacks dtype"},
        {"\"shape\":[2],", "", "lacks dtype, shape"},
        {",\"data_offsets\":[0,16]", "", "lacks dtype, shape or data_offsets"},
        {"\"dtype\":\"F64\",", "\"dtype\":\"F64\",\"dtype\":\"F64\",", "a key twice"},
        {"[2]", "[-2]", "a whole number of at least 0"},
        {"[2]", "[-0]", "a whole number of at least 0"},
        {"[2]", "[2.0]", "a whole number of at least 0"},
        {"[2]", "[2e0]", "a whole number of at least 0"},
        {"[2]", "[\"2\"]", "number expected"},
        {"[2]", "2", "'[' expected"},
        {"[2]", "[02]", "',' or ']' expected"},
        {"[2]", "[3]", "another size"},
        {"[2]", "[]", "another size"},
        {"[2]", "[1,2,1]", "one or two axes"},
        {"[2]", "[2,1]", "must be 2; got 2 x 1"},
        {"[2]", "[99999999999999999999]", "another size"},
        {"[2]", "[4611686018427387904,4611686018427387906]", "another size"},
        {"[2]", "[9223372036854775807,2]", "another size"},
        {"[2]", "[3,6148914691236517206]", "another size"},  // 2^64 + 2
        {"[0,16]", "[0,8]", "another size"},
        {"[0,16]", "[8,24]", "does not begin"},
        {"[0,16]", "[16,0]", "beyond the end"},
        {"[0,16]", "[0,9223372036854775807]", "beyond the end"},
        {"[0,16]", "[9223372036854775792,9223372036854775807]", "beyond the end"},
        {"[0,16]", "[0,99999999999999999999]", "beyond the end"},
        {"[0,16]", "[0]", "two offsets"},
        {"[0,16]", "[0,16,32]", "two offsets"},
        {"[0,16]", "[]", "two offsets"},
        {"[16,24]", "[0,8]", "does not begin"},
        {"[16,24]", "[24,32]", "does not begin"},
        {",\"shrinkage\"", ",\"a\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[16,16]},\"shrinkage\"", "'a' is none of its class"},
    };
    for (const auto &change : changes) {
        const std::string whole = small_knn().bytes(), end = "[56,80]}}";
        const std::size_t table = whole.find(end) + end.size(), data = table + (8 - table % 8) % 8;
        CHECK(refused(with_size(replaced(whole.substr(8, table - 8), change.old, change.fresh)) + whole.substr(data), change.words));
    }
    std::string many = "{";
    for (int i = 0; i < 17; ++i)
        many += "\"" + std::to_string(i) + "\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},";
    CHECK(refused(with_size(many + "\"a\":0}"), "more than 16 arrays"));
}

void a_damaged_header_is_refused() {
    const struct {
        const char *old, *fresh, *words;
    } both[] = {
        {"\"schema\": 1", "\"schema\": 2", "newer asd-inlier: schema 2, this library reads 1: load a newer library"},
        {"\"schema\": 1", "\"schema\": 99999999999999999999", "newer asd-inlier"},
        {"\"schema\": 1", "\"schema\": 0", "schema must be a whole number"},
        {"\"schema\": 1", "\"schema\": 1.0", "schema must be a whole number"},
        {"\"schema\": 1", "\"schema\": \"1\"", "schema must be a whole number"},
        {"\"schema\": 1", "\"schema\": true", "schema must be a whole number"},
        {"\"schema\": 1", "\"schema\": 1, \"schema\": 1", "a key twice"},
        {", \"schema\": 1", "", "lacks class, parameters or schema"},
        {"\"class\": \"", "\"class\": \"Another", "class must be"},
        {"\"class\": \"", "\"class\": [], \"was\": \"", "class must be"},
        {"\"class\": \"", "\"class\": null, \"class\": \"", "a key twice"},
        {"\"parameters\": {", "\"parameters\": [], \"were\": {", "header cannot be read"},
        {"\"parameters\": {", "\"parameters\": null, \"were\": {", "header cannot be read"},
        {"\"parameters\": {", "\"parameters\": {\"shrink\": 1, ", "'shrink' is none of its class"},
        {"\"parameters\": {", "\"parameters\": {\"a\n\x01\": 1, ", "header"},
        {"{", "", "header cannot be read"},
        {"}", "", "header cannot be read"},
        {"1}", "1} ]", "header cannot be read"},
        {"1}", "NaN}", "header cannot be read"},
    };
    for (const ModelFile &whole : {small_knn(), small_dense_knn(), small_gmm()}) {
        for (const auto &change : both) {
            ModelFile file = whole;
            file.header = replaced(file.header, change.old, change.fresh);
            CHECK(refused(file.bytes(), change.words));
        }
        ModelFile file = whole;
        file.header = "{\"a\":" + std::string(100000, '[');
        CHECK(refused(file.bytes(), "nested too deep"));
    }
    const struct {
        bool knn;
        const char *old, *fresh;
    } parameters[] = {
        {true, "neighbours\": 2", "neighbours\": 0"},       {true, "neighbours\": 2", "neighbours\": -1"},
        {true, "neighbours\": 2", "neighbours\": 2.0"},     {true, "neighbours\": 2", "neighbours\": true"},
        {true, "neighbours\": 2", "neighbours\": \"2\""},   {true, "neighbours\": 2", "neighbours\": 4"},
        {true, "neighbours\": 2", "neighbours\": 1e0"},     {true, "neighbours\": 2", "neighbours\": 2, \"neighbours\": 2"},
        {true, "\"auto\"", "\"gpu\""},                      {true, "\"auto\"", "1"},
        {true, "neighbours\": 2", "neighbours\": 99999999999999999999"},
        {false, "components\": 2", "components\": 0"},      {false, "components\": 2", "components\": 1"},
        {false, "components\": 2", "components\": 3"},      {false, "\"components\": 2, ", ""},
        {false, "max_iter\": 50", "max_iter\": 0"},         {false, "max_iter\": 50", "max_iter\": null"},
        {false, "sation\": 0.01", "sation\": 0"},           {false, "sation\": 0.01", "sation\": -0.5"},
        {false, "sation\": 0.01", "sation\": 1e999"},       {false, "sation\": 0.01", "sation\": \"a\""},
        {false, "components\": 2", "components\": 9223372036854775807"},
    };
    for (const auto &change : parameters) {
        ModelFile file = change.knn ? small_knn() : small_gmm();
        file.header = replaced(file.header, change.old, change.fresh);
        CHECK(refused(file.bytes(), "not hold a valid model"));
    }
}

void damaged_arrays_are_refused() {
    const double infinite = std::numeric_limits<double>::infinity();
    const struct {
        bool knn;
        const char *name;
        std::size_t element;
        double value;
        const char *words;
    } values[] = {
        {true, "location", 1, std::nan(""), "'location' must hold finite numbers; element 1"},
        {true, "shrinkage", 0, infinite, "'shrinkage' must hold finite numbers"},
        {true, "training", 5, -infinite, "'training' must hold finite numbers; element 5"},
        {true, "whitening", 3, std::nan(""), "'whitening' must hold finite numbers"},
        {true, "whitening", 2, 1e-300, "upper triangular"},
        {false, "scale", 0, 0.0, "'scale' must be above 0"},
        {false, "scale", 0, infinite, "'scale' must hold finite"},
        {false, "weights", 1, -0.25, "'weights' must be above 0"},
        {false, "weights", 1, 0.0, "'weights' must be above 0"},
        {false, "means", 3, std::nan(""), "'means' must hold finite"},
        {false, "precisions_cholesky", 5, 0.0, "'precisions_cholesky' must be above 0"},
        {false, "precisions_cholesky", 3, -1.0, "'precisions_cholesky' must be above 0"},
    };
    for (const auto &value : values) {
        ModelFile file = value.knn ? small_knn() : small_gmm();
        ModelArray &array = file.array(value.name);
        const auto narrow = static_cast<float>(value.value);
        if (array.type == "F32")
            std::memcpy(&array.bytes[4 * value.element], &narrow, 4);
        else
            std::memcpy(&array.bytes[8 * value.element], &value.value, 8);
        CHECK(refused(file.bytes(), value.words));
    }
    for (const ModelFile &whole : {small_knn(), small_dense_knn(), small_gmm()}) {
        for (const ModelArray &array : whole.arrays) {
            ModelFile less = whole, empty = whole, twice = whole, missing = whole;
            less.array(array.name).bytes.resize(less.array(array.name).bytes.size() / 2);
            CHECK(refused(less.bytes(), "another size"));
            empty.array(array.name) = {array.name, array.type, "[0]", ""};
            CHECK(refused(empty.bytes(), "valid model"));
            twice.array(array.name).bytes += array.bytes;
            twice.array(array.name).shape = "[2," + std::to_string(array.bytes.size() / (array.type == "F32" ? 4 : 8)) + "]";
            CHECK(refused(twice.bytes(), "valid model"));
            for (std::size_t i = 0; i < missing.arrays.size(); ++i)
                if (missing.arrays[i].name == array.name) missing.arrays.erase(missing.arrays.begin() + static_cast<std::ptrdiff_t>(i));
            CHECK(refused(missing.bytes(), "is missing"));
        }
    }
}

// A change of any bytes is refused or gives a model that scores, or refuses the query.
void random_damage_is_survived() {
    std::mt19937 generator(2);
    int loaded = 0;
    for (const ModelFile &file : {small_knn(), small_dense_knn(), small_gmm()}) {
        const std::string whole = file.bytes();
        for (int round = 0; round < 20000; ++round) {
            std::string bytes = whole;
            for (unsigned i = 0; i <= generator() % 3; ++i)
                bytes[generator() % bytes.size()] = round % 2 ? static_cast<char>(generator()) : "0123456789[]{}\",:-"[generator() % 18];
            if (const Model model = load(bytes)) {
                asd_inlier_description facts = ASD_INLIER_DESCRIPTION_INIT;
                CHECK(asd_inlier_describe(model.get(), &facts) == ASD_OK && facts.dimensions == 2);
                scores(model);
                ++loaded;
            }
        }
    }
    CHECK(loaded > 1000);
}

void a_file_is_the_same_model_and_a_path_that_is_none_is_told(const std::string &program) {
    const std::string name = program + ".safetensors", pipe = program + ".pipe";  // two programs are made of this file
    const char *path = name.c_str();
    asd_inlier *made = nullptr;
    for (const ModelFile &model : {small_knn(), small_dense_knn(), small_gmm()}) {
        const std::string bytes = model.bytes();
        for (const std::size_t length : {bytes.size(), bytes.size() - 1, std::size_t{0}}) {
            std::FILE *file = std::fopen(path, "wb");
            CHECK(file && std::fwrite(bytes.data(), 1, length, file) == length);
            std::fclose(file);
            made = nullptr;
            const asd_status status = asd_inlier_open(path, &made);
            CHECK(status == (length == bytes.size() ? ASD_OK : ASD_INVALID_MODEL));
            const Model opened(made);
            std::remove(path);  // an open model keeps its file
            if (opened) CHECK(same_bits(scores(opened), scores(load(bytes))));
            if (!opened) CHECK(std::string(asd_last_error()).rfind(std::string(path) + ": not a whole safetensors", 0) == 0);
        }
    }
    CHECK(asd_inlier_open(path, &made) == ASD_FILE_FAILED && errno == ENOENT && std::strstr(asd_last_error(), path));
    CHECK(asd_inlier_open(std::string(3000, 'x').c_str(), &made) == ASD_FILE_FAILED && errno == ENAMETOOLONG);
    CHECK(std::strstr(asd_last_error(), "xx: cannot be opened") != nullptr);
#if defined(__unix__)
    CHECK(asd_inlier_open(".", &made) == ASD_FILE_FAILED && errno == EISDIR);
    if (mkfifo(pipe.c_str(), 0600) == 0) {
#if !defined(ASD_READ_FILES)
        CHECK(asd_inlier_open(pipe.c_str(), &made) == ASD_FILE_FAILED);  // and does not wait
#endif
        std::remove(pipe.c_str());
    }
#endif
}

}  // namespace

int main(int, char **arguments) {
    what_asd_inlier_writes_loads_and_is_described();
    distances_are_divided_by_local_ones_where_the_model_has_them();
    an_array_may_lie_at_any_address();
    order_space_and_what_is_not_needed_do_not_matter();
    every_truncation_and_every_addition_is_refused();
    foreign_bytes_are_refused();
    a_damaged_table_is_refused();
    a_damaged_header_is_refused();
    damaged_arrays_are_refused();
    random_damage_is_survived();
    a_file_is_the_same_model_and_a_path_that_is_none_is_told(arguments[0]);
    return summary("inlier_file");
}
