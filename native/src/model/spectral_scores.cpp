#include "spectral_scores.hpp"

#include <algorithm>

#include "../c_api/checks.hpp"
#include "../cpu/launchers.hpp"

namespace asd::model {
namespace {

using std::int64_t;

// Audible segments of a stretch without a gap between them, their samples and their frames.
struct Run {
    std::vector<int64_t> starts;
    int64_t begin, end;
    std::vector<float> mel;  // bands x frames
    int64_t frames = 0;
};

class StretchScorer {
public:
    StretchScorer(const asd_model &model, const Spectrograms &spectrograms, const Cut &cut, std::int32_t threads)
        : model_(model), spectrograms_(spectrograms), cut_(cut), threads_(threads),
          detector_(*model.manifest.detector(BY_STATISTICS)), bands_(model.manifest.front_end.log_mel.bands),
          hop_(model.manifest.front_end.log_mel.hop_samples) {}

    // *score of the stretch, and of each of its segments, on the scale of a whole stretch.
    asd_status score(const Group &segments, double *score, std::vector<double> *of_segments) {
        std::vector<Run> runs = runs_of(segments);
        vectors_.clear();
        int64_t heard = 0;
        for (Run &run : runs) {
            ASD_REQUIRE(spectrograms_.of_part(run.begin, run.end, &run.mel));
            run.frames = static_cast<int64_t>(run.mel.size()) / bands_;
            heard += run.end - run.begin;
            for (const int64_t start : run.starts) pool_segment(run, start - run.begin);
        }
        pool_all(runs);
        std::vector<double> scores(segments.size() + 1);
        asd_score_options options = ASD_SCORE_OPTIONS_INIT;
        options.value_type = ASD_FLOAT64;
        options.threads = threads_;
        const auto count = static_cast<int64_t>(scores.size());
        ASD_REQUIRE(asd_inlier_score(model_.spectral.get(), vectors_.data(), count, static_cast<int64_t>(vectors_.size()) / count,
                                     &options, scores.data()));
        *score = as_whole(scores.back(), heard);
        scores.pop_back();
        for (double &of_segment : scores) of_segment = as_whole(of_segment, cut_.grid.segment_samples);
        *of_segments = std::move(scores);
        return ASD_OK;
    }

private:
    std::vector<Run> runs_of(const Group &segments) const {
        const int64_t length = cut_.grid.segment_samples;
        std::vector<Run> runs;
        for (const int64_t segment : segments) {
            const int64_t start = cut_.grid.start(segment);
            if (runs.empty() || start - runs.back().starts.back() > length) runs.push_back({{}, start, 0, {}});
            runs.back().starts.push_back(start);
            runs.back().end = std::min(start + length, cut_.grid.samples);
        }
        return runs;
    }

    // The frames that lie in the segment that begins at sample `start` of the run.
    void pool_segment(const Run &run, int64_t start) {
        const int64_t first = std::min(start / hop_, run.frames - 1);
        const int64_t end = std::min(std::max(first + 1, (start + cut_.grid.segment_samples) / hop_), run.frames);
        pool(run.mel.data() + first, {bands_, end - first, run.frames});
    }

    void pool_all(const std::vector<Run> &runs) {
        std::vector<float> all;
        for (int64_t band = 0; band < bands_; ++band)
            for (const Run &run : runs)
                all.insert(all.end(), run.mel.begin() + band * run.frames, run.mel.begin() + (band + 1) * run.frames);
        const int64_t frames = static_cast<int64_t>(all.size()) / bands_;
        pool(all.data(), {bands_, frames, frames});
    }

    // Appends a vector.
    void pool(const float *mel, const cpu::FramesOf &shape) {
        const Spectral &spectral = *model_.manifest.spectral;
        const cpu::Statistics statistics{spectral.statistics.data(), static_cast<int64_t>(spectral.statistics.size()),
                                         spectral.rank_decay};
        const std::size_t size = vectors_.size();
        vectors_.resize(size + static_cast<std::size_t>(statistics.count * bands_));
        cpu::spectral_statistics(mel, 1, shape, statistics, 1, vectors_.data() + size);
    }

    // The fewer frames are pooled, the further out even a normal vector lies: brings a score of so many samples from its own scale to
    // that of a whole stretch.
    double as_whole(double score, int64_t samples) const {
        const auto hops = static_cast<std::size_t>(whole_hops(samples, model_.manifest.front_end));
        if (hops > detector_.shorter.size()) return score;
        const Scale &own = detector_.shorter[hops - 1];
        return (score - own.mean) / own.std * detector_.scale.std + detector_.scale.mean;
    }

    const asd_model &model_;
    const Spectrograms &spectrograms_;
    const Cut &cut_;
    std::int32_t threads_;
    const Detector &detector_;
    int64_t bands_, hop_;
    std::vector<double> vectors_;
};

}  // namespace

asd_status spectral_scores(const asd_model &model, const Spectrograms &spectrograms, const Cut &cut, const std::vector<Group> &groups,
                           std::int32_t threads, ScoredGroups *scores) {
    StretchScorer scorer(model, spectrograms, cut, threads);
    *scores = {{0.0}, {std::vector<double>(groups.front().size())}};
    double sum = 0.0;
    for (std::size_t g = 1; g < groups.size(); ++g) {
        scores->groups.push_back(0.0);
        scores->segments.emplace_back();
        ASD_REQUIRE(scorer.score(groups[g], &scores->groups.back(), &scores->segments.back()));
        sum += scores->groups.back();
    }
    scores->groups.front() = sum / static_cast<double>(groups.size() - 1);
    return ASD_OK;
}

}  // namespace asd::model
