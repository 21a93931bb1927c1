// A model file from bytes: either a refusal that says why, or a model whose scores are finite or refused as too far out, and the
// same for each query alone as for all together and, for mixtures, for any number of threads: the banks that fit into a fuzzer's
// input are too small to be divided among threads (inlier_score_test has larger ones).
#include <cmath>
#include <string>

#include "asd/asd.h"
#include "byte_source.hpp"

using std::int64_t;

namespace {

constexpr int64_t QUERIES = 3;

struct Result {
    asd_status status;
    double score;

    // To the bit: a score is never NaN.
    bool operator==(const Result &other) const {
        return status == other.status && (status != ASD_OK || score == other.score);
    }
};

asd_inlier_description describe(const asd_inlier *model, std::size_t size) {
    asd_inlier_description facts = ASD_INLIER_DESCRIPTION_INIT;
    LAW(asd_inlier_describe(model, &facts) == ASD_OK);
    const auto most = static_cast<int64_t>(size);
    LAW(facts.dimensions >= 1 && facts.dimensions <= most / 8);
    if (facts.kind == ASD_INLIER_KNN)
        LAW(facts.neighbours >= 1 && facts.neighbours <= facts.vectors && facts.vectors <= most / 4 / facts.dimensions);
    else
        LAW(facts.kind == ASD_INLIER_GMM && facts.components >= 1 && facts.components <= most / 8);
    return facts;
}

// Queries at the origin, of alternating ones, and of numbers that are large for most models.
std::vector<double> queries(int64_t dimensions) {
    std::vector<double> values(static_cast<std::size_t>(QUERIES * dimensions), 0.0);
    for (int64_t i = 0; i < dimensions; ++i) {
        values[static_cast<std::size_t>(dimensions + i)] = i % 2 ? 1.0 : -1.0;
        values[static_cast<std::size_t>(2 * dimensions + i)] = 1e12 * static_cast<double>(i + 1);
    }
    return values;
}

Result score(const asd_inlier *model, const asd_inlier_description &facts, const double *query, int threads) {
    Result result{ASD_OK, std::nan("")};
    asd_score_options options = ASD_SCORE_OPTIONS_INIT;
    options.value_type = ASD_FLOAT64;
    options.threads = threads;
    result.status = asd_inlier_score(model, query, 1, facts.dimensions, &options, &result.score);
    if (result.status == ASD_OK)
        LAW(std::isfinite(result.score) && (facts.kind != ASD_INLIER_KNN || result.score >= 0.0));
    else
        LAW(result.status == ASD_INVALID_ARGUMENT && std::strstr(asd_last_error(), "float32 overflows"));
    return result;
}

void check_scores(const asd_inlier *model, const asd_inlier_description &facts) {
    const std::vector<double> all = queries(facts.dimensions);
    double together[QUERIES];
    bool each = true;
    asd_score_options options = ASD_SCORE_OPTIONS_INIT;
    options.value_type = ASD_FLOAT64;
    const asd_status status = asd_inlier_score(model, all.data(), QUERIES, facts.dimensions, &options, together);
    for (int64_t i = 0; i < QUERIES; ++i) {
        const double *query = all.data() + i * facts.dimensions;
        const Result alone = score(model, facts, query, 1);
        // A thread costs more than such a model: only if there is more than one part, and not always.
        if (i == 1 && facts.components > 1) LAW(score(model, facts, query, 2) == alone);
        if (status == ASD_OK) LAW(alone == (Result{ASD_OK, together[i]}));
        each = each && alone.status == ASD_OK;
    }
    LAW((status == ASD_OK) == each);
}

void check_refusal(asd_status status, const asd_inlier *model) {
    const std::string message = asd_last_error();
    LAW(status == ASD_INVALID_MODEL && model == nullptr);
    LAW(message.rfind("bytes: ", 0) == 0 && message.size() > 30);
    for (const char c : message) LAW(c >= ' ' && c <= '~');  // whatever was in the file
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    asd_inlier *model = nullptr;
    const asd_status status = asd_inlier_create(data, static_cast<int64_t>(size), &model);
    if (status != ASD_OK) {
        check_refusal(status, model);
        return 0;
    }
    check_scores(model, describe(model, size));
    asd_inlier_destroy(model);
    return 0;
}
