// Inlier models.
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "../cpu/launchers.hpp"
#include "../cpu/sample_kernels.hpp"
#include "checks.hpp"
#include "inlier_file.hpp"

using namespace asd::c_api;

namespace {

// Puts the name of what was read before the reason; a long path is cut to its end, so that the reason stays whole.
asd_status named(asd_status status, const char *source) {
    constexpr std::size_t MOST = 160;
    const std::string reason = asd_last_error(), path = source;
    const std::string shown_path = path.size() > MOST ? "..." + path.substr(path.size() - MOST) : path;
    return fail(status, "%s: %s", shown_path.c_str(), reason.c_str());
}

int64_t dimensions_of(const asd_inlier &inlier) {
    return inlier.kind == ASD_INLIER_KNN ? inlier.knn.dimensions : inlier.gmm.dimensions;
}

template <class Fill>
asd_status make(const char *source, asd_inlier **inlier, const Fill &fill) {
    int error = 0;
    const asd_status made_or_not = guarded([&] {
        auto made = std::make_unique<asd_inlier>();
        const asd_status status = fill(made.get());
        error = errno;
        if (status != ASD_OK) return named(status, source);
        *inlier = made.release();
        return ASD_OK;
    });
    if (made_or_not == ASD_FILE_FAILED) errno = error;
    return made_or_not;
}

}  // namespace

asd_status asd_inlier_create(const void *bytes, int64_t size, asd_inlier **inlier) {
    ASD_REQUIRE(require_size(size, "size", 0));
    if (size > 0) ASD_REQUIRE(require_pointer(bytes, "bytes"));
    ASD_REQUIRE(require_pointer(inlier, "inlier"));
    return make("bytes", inlier, [&](asd_inlier *made) {
        const auto count = static_cast<std::size_t>(size);
        made->copy.reset(new char[count]);
        if (count > 0) std::memcpy(made->copy.get(), bytes, count);
        return load_inlier({made->copy.get(), count}, made);
    });
}

asd_status asd_inlier_open(const char *path, asd_inlier **inlier) {
    ASD_REQUIRE(require_pointer(path, "path"));
    ASD_REQUIRE(require_pointer(inlier, "inlier"));
    return make(path, inlier, [&](asd_inlier *made) {
        ASD_REQUIRE(made->file.open(path));
        return load_inlier(made->file.bytes(), made);
    });
}

void asd_inlier_destroy(asd_inlier *inlier) { delete inlier; }

asd_status asd_inlier_describe(const asd_inlier *inlier, asd_inlier_description *description) {
    ASD_REQUIRE(require_pointer(inlier, "inlier"));
    ASD_REQUIRE(require_pointer(description, "description"));
    ASD_REQUIRE(require_struct(description->struct_size, sizeof(asd_inlier_description), "description"));
    const bool knn = inlier->kind == ASD_INLIER_KNN;
    description->dimensions = dimensions_of(*inlier);
    description->vectors = knn ? inlier->knn.vectors : 0;
    description->neighbours = knn ? inlier->knn.neighbours : 0;
    description->components = knn ? 0 : inlier->gmm.components;
    description->kind = inlier->kind;
    return ASD_OK;
}

namespace {

asd_status require_dimensions(int64_t dimensions, const asd_inlier &inlier) {
    const int64_t wanted = dimensions_of(inlier);
    if (dimensions == wanted) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "dimensions must be the model's, %lld; got %lld: pass embeddings of the network "
                                      "that it was fitted on",
                static_cast<long long>(wanted), static_cast<long long>(dimensions));
}

template <class Value>
asd_status score(const asd_inlier &inlier, const void *data, int64_t count, const asd_score_options &options,
                 double *scores) {
    const auto *queries = static_cast<const Value *>(data);
    const asd::cpu::IsaKernels &isa = asd::cpu::isa_kernels();
    const int64_t dimensions = dimensions_of(inlier), bad = first_not_finite(isa, queries, count * dimensions);
    if (bad < count * dimensions)
        return fail(ASD_INVALID_ARGUMENT, "queries must be finite; query %lld holds %g at %lld: leave that query out",
                    static_cast<long long>(bad / dimensions), static_cast<double>(queries[bad]),
                    static_cast<long long>(bad % dimensions));
    return guarded([&] {
        if (inlier.kind == ASD_INLIER_KNN)
            asd::cpu::knn_score(queries, count, inlier.knn, options.threads, scores);
        else
            asd::cpu::gmm_score(queries, count, inlier.gmm, options.threads, scores);
        const int64_t far = first_not_finite(isa, scores, count);
        if (far == count) return ASD_OK;
        return fail(ASD_INVALID_ARGUMENT, "query %lld lies so far from the training vectors that float32 overflows: look for "
                                          "what made it so large, or leave it out",
                    static_cast<long long>(far));
    });
}

}  // namespace

asd_status asd_inlier_score(const asd_inlier *inlier, const void *queries, int64_t count, int64_t dimensions,
                            const asd_score_options *options, double *scores) {
    ASD_REQUIRE(require_pointer(inlier, "inlier"));
    ASD_REQUIRE(require_options(options));
    ASD_REQUIRE(require_size(count, "count", 0));
    ASD_REQUIRE(require_dimensions(dimensions, *inlier));
    ASD_REQUIRE(require_type(options->value_type, "value_type", ASD_FLOAT32, ASD_FLOAT64));
    ASD_REQUIRE(require_threads(options->threads));
    ASD_REQUIRE(require_product(count, dimensions, 1, 1));
    if (count == 0) return ASD_OK;
    ASD_REQUIRE(require_pointer(queries, "queries"));
    ASD_REQUIRE(require_pointer(scores, "scores"));
    return options->value_type == ASD_FLOAT32 ? score<float>(*inlier, queries, count, *options, scores)
                                              : score<double>(*inlier, queries, count, *options, scores);
}
