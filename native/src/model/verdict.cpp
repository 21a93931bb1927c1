#include "verdict.hpp"

#include <algorithm>

namespace asd::model {
namespace {

// One of the detectors' values, by `of`.
template <class Of>
std::vector<double> joined(const std::vector<DetectorScores> &by_detector, const Scale &scale, const Of &of) {
    std::vector<double> sums(of(by_detector.front().scores).size());
    for (const DetectorScores &one : by_detector) {
        const std::vector<double> &values = of(one.scores);
        const Detector &detector = *one.detector;
        for (std::size_t i = 0; i < sums.size(); ++i)
            sums[i] += detector.weight * (values[i] - detector.scale.mean) / detector.scale.std;
    }
    for (double &sum : sums) sum = (sum - scale.mean) / scale.std;
    return sums;
}

// The place of the segment whose weight times its difference from the weighted mean is the largest.
std::size_t telling(const std::vector<double> &scores, const std::vector<double> &weights) {
    double sum = 0.0, total = 0.0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        sum += weights[i] * scores[i];
        total += weights[i];
    }
    std::vector<double> raises = scores;
    if (total > 0.0)
        for (std::size_t i = 0; i < raises.size(); ++i) raises[i] = weights[i] * (scores[i] - sum / total);
    return static_cast<std::size_t>(std::max_element(raises.begin(), raises.end()) - raises.begin());
}

}  // namespace

ScoredGroups joined_scores(const std::vector<DetectorScores> &by_detector, const Scale &scale) {
    ScoredGroups all{joined(by_detector, scale, [](const ScoredGroups &one) -> const auto & { return one.groups; }), {}};
    for (std::size_t g = 0; g < all.groups.size(); ++g)
        all.segments.push_back(joined(by_detector, scale, [g](const ScoredGroups &one) -> const auto & { return one.segments[g]; }));
    return all;
}

std::vector<ScoredStretch> scored_stretches(const Cut &cut, const std::vector<Group> &groups, const ScoredGroups &scores,
                                            const std::vector<double> &weights) {
    std::vector<ScoredStretch> stretches;
    std::size_t group = 1;
    for (const SegmentRange &range : cut.stretches) {
        const Span span = cut.seconds(range);
        if (cut.audible_segments(range).empty()) {
            stretches.push_back({span, span, 0.0, false});
            continue;
        }
        std::vector<double> of_group;
        for (const std::int64_t segment : groups[group])
            if (!weights.empty()) of_group.push_back(weights[static_cast<std::size_t>(segment)]);
        const std::int64_t worst = groups[group][telling(scores.segments[group], of_group)];
        stretches.push_back({span, cut.seconds({worst, worst + 1}), scores.groups[group], true});
        ++group;
    }
    return stretches;
}

}  // namespace asd::model
