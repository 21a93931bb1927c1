#include "model.hpp"

#include <cstring>

#include "../c_api/checks.hpp"
#include "../c_api/inlier_header.hpp"
#include "../c_api/make_filter_plan.hpp"
#include "sha256.hpp"

namespace asd::model {
namespace {

using c_api::fail;
using std::int64_t;

constexpr int64_t MOST_MANIFEST_BYTES = 1 << 20;

// Puts the name of a file before the reason.
asd_status named(asd_status status, const std::string &name) {
    const std::string reason = asd_last_error();
    return fail(status, "%s: %s", name.c_str(), reason.c_str());
}

asd_status load_manifest(asd_model *made) {
    int64_t size = 0;
    ASD_REQUIRE(made->folder.measure(MANIFEST, MOST_MANIFEST_BYTES, &size));
    std::string text(static_cast<std::size_t>(size), '\0');
    ASD_REQUIRE(made->folder.read(MANIFEST, size, text.data()));
    const asd_status status = read_manifest(text, &made->manifest);
    return status == ASD_OK ? status : named(status, MANIFEST);
}

asd_status load_inlier_file(const asd_model &model, const std::string &name, asd_inlier_kind kind, int64_t dimensions, Inlier *inlier) {
    const auto size = static_cast<std::size_t>(model.manifest.file(name).bytes);
    int64_t found = 0;
    ASD_REQUIRE(model.folder.measure(name, INT64_MAX, &found));  // before so much memory is asked for
    auto made = std::make_unique<asd_inlier>();
    if (found == static_cast<int64_t>(size)) made->copy.reset(new char[size]);
    ASD_REQUIRE(read_file(model, name, made->copy.get()));
    const asd_status status = c_api::load_inlier({made->copy.get(), size}, made.get());
    if (status != ASD_OK) return named(status, name);
    const int64_t own = made->kind == ASD_INLIER_KNN ? made->knn.dimensions : made->gmm.dimensions;
    if (made->kind != kind || (dimensions > 0 && own != dimensions))
        return fail(ASD_INVALID_MODEL, "%s: must be a %s of %lld numbers; it is a %s of %lld", name.c_str(), c_api::class_name(kind),
                    static_cast<long long>(dimensions > 0 ? dimensions : own), c_api::class_name(made->kind),
                    static_cast<long long>(own));
    *inlier = std::move(made);
    return ASD_OK;
}

asd_status load_network(std::size_t number, asd_model *made) {
    std::vector<Inlier> &models = made->inlier.emplace_back();
    const FileFacts &file = made->manifest.file(network_file(number));
    int64_t size = 0;
    ASD_REQUIRE(made->folder.measure(file.name, file.bytes, &size));
    for (const NamedScale &score : made->manifest.networks[number].scores) {
        Inlier &inlier = models.emplace_back();
        if (score.name == FLOW) continue;
        const asd_inlier_kind kind = score.name[0] == 'k' ? ASD_INLIER_KNN : ASD_INLIER_GMM;
        ASD_REQUIRE(load_inlier_file(*made, inlier_file(number, score.name), kind, made->dimensions, &inlier));
        made->dimensions = kind == ASD_INLIER_KNN ? inlier->knn.dimensions : inlier->gmm.dimensions;
    }
    return ASD_OK;
}

// Whatever else of the front end the kernels refuse.
asd_status load_front_end(asd_model *made) {
    const FrontEnd &front = made->manifest.front_end;
    ASD_REQUIRE(c_api::make_log_mel_plan(front.log_mel, &made->log_mel));
    ASD_REQUIRE(c_api::require_more_than_half_a_window(made->log_mel.plan, front.segment_samples));
    if (!front.high_pass) return ASD_OK;
    const std::vector<double> sections =
        c_api::butterworth_sections(*front.high_pass, static_cast<double>(front.sample_rate_hz), ASD_MAX_SECTIONS);
    const auto count = static_cast<int64_t>(sections.size() / 6);
    ASD_REQUIRE(c_api::require_sections(count));
    ASD_REQUIRE(c_api::make_filter_plan(sections.data(), count, true, &made->filter.emplace()));
    if (front.segment_samples > made->filter->pad_samples) return ASD_OK;
    return fail(ASD_INVALID_MODEL, "segments must be longer than the filter's extension of %lld samples",
                static_cast<long long>(made->filter->pad_samples));
}

}  // namespace

asd_status read_file(const asd_model &model, const std::string &name, char *bytes) {
    const FileFacts &facts = model.manifest.file(name);
    int64_t size = 0;
    ASD_REQUIRE(model.folder.measure(name, INT64_MAX, &size));
    if (size == facts.bytes) {
        ASD_REQUIRE(model.folder.read(name, size, bytes));
        if (hexadecimal(sha256({bytes, static_cast<std::size_t>(size)})) == facts.sha256) return ASD_OK;
    }
    return fail(ASD_INVALID_MODEL, "%s is not the file that was written: its length or hash differs: copy the model again from the "
                                   "original, or make it again with `asd fit`",
                name.c_str());
}

asd_status open_model(const char *path, asd_model *made) {
    ASD_REQUIRE(made->folder.open(path));
    ASD_REQUIRE(load_manifest(made));
    if (load_front_end(made) != ASD_OK) return named(ASD_INVALID_MODEL, std::string(MANIFEST) + ": front_end");
    for (std::size_t number = 0; number < made->manifest.networks.size(); ++number) ASD_REQUIRE(load_network(number, made));
    if (!made->manifest.spectral) return ASD_OK;
    const auto statistics = static_cast<int64_t>(made->manifest.spectral->statistics.size());
    return load_inlier_file(*made, SPECTRAL_FILE, ASD_INLIER_KNN, statistics * made->manifest.front_end.log_mel.bands, &made->spectral);
}

}  // namespace asd::model
