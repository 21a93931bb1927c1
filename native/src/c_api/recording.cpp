// Recordings that are scored with a model.
#include <algorithm>
#include <cmath>
#include <memory>

#include "../cpu/sample_kernels.hpp"
#include "../model/level.hpp"
#include "../model/model.hpp"
#include "../model/network_scores.hpp"
#include "../model/power_weights.hpp"
#include "../model/segment_cut.hpp"
#include "../model/spectral_scores.hpp"
#include "../model/spectrograms.hpp"
#include "../model/verdict.hpp"
#include "checks.hpp"

using namespace asd::c_api;
using namespace asd::model;

// Reads the model and the samples, which belong to the caller.
struct asd_recording {
    asd_recording(const asd_model &of, const Wave &samples, std::int32_t count)
        : model(of), wave(samples), threads(count), cut(cut_recording(samples, of.manifest)),
          spectrograms(samples, of.manifest.front_end, of.log_mel.plan, count) {
        groups.push_back(cut.audible_segments({0, cut.grid.count()}));
        for (const SegmentRange &stretch : cut.stretches)
            if (Group group = cut.audible_segments(stretch); !group.empty()) groups.push_back(std::move(group));
        for (std::size_t n = 0; n < of.manifest.networks.size(); ++n)
            networks.emplace_back(of.manifest.networks[n], of.inlier[n], cut.grid.count());
    }

    const asd_model &model;
    Wave wave;
    std::int32_t threads;
    Cut cut;
    Spectrograms spectrograms;
    std::vector<Group> groups;
    std::vector<NetworkScores> networks;
    std::vector<ScoredStretch> stretches;  // empty before the verdict
};

namespace {

constexpr double SILENCE_DB = -90.0;  // 16-bit noise of one step

asd_status require_sound(const asd_recording &recording) {
    const Wave &wave = recording.wave;
    const double level = wave.typed([&](const auto *samples) { return level_db(samples, wave.count); });
    if (!(level >= SILENCE_DB))
        return fail(ASD_NO_SOUND, "silent: level %.0f dB in what is scored: check the microphone", level);
    if (!recording.groups.front().empty()) return ASD_OK;
    return fail(ASD_NO_SOUND, "dropout: each of %lld segments touches a gap, in which nothing changes: check the recorder and its cable",
                static_cast<long long>(recording.cut.grid.count()));
}

asd_status require_finite(const Wave &wave) {
    const int64_t bad = wave.typed(
        [&](const auto *samples) { return asd::cpu::first_not_finite(asd::cpu::isa_kernels(), samples, wave.count); });
    return bad == wave.count ? ASD_OK : not_finite_wave(bad, wave.count);
}

asd_status require_count(int64_t number, std::size_t count, const char *name) {
    if (number >= 0 && number < static_cast<int64_t>(count)) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "%s must be one of the recording's %lld, from 0; got %lld", name, static_cast<long long>(count),
                static_cast<long long>(number));
}

}  // namespace

asd_status asd_recording_create(const asd_model *model, const void *wave, int64_t samples, const asd_recording_options *options,
                                asd_recording **recording) {
    ASD_REQUIRE(require_pointer(model, "model"));
    ASD_REQUIRE(require_options(options));
    ASD_REQUIRE(require_type(options->sample_type, "sample_type", ASD_INT16, ASD_FLOAT32));
    ASD_REQUIRE(require_threads(options->threads));
    ASD_REQUIRE(require_grid(samples, 1, 1));
    if (samples > MOST_SAMPLES)
        return fail(ASD_INVALID_ARGUMENT, "samples must be at most %lld; got %lld: score the recording in parts",
                    static_cast<long long>(MOST_SAMPLES), static_cast<long long>(samples));
    ASD_REQUIRE(require_pointer(wave, "wave"));
    ASD_REQUIRE(require_pointer(recording, "recording"));
    const Wave given{wave, samples, options->sample_type};
    ASD_REQUIRE(require_finite(given));
    return guarded([&] {
        auto made = std::make_unique<asd_recording>(*model, given, options->threads);
        ASD_REQUIRE(require_sound(*made));
        *recording = made.release();
        return ASD_OK;
    });
}

void asd_recording_destroy(asd_recording *recording) { delete recording; }

asd_status asd_recording_describe(const asd_recording *recording, asd_recording_description *description) {
    ASD_REQUIRE(require_pointer(recording, "recording"));
    ASD_REQUIRE(require_pointer(description, "description"));
    ASD_REQUIRE(require_struct(description->struct_size, sizeof(asd_recording_description), "description"));
    description->segments = recording->cut.grid.count();
    description->stretches = static_cast<int64_t>(recording->cut.stretches.size());
    description->gaps = static_cast<int64_t>(recording->cut.gaps.size());
    return ASD_OK;
}

asd_status asd_recording_gap(const asd_recording *recording, int64_t gap, double *start_s, double *end_s) {
    ASD_REQUIRE(require_pointer(recording, "recording"));
    ASD_REQUIRE(require_count(gap, recording->cut.gaps.size(), "gap"));
    ASD_REQUIRE(require_pointer(start_s, "start_s"));
    ASD_REQUIRE(require_pointer(end_s, "end_s"));
    const Gap &found = recording->cut.gaps[static_cast<std::size_t>(gap)];
    *start_s = static_cast<double>(found.begin) / recording->cut.rate_hz;
    *end_s = static_cast<double>(found.end) / recording->cut.rate_hz;
    return ASD_OK;
}

