#include "network_scores.hpp"

#include <algorithm>

#include "../c_api/checks.hpp"
#include "../cpu/launchers.hpp"
#include "../cpu/sample_kernels.hpp"

namespace asd::model {
namespace {

using std::int64_t;

// Means of maps over their height: count x width.
void bins_of(const asd_network_output &output, double *bins) {
    for (int64_t s = 0; s < output.count; ++s)
        for (int64_t column = 0; column < output.width; ++column) {
            double sum = 0.0;
            for (int64_t row = 0; row < output.height; ++row)
                sum += static_cast<double>(output.score_maps[(s * output.height + row) * output.width + column]);
            bins[s * output.width + column] = sum / static_cast<double>(output.height);
        }
}

// Of rows of one length.
std::vector<double> mean_of(const std::vector<std::vector<double>> &rows) {
    std::vector<double> mean(rows.front().size());
    for (const std::vector<double> &row : rows)
        for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += row[i];
    for (double &value : mean) value /= static_cast<double>(rows.size());
    return mean;
}

std::vector<std::string> shared_scores(const std::vector<NetworkScores> &networks) {
    std::vector<std::string> names;
    for (const NamedScale &score : networks.front().network().scores)
        if (std::all_of(networks.begin(), networks.end(),
                        [&score](const NetworkScores &one) { return one.network().score(score.name) >= 0; }))
            names.push_back(score.name);
    return names;
}

}  // namespace

asd_status NetworkScores::require_output(const asd_network_output &output) const {
    ASD_REQUIRE(c_api::require_size(output.first, "first", 0));
    ASD_REQUIRE(c_api::require_size(output.count, "count", 0));
    if (output.first > segments_ || output.count > segments_ - output.first)
        return c_api::fail(ASD_INVALID_ARGUMENT, "first and count must be segments of the recording, which has %lld; got %lld and %lld",
                           static_cast<long long>(segments_), static_cast<long long>(output.first),
                           static_cast<long long>(output.count));
    if (output.count == 0) return ASD_OK;
    if (has_models()) ASD_REQUIRE(c_api::require_pointer(output.embeddings, "embeddings"));
    if (!network_.flow) return ASD_OK;
    ASD_REQUIRE(c_api::require_pointer(output.score_maps, "score_maps"));
    ASD_REQUIRE(c_api::require_size(output.height, "height", 1));
    ASD_REQUIRE(c_api::require_size(output.width, "width", 1));
    ASD_REQUIRE(c_api::require_product(segments_, output.height, output.width, 1));
    if (width_ > 0 && output.width != width_)
        return c_api::fail(ASD_INVALID_ARGUMENT, "width must be the same for all segments, %lld; got %lld",
                           static_cast<long long>(width_), static_cast<long long>(output.width));
    const int64_t values = output.count * output.height * output.width;
    if (cpu::first_not_finite(cpu::isa_kernels(), output.score_maps, values) == values) return ASD_OK;
    return c_api::fail(ASD_INVALID_ARGUMENT, "score_maps must be finite: leave the recording out if it alone gives this; if all do, the "
                                             "network is no good");
}

asd_status NetworkScores::add(const asd_network_output &output, std::int32_t threads) {
    ASD_REQUIRE(require_output(output));
    if (output.count == 0) return ASD_OK;
    asd_score_options options = ASD_SCORE_OPTIONS_INIT;
    options.threads = threads;
    for (std::size_t number = 0; number < columns_.size(); ++number) {
        std::vector<double> &column = columns_[number];
        const int64_t bins = is_flow(number) ? output.width : 1;
        column.resize(static_cast<std::size_t>(segments_ * bins));
        double *scores = column.data() + output.first * bins;
        if (is_flow(number))
            bins_of(output, scores);
        else
            ASD_REQUIRE(asd_inlier_score(models_[number].get(), output.embeddings, output.count, output.dimensions, &options, scores));
    }
    if (network_.flow) width_ = output.width;
    std::fill_n(filled_.begin() + output.first, output.count, char{1});
    return ASD_OK;
}

int64_t NetworkScores::missing() const {
    const auto found = std::find(filled_.begin(), filled_.end(), 0);
    return found == filled_.end() ? -1 : found - filled_.begin();
}

double NetworkScores::mean(std::size_t number, const Group &group, const WeightsByBins &weights) const {
    const int64_t bins = is_flow(number) ? width_ : 1;
    const std::vector<double> &of_all = weights.at(bins);
    std::vector<double> scores, by;
    for (const int64_t segment : group)
        for (int64_t bin = segment * bins; bin < (segment + 1) * bins; ++bin) {
            scores.push_back(columns_[number][static_cast<std::size_t>(bin)]);
            by.push_back(of_all.empty() ? 1.0 : of_all[static_cast<std::size_t>(bin)]);
        }
    double mean = 0.0;
    cpu::weighted_mean(scores.data(), by.data(), 1, static_cast<int64_t>(scores.size()), 1, &mean);
    const Scale &scale = network_.scores[number].scale;
    return (mean - scale.mean) / scale.std;
}

std::vector<double> NetworkScores::of_groups(std::size_t number, const std::vector<Group> &groups, const WeightsByBins &weights) const {
    std::vector<double> means;
    for (const Group &group : groups) means.push_back(mean(number, group, weights));
    return means;
}

std::vector<double> NetworkScores::of_segments(std::size_t number, const WeightsByBins &weights) const {
    std::vector<double> scores;
    for (int64_t segment = 0; segment < segments_; ++segment) scores.push_back(mean(number, {segment}, weights));
    return scores;
}

ScoredGroups average(const std::vector<NetworkScores> &networks, const std::vector<Group> &groups, const WeightsByBins &weights) {
    std::vector<std::vector<double>> by_name, segments_by_name;
    for (const std::string &name : shared_scores(networks)) {
        std::vector<std::vector<double>> by_network, segments_by_network;
        for (const NetworkScores &one : networks) {
            const auto number = static_cast<std::size_t>(one.network().score(name));
            by_network.push_back(one.of_groups(number, groups, weights));
            segments_by_network.push_back(one.of_segments(number, weights));
        }
        by_name.push_back(mean_of(by_network));
        segments_by_name.push_back(mean_of(segments_by_network));
    }
    const std::vector<double> segments = mean_of(segments_by_name);
    ScoredGroups average{mean_of(by_name), {}};
    for (const Group &group : groups) {
        average.segments.emplace_back();
        for (const int64_t segment : group) average.segments.back().push_back(segments[static_cast<std::size_t>(segment)]);
    }
    return average;
}

}  // namespace asd::model
