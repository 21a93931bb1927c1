// A model's folder opens if it is whole, and is refused with a reason otherwise, whatever is in it.
#include <cerrno>
#include <cstring>
#include <memory>
#include <random>

#include "asd/asd.h"
#include "check.hpp"
#include "model_folder.hpp"

#if defined(__unix__)
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace {

namespace fs = std::filesystem;

struct Destroy {
    void operator()(asd_model *model) const { asd_model_destroy(model); }
};
using Model = std::unique_ptr<asd_model, Destroy>;

fs::path place;  // of the model; next to this program

// Null if it is refused: as an invalid model, with a readable message.
Model open() {
    asd_model *made = nullptr;
    const asd_status status = asd_model_open(place.c_str(), &made);
    CHECK((status == ASD_OK) == (made != nullptr));
    if (status == ASD_OK) return Model(made);
    const std::string message = asd_last_error();
    CHECK(status == ASD_INVALID_MODEL && message.find(": ") != message.npos && message.size() > 40);
    for (const char c : message) CHECK(c >= ' ' && c <= '~');
    return nullptr;
}

bool refused(const char *words) {
    const bool is = !open() && std::strstr(asd_last_error(), words) != nullptr;
    if (!is) std::printf("not refused for \"%s\": %s\n", words, asd_last_error());
    return is;
}

bool refused(const ModelFolderFiles &files, const char *words) {
    files.write(place);
    return refused(words);
}

void a_whole_model_opens_and_is_described() {
    small_model().write(place);
    const Model model = open();
    asd_model_description facts = ASD_MODEL_DESCRIPTION_INIT;
    CHECK(model && asd_model_describe(model.get(), &facts) == ASD_OK);
    CHECK(std::string(facts.machine) == "pump 7" && std::string(facts.system) == "oe-flow" && std::string(facts.precision) == "float32");
    CHECK(facts.sample_rate_hz == 8000 && facts.segment_samples == 2000 && facts.hop_samples == 1000);
    CHECK(facts.bands == 8 && facts.frames == 16 && facts.dimensions == 2 && facts.networks == 1);
    CHECK(facts.threshold == 0.5 && facts.stretch_s == 1.0);
    CHECK(facts.channel == ASD_CHANNEL_ONLY && facts.resample == 0 && facts.synthetic == 1);
    asd_network_description network = ASD_NETWORK_DESCRIPTION_INIT;
    CHECK(asd_model_describe_network(model.get(), 0, &network) == ASD_OK);
    CHECK(network.attribute == nullptr && network.onnx_bytes == 9 && network.flow == 1);
    CHECK(asd_model_describe_network(model.get(), 1, &network) == ASD_INVALID_ARGUMENT);
    CHECK(asd_model_describe_network(model.get(), -1, &network) == ASD_INVALID_ARGUMENT);
    char onnx[9];
    CHECK(asd_model_read_network(model.get(), 0, onnx, 9) == ASD_OK && std::memcmp(onnx, "a network", 9) == 0);
    CHECK(asd_model_read_network(model.get(), 0, onnx, 8) == ASD_INVALID_ARGUMENT);
}

void a_network_that_changed_after_opening_is_not_given() {
    small_model().write(place);
    const Model model = open();
    char onnx[9];
    ModelFolderFiles::put(place / "networks/0.onnx", "b network");
    CHECK(asd_model_read_network(model.get(), 0, onnx, 9) == ASD_INVALID_MODEL && std::strstr(asd_last_error(), "hash differs"));
    ModelFolderFiles::put(place / "networks/0.onnx", "a longer network");
    CHECK(asd_model_read_network(model.get(), 0, onnx, 9) == ASD_INVALID_MODEL && std::strstr(asd_last_error(), "length"));
    fs::remove_all(place);
    CHECK(asd_model_read_network(model.get(), 0, onnx, 9) == ASD_INVALID_MODEL && std::strstr(asd_last_error(), "missing"));
}

void the_folder_stays_the_one_that_was_opened() {
    small_model().write(place);
    const Model model = open();
    const fs::path away = place.string() + "_away";
    fs::remove_all(away);
    fs::rename(place, away);
    ModelFolderFiles other = small_model();
    other.files["networks/0.onnx"] = "b network";
    other.write(place);
    char onnx[9];
    CHECK(asd_model_read_network(model.get(), 0, onnx, 9) == ASD_OK && onnx[0] == 'a');
    fs::remove_all(away);
}

void a_path_that_is_no_folder_is_told() {
    asd_model *made = nullptr;
    fs::remove_all(place);
    CHECK(asd_model_open(place.c_str(), &made) == ASD_FILE_FAILED && errno == ENOENT && std::strstr(asd_last_error(), "No such file"));
    ModelFolderFiles::put(place, "");
    CHECK(asd_model_open(place.c_str(), &made) == ASD_FILE_FAILED && errno == ENOTDIR);
    CHECK(asd_model_open(std::string(3000, 'x').c_str(), &made) == ASD_FILE_FAILED && errno == ENAMETOOLONG);
    CHECK(std::strstr(asd_last_error(), "pass the folder of a model") != nullptr);
    fs::remove(place);
    fs::create_directories(place);
    CHECK(refused("manifest.json is missing"));
}

void files_that_are_not_those_listed_are_refused() {
    for (const auto &[name, bytes] : small_model().files) {
        const bool network = name == "networks/0.onnx";  // only looked for
        ModelFolderFiles model = small_model();
        model.write(place);
        fs::remove(place / name);
        CHECK(refused("is missing"));
        if (network) continue;
        ModelFolderFiles::put(place / name, with(bytes, "e", "f"));
        CHECK(refused("its length or hash differs"));
        ModelFolderFiles::put(place / name, bytes + " ");
        CHECK(refused("its length or hash differs"));
        ModelFolderFiles::put(place / name, "");
        CHECK(refused("empty or too large"));
    }
    ModelFolderFiles model = small_model();
    model.files["inlier/0/knn-2-source.safetensors"] = small_gmm().bytes();
    CHECK(refused(model, "knn-2-source.safetensors: must be a MahalanobisKNN of 2 numbers; it is a GaussianMixtureInlier of 2"));
    model = small_model();
    model.files["spectral.safetensors"] = small_knn().bytes();
    CHECK(refused(model, "must be a MahalanobisKNN of 16 numbers; it is a MahalanobisKNN of 2"));
    model = small_model();
    model.files["inlier/0/gmm-2-source.safetensors"] = "not whole";
    CHECK(refused(model, "gmm-2-source.safetensors: not a whole safetensors file"));
    model = small_model();
    model.files["extra"] = "x";
    CHECK(refused(model, "files must be one for each network"));
    for (const char *outside : {"../outside", "/etc/passwd", "inlier/0/../../outside"}) {
        model = small_model();
        model.manifest = with(model.manifest, "{", "{\"files\":{" + quoted(outside) + ":{\"bytes\":1,\"sha256\":\"" +
                                                       std::string(64, '0') + "\"}},");
        CHECK(refused(model, "files must be one for each network"));
    }
}

#if defined(__unix__)
void links_and_pipes_in_the_folder_are_refused() {
    const fs::path away = place.string() + "_away";
    for (const char *name : {"manifest.json", "networks", "networks/0.onnx", "inlier", "inlier/0/knn-2-source.safetensors"}) {
        small_model().write(place);
        fs::remove_all(away);
        fs::rename(place / name, away);
        fs::create_symlink(away, place / name);
        CHECK(refused("is a link"));
        fs::remove(place / name);
        CHECK(mkfifo((place / name).c_str(), 0600) == 0);  // and nobody is waited for
        CHECK(!open());
    }
    small_model().write(place);
    fs::remove_all(away);
    fs::rename(place, away);
    fs::create_directory_symlink(away, place);  // the folder itself may be reached by a link
    CHECK(open() != nullptr);
    fs::remove(place);
    fs::remove_all(away);
}
#endif

void a_damaged_manifest_is_refused() {
    const std::string whole = small_model().text();
    ModelFolderFiles model = small_model();
    model.write(place);
    for (std::size_t length = 0; length < whole.size(); length += 13) {
        ModelFolderFiles::put(place / "manifest.json", whole.substr(0, length));
        CHECK(refused(length == 0 ? "empty or too large" : "not JSON"));
    }
    ModelFolderFiles::put(place / "manifest.json", with(whole, "\"value\":0.5", "\"value\":0.6"));
    CHECK(refused("changed after it was written"));
    ModelFolderFiles::put(place / "manifest.json", with(whole, "pump 7", "pump 8"));
    CHECK(refused("changed after it was written"));
    ModelFolderFiles::put(place / "manifest.json", std::string((1 << 20) + 1, ' '));
    CHECK(refused("empty or too large"));
    ModelFolderFiles::put(place / "manifest.json", with(whole, "{", "\n { \n"));  // space has no part in the hash
    CHECK(open() != nullptr);
    model.sealed = false;
    CHECK(refused(model, "changed after it was written"));
}

// Each with the right hash: nothing of it is trusted for that.
void an_impossible_manifest_is_refused() {
    const struct {
        const char *old, *fresh, *words;
    } changes[] = {
        {"\"asd-model\"", "\"asd-run\"", "not the manifest of a model"},
        {"\"schema\":3", "\"schema\":2", "make it again with `asd fit`"},
        {"\"schema\":3", "\"schema\":4", "load a newer library"},
        {"\"schema\":3", "\"schema\":3.0", "a whole number of at least 1"},
        {"\"schema\":3", "\"schema\":3,\"added\":1", "unknown field 'added'"},
        {"\"device\":\"cpu\",", "", "lacks the field 'device'"},
        {"\"pump 7\"", "7", "machine must be text"},
        {"\"pump 7\"", "\"a\\u0000b\"", "machine has an unprintable character"},
        {"\"synthetic\":true", "\"synthetic\":1", "synthetic must be true or false"},
        {"\"float32\"", "\"float16\"", "precision must be one of float32, bfloat16, int8; got 'float16'"},
        {"\"channel\":\"only\"", "\"channel\":\"both\"", "front_end.audio.channel must be one of only, mean"},
        {"\"channel\":\"only\"", "\"channel\":-1", "front_end.audio.channel must be a whole number from 0"},
        {"\"sample_rate_hz\":8000,\"channel\"", "\"sample_rate_hz\":16000,\"channel\"", "front_end.segments.sample_rate_hz"},
        {"\"length_s\":0.25", "\"length_s\":1e300", "length_s must be from one sample"},
        {"\"length_s\":0.25", "\"length_s\":1e999", "length_s must be finite"},
        {"\"window_s\":0.032", "\"window_s\":0.512", "more than half a window"},
        {"\"overlap\":0.5", "\"overlap\":1.0", "overlap must be from 0 to 0.99"},
        {"\"window_s\":0.032", "\"window_s\":0.03", "front_end: window_samples must be a power of two"},
        {"\"bands\":8", "\"bands\":90000", "bands must be a whole number from 1 to 16384"},
        {"\"window_s\":0.032,\"hop_s\":0.016,\"bands\":8", "\"window_s\":1.024,\"hop_s\":0.016,\"bands\":9000", "times frames or window"},
        {"\"bands\":8", "\"bands\":300", "front_end: bands=300 is too many"},
        {"\"high_hz\":3900", "\"high_hz\":5000", "low_hz and high_hz"},
        {"\"power\":1.0", "\"power\":1.5", "power must be 1 or 2"},
        {"\"floor\":1e-07", "\"floor\":0", "floor must be finite and > 0"},
        {"\"machine\",\"level\"", "\"room\",\"level\"", "standardise must be one of machine, clip, segment"},
        {"\"level\":{\"mean\":0.0,\"std\":0.1}", "\"level\":{\"mean\":0.0,\"std\":0.0}", "front_end.level"},
        {"\"pass_hz\":2000.0", "\"pass_hz\":4000.0", "stop_hz < pass_hz < half the sample rate"},
        {"\"stop_hz\":1000.0", "\"stop_hz\":1999.0", "no steeper"},
        {"\"stop_db\":40.0", "\"stop_db\":2.0", "0 < pass_db < stop_db"},
        {"\"flow\":true", "\"flow\":false", "if and only if the flow scores"},
        {"\"knn-2-source\":{\"mean\":1.0", "\"../knn\":{\"mean\":1.0", "is not the name of an inlier model"},
        {"\"knn-2-source\":{\"mean\":1.0", "\"knn-3-source\":{\"mean\":1.0", "files must be one"},
        {"\"std\":2.0},\"gmm", "\"std\":1e-200},\"gmm", "a standard deviation of at least 1e-100"},
        {"\"mean\":1.0,\"std\":2.0},\"gmm", "\"mean\":1e200,\"std\":2.0},\"gmm", "a mean of at most 1e100"},
        {"\"statistics\":[\"mean\",\"std\"]", "\"statistics\":[]", "spectral.statistics must be a list"},
        {"\"statistics\":[\"mean\",\"std\"]", "\"statistics\":[\"std\",\"std\"]", "each once"},
        {"\"statistics\":[\"mean\",\"std\"]", "\"statistics\":[\"mean\",\"median\"]", "some of mean, std"},
        {"\"rank_decay\":0.9", "\"rank_decay\":1.1", "rank_decay must be from 0 to 1"},
        {"{\"oe\":{\"weight\":0.5", "{\"oe\":{\"weight\":0.6", "weights with the sum 1"},
        {"{\"oe\":{\"weight\"", "{\"hum\":{\"weight\"", "is no detector"},
        {"{\"mean\":10.0,\"std\":3.0},", "", "a scale for each length below a stretch"},
        {"\"stretch_s\":1.0", "\"stretch_s\":0.1", "stretch_s must be from 0.25 to 86400"},
        {"\"value\":0.5", "\"value\":null", "threshold.value must be a number"},
        {"\"networks\":[{", "\"networks\":[7,{", "networks[0] must be an object"},
    };
    for (const auto &change : changes) {
        ModelFolderFiles model = small_model();
        model.manifest = with(model.manifest, change.old, change.fresh);
        CHECK(refused(model, change.words));
    }
}

void random_damage_is_survived() {
    const std::string whole = small_model().manifest;
    std::mt19937 generator(3);
    int opened = 0;
    for (int round = 0; round < 300; ++round) {
        ModelFolderFiles model = small_model();
        for (unsigned i = 0; i <= generator() % 3; ++i)
            model.manifest[1 + generator() % (whole.size() - 1)] = "0123456789[]{}\",:-"[generator() % 18];
        model.write(place);
        opened += open() != nullptr;
    }
    CHECK(opened > 0);
}

}  // namespace

int main(int, char **arguments) {
    place = fs::absolute(std::string(arguments[0]) + ".model");
    a_whole_model_opens_and_is_described();
    a_network_that_changed_after_opening_is_not_given();
    the_folder_stays_the_one_that_was_opened();
    a_path_that_is_no_folder_is_told();
    files_that_are_not_those_listed_are_refused();
#if defined(__unix__)
    links_and_pipes_in_the_folder_are_refused();
#endif
    a_damaged_manifest_is_refused();
    an_impossible_manifest_is_refused();
    random_damage_is_survived();
    fs::remove_all(place);
    return summary("model");
}