asd_status asd_recording_log_mel(const asd_recording *recording, int64_t first, int64_t count, float *mel) {
    ASD_REQUIRE(require_pointer(recording, "recording"));
    const int64_t segments = recording->cut.grid.count();
    if (first < 0 || count < 0 || first > segments || count > segments - first)
        return fail(ASD_INVALID_ARGUMENT, "first and count must be segments of the recording, which has %lld; got %lld and %lld",
                    static_cast<long long>(segments), static_cast<long long>(first), static_cast<long long>(count));
    if (count == 0) return ASD_OK;
    ASD_REQUIRE(require_pointer(mel, "mel"));
    return guarded([&] { return recording->spectrograms.of_segments(first, count, mel); });
}

asd_status asd_recording_add(asd_recording *recording, int64_t network, const asd_network_output *output) {
    ASD_REQUIRE(require_pointer(recording, "recording"));
    ASD_REQUIRE(require_count(network, recording->networks.size(), "network"));
    ASD_REQUIRE(require_options(output));
    return guarded([&] {
        recording->stretches.clear();
        return recording->networks[static_cast<std::size_t>(network)].add(*output, recording->threads);
    });
}

namespace {

asd_status require_all_added(const asd_recording &recording) {
    for (std::size_t n = 0; n < recording.networks.size(); ++n)
        if (const int64_t segment = recording.networks[n].missing(); segment >= 0)
            return fail(ASD_OUT_OF_ORDER, "segment %lld has no output of network %lld: add it first", static_cast<long long>(segment),
                        static_cast<long long>(n));
    return ASD_OK;
}

// Of segments, and of the bins of each network's maps.
WeightsByBins weights_of(const asd_recording &recording) {
    WeightsByBins weights{{1, {}}};
    for (const NetworkScores &network : recording.networks)
        if (network.width() > 0) weights[network.width()] = {};
    if (recording.model.filter)
        for (auto &[bins, of_all] : weights)
            of_all = power_weights(recording.wave, recording.cut.grid, *recording.model.filter, bins, recording.threads);
    return weights;
}

asd_status scores_of(const asd_recording &recording, const WeightsByBins &weights, ScoredGroups *scores) {
    const Manifest &manifest = recording.model.manifest;
    std::vector<DetectorScores> by_detector;
    for (const Detector &detector : manifest.detectors) {
        if (!(detector.weight > 0.0)) continue;
        ScoredGroups &own = by_detector.emplace_back(DetectorScores{&detector, {}}).scores;
        if (detector.name == BY_STATISTICS) {
            ASD_REQUIRE(spectral_scores(recording.model, recording.spectrograms, recording.cut, recording.groups, recording.threads, &own));
            continue;
        }
        own = average(recording.networks, recording.groups, weights);
    }
    *scores = joined_scores(by_detector, manifest.joined);
    const bool finite = std::all_of(scores->groups.begin(), scores->groups.end(), [](double score) { return std::isfinite(score); });
    return finite ? ASD_OK : fail(ASD_INVALID_MODEL, "a score is infinite or no number: the model is damaged or does not fit");
}

void fill_verdict(const asd_recording &recording, double score, asd_verdict *verdict) {
    const double threshold = recording.model.manifest.threshold;
    int64_t above = 0, worst = -1;
    for (std::size_t i = 0; i < recording.stretches.size(); ++i) {
        const ScoredStretch &stretch = recording.stretches[i];
        if (!stretch.scored) continue;
        above += stretch.score > threshold;
        if (worst < 0 || stretch.score > recording.stretches[static_cast<std::size_t>(worst)].score) worst = static_cast<int64_t>(i);
    }
    verdict->score = score;
    verdict->stretches_above = above;
    verdict->worst_stretch = worst;
    verdict->anomalous = above > 0;
    verdict->reserved = 0;
}

}  // namespace

asd_status asd_recording_judge(asd_recording *recording, asd_verdict *verdict) {
    ASD_REQUIRE(require_pointer(recording, "recording"));
    ASD_REQUIRE(require_pointer(verdict, "verdict"));
    ASD_REQUIRE(require_struct(verdict->struct_size, sizeof(asd_verdict), "verdict"));
    return guarded([&] {
        ASD_REQUIRE(require_all_added(*recording));
        const WeightsByBins weights = weights_of(*recording);
        ScoredGroups scores;
        ASD_REQUIRE(scores_of(*recording, weights, &scores));
        recording->stretches = scored_stretches(recording->cut, recording->groups, scores, weights.at(1));
        fill_verdict(*recording, scores.groups.front(), verdict);
        return ASD_OK;
    });
}

asd_status asd_recording_stretch(const asd_recording *recording, int64_t stretch, asd_stretch *found) {
    ASD_REQUIRE(require_pointer(recording, "recording"));
    ASD_REQUIRE(require_pointer(found, "found"));
    ASD_REQUIRE(require_struct(found->struct_size, sizeof(asd_stretch), "found"));
    if (recording->stretches.empty())
        return fail(ASD_OUT_OF_ORDER, "the recording has no verdict yet: call asd_recording_judge first");
    ASD_REQUIRE(require_count(stretch, recording->stretches.size(), "stretch"));
    const ScoredStretch &one = recording->stretches[static_cast<std::size_t>(stretch)];
    found->start_s = one.span.start_s;
    found->end_s = one.span.end_s;
    found->score = one.scored ? one.score : std::nan("");
    found->worst_start_s = one.worst.start_s;
    found->worst_end_s = one.worst.end_s;
    found->scored = one.scored;
    found->above = one.scored && one.score > recording->model.manifest.threshold;
    return ASD_OK;
}
