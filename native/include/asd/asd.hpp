// The C ABI for C++17 on host memory: failures as exceptions, arrays as vectors. Header-only; link the C library.
//
// Inputs may be of any type that the ABI reads; sample_type, value_type and sections of the options are filled in here. What
// the ABI refuses is thrown as Error; a result that does not fit in memory as std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "asd.h"

namespace asd {

class Error : public std::runtime_error {
public:
    explicit Error(asd_status status) : Error(status, asd_last_error()) {}
    Error(asd_status status, const std::string &message) : std::runtime_error(message), status_(status) {}
    asd_status status() const noexcept { return status_; }

private:
    asd_status status_;
};

// Throws unless status is ASD_OK.
inline void check(asd_status status) {
    if (status != ASD_OK) throw Error(status);
}

namespace detail {

inline constexpr asd_sample_type type_of(const std::int16_t *) { return ASD_INT16; }
inline constexpr asd_sample_type type_of(const float *) { return ASD_FLOAT32; }
inline constexpr asd_sample_type type_of(const double *) { return ASD_FLOAT64; }

// A kernel on the device would read and write through these host pointers.
inline void require_host(std::int32_t device) {
    if (device != ASD_DEVICE_CPU)
        throw Error(ASD_INVALID_ARGUMENT, "device must be ASD_DEVICE_CPU; got " + std::to_string(device) +
                                              ": vectors are host memory; call asd.h with device pointers");
}

inline void require_length(const char *name, std::size_t got, std::size_t wanted) {
    if (got != wanted)
        throw Error(ASD_INVALID_ARGUMENT, std::string(name) + " must hold " + std::to_string(wanted) + " values; got " +
                                              std::to_string(got));
}

// Number of elements of an output. 0 for sizes that are negative or do not fit in memory: the call that follows refuses them.
inline std::size_t elements(std::initializer_list<std::int64_t> sizes) {
    std::int64_t product = 1;
    for (const std::int64_t size : sizes) {
        if (size <= 0 || product > std::numeric_limits<std::int64_t>::max() / 8 / size) return 0;
        product *= size;
    }
    return static_cast<std::size_t>(product);
}

// Number of second-order sections, of 6 values each.
inline std::int64_t sections_of(const std::vector<double> &sos) {
    if (sos.size() % 6 != 0)
        throw Error(ASD_INVALID_ARGUMENT, "sos must have 6 values a section (b0 b1 b2 1 a1 a2); got " +
                                              std::to_string(sos.size()) + " values: pass whole sections");
    return static_cast<std::int64_t>(sos.size() / 6);
}

}  // namespace detail

inline std::int64_t segment_count(std::int64_t samples, std::int64_t segment_samples, std::int64_t hop_samples) {
    std::int64_t count = 0;
    check(asd_segment_count(samples, segment_samples, hop_samples, &count));
    return count;
}

inline std::vector<std::int64_t> segment_starts(std::int64_t samples, std::int64_t segment_samples,
                                                std::int64_t hop_samples) {
    const std::int64_t count = segment_count(samples, segment_samples, hop_samples);
    std::vector<std::int64_t> starts(detail::elements({count}));
    check(asd_segment_starts(samples, segment_samples, hop_samples, starts.data(), count));
    return starts;
}

// wave: clips x samples, int16 or float. Returns clips x S x L.
template <class Sample>
std::vector<float> cut_segments(const Sample *wave, std::int64_t clips, std::int64_t samples,
                                asd_segment_options options) {
    detail::require_host(options.device);
    options.sample_type = detail::type_of(wave);
    // First without clips: everything but the values is checked before the output is allocated.
    check(asd_cut_segments(nullptr, 0, samples, &options, nullptr));
    const std::int64_t count = segment_count(samples, options.segment_samples, options.hop_samples);
    std::vector<float> segments(detail::elements({clips, count, options.segment_samples}));
    check(asd_cut_segments(wave, clips, samples, &options, segments.data()));
    return segments;
}

// bank: bank_samples, int16 or float; clip c is its samples [edges[c], edges[c + 1]). There is one crop for each element of
// clips and offsets; means and stds have one value for each crop, or none. Returns crops x L.
template <class Sample>
std::vector<float> gather_segments(const Sample *bank, std::int64_t bank_samples, const std::vector<std::int64_t> &edges,
                                   const std::vector<std::int64_t> &clips, const std::vector<std::int64_t> &offsets,
                                   asd_segment_options options, const std::vector<double> &means = {},
                                   const std::vector<double> &stds = {}) {
    detail::require_host(options.device);
    const std::size_t crops = clips.size();
    detail::require_length("edges", edges.size(), edges.empty() ? 1 : edges.size());
    detail::require_length("offsets", offsets.size(), crops);
    detail::require_length("means", means.size(), means.empty() ? 0 : crops);
    detail::require_length("stds", stds.size(), means.size());
    options.sample_type = detail::type_of(bank);
    const auto clip_count = static_cast<std::int64_t>(edges.size()) - 1, crop_count = static_cast<std::int64_t>(crops);
    const double *mean = means.empty() ? nullptr : means.data(), *std = means.empty() ? nullptr : stds.data();
    check(asd_gather_segments(nullptr, bank_samples, nullptr, clip_count, nullptr, nullptr, mean, std, 0, &options, nullptr));
    std::vector<float> segments(detail::elements({crop_count, options.segment_samples}));
    check(asd_gather_segments(bank, bank_samples, edges.data(), clip_count, clips.data(), offsets.data(), mean, std,
                              crop_count, &options, segments.data()));
    return segments;
}

// Window, transform and filters of log-mel spectrograms, made once; any number of threads may use the same one at once.
class LogMel {
public:
    explicit LogMel(const asd_log_mel_options &options = ASD_LOG_MEL_OPTIONS_INIT) : bands_(options.bands) {
        asd_log_mel *made = nullptr;
        check(asd_log_mel_create(&options, &made));
        handle_.reset(made);
    }

    std::int64_t frames(std::int64_t samples) const {
        std::int64_t count = 0;
        check(asd_log_mel_frames(handle_.get(), samples, &count));
        return count;
    }

    // wave: clips x samples, int16, float or double. Returns clips x S x M x F; whole clips with segment_samples = samples.
    template <class Sample>
    std::vector<float> segments(const Sample *wave, std::int64_t clips, std::int64_t samples,
                                asd_segment_options options) const {
        detail::require_host(options.device);
        options.sample_type = detail::type_of(wave);
        check(asd_log_mel_segments(handle_.get(), nullptr, 0, samples, &options, nullptr));
        const std::int64_t count = segment_count(samples, options.segment_samples, options.hop_samples);
        std::vector<float> mel(detail::elements({clips, count, bands_, frames(options.segment_samples)}));
        check(asd_log_mel_segments(handle_.get(), wave, clips, samples, &options, mel.data()));
        return mel;
    }

private:
    struct Destroy {
        void operator()(asd_log_mel *handle) const { asd_log_mel_destroy(handle); }
    };
    std::unique_ptr<asd_log_mel, Destroy> handle_;
    std::int64_t bands_;
};

// A Butterworth high-pass filter: 6 values a section.
inline std::vector<double> high_pass_sections(double sample_rate_hz, double pass_hz, double stop_hz, double pass_db, double stop_db) {
    std::vector<double> sos(6 * ASD_MAX_SECTIONS);
    std::int64_t sections = 0;
    check(asd_high_pass_sections(sample_rate_hz, pass_hz, stop_hz, pass_db, stop_db, sos.data(), &sections));
    sos.resize(static_cast<std::size_t>(6 * sections));
    return sos;
}

// wave: clips x samples, int16 or float; sos: 6 values a section. Returns clips x S x bins.
template <class Sample>
std::vector<double> high_passed_power(const Sample *wave, std::int64_t clips, std::int64_t samples,
                                      const std::vector<double> &sos, asd_power_options options) {
    detail::require_host(options.device);
    options.sections = detail::sections_of(sos);
    options.sample_type = detail::type_of(wave);
    check(asd_high_passed_power(nullptr, 0, samples, sos.data(), &options, nullptr));
    const std::int64_t count = segment_count(samples, options.segment_samples, options.hop_samples);
    std::vector<double> power(detail::elements({clips, count, options.bins}));
    check(asd_high_passed_power(wave, clips, samples, sos.data(), &options, power.data()));
    return power;
}

// scores: clips x segments, float or double; weights: clips x segments. Returns one mean a clip.
template <class Score>
std::vector<double> weighted_mean(const Score *scores, const double *weights, std::int64_t clips, std::int64_t segments,
                                  asd_mean_options options = ASD_MEAN_OPTIONS_INIT) {
    detail::require_host(options.device);
    options.value_type = detail::type_of(scores);
    check(asd_weighted_mean(nullptr, nullptr, 0, segments, &options, nullptr));
    std::vector<double> means(detail::elements({clips}));
    check(asd_weighted_mean(scores, weights, clips, segments, &options, means.data()));
    return means;
}

// maps: clips x segments x height x width, float or double; weights: clips x segments x width. Returns one mean a clip.
template <class Score>
std::vector<double> weighted_map_mean(const Score *maps, const double *weights, std::int64_t clips, std::int64_t segments,
                                      std::int64_t height, std::int64_t width,
                                      asd_mean_options options = ASD_MEAN_OPTIONS_INIT) {
    detail::require_host(options.device);
    options.value_type = detail::type_of(maps);
    check(asd_weighted_map_mean(nullptr, nullptr, 0, segments, height, width, &options, nullptr));
    std::vector<double> means(detail::elements({clips}));
    check(asd_weighted_map_mean(maps, weights, clips, segments, height, width, &options, means.data()));
    return means;
}

// mel: clips x bands x frames, float or double. Returns clips x statistics x bands.
template <class Value>
std::vector<double> spectral_statistics(const Value *mel, std::int64_t clips, std::int64_t bands, std::int64_t frames,
                                        const std::vector<std::int32_t> &statistics,
                                        asd_statistics_options options = ASD_STATISTICS_OPTIONS_INIT) {
    options.value_type = detail::type_of(mel);
    const auto count = static_cast<std::int64_t>(statistics.size());
    check(asd_spectral_statistics(nullptr, 0, bands, frames, statistics.data(), count, &options, nullptr));
    std::vector<double> pooled(detail::elements({clips, count, bands}));
    check(asd_spectral_statistics(mel, clips, bands, frames, statistics.data(), count, &options, pooled.data()));
    return pooled;
}

// A fitted inlier model; any number of threads may score with the same one at once.
class InlierModel {
public:
    // From the bytes that asd-inlier saved, which are copied.
    InlierModel(const void *bytes, std::int64_t size) {
        asd_inlier *made = nullptr;
        check(asd_inlier_create(bytes, size, &made));
        take(made);
    }

    // From a file, mapped on POSIX systems: it must not be changed in place meanwhile, see asd_inlier_open.
    static InlierModel open(const std::string &path) {
        asd_inlier *made = nullptr;
        check(asd_inlier_open(path.c_str(), &made));
        InlierModel model;
        model.take(made);
        return model;
    }

    const asd_inlier_description &description() const noexcept { return description_; }

    // queries: count x dimensions, float or double. Returns count scores, higher is more anomalous.
    template <class Value>
    std::vector<double> anomaly_score(const Value *queries, std::int64_t count, std::int64_t dimensions,
                                      std::int32_t threads = 1) const {
        asd_score_options options = ASD_SCORE_OPTIONS_INIT;
        options.value_type = detail::type_of(queries);
        options.threads = threads;
        check(asd_inlier_score(handle_.get(), nullptr, 0, dimensions, &options, nullptr));
        std::vector<double> scores(detail::elements({count}));
        check(asd_inlier_score(handle_.get(), queries, count, dimensions, &options, scores.data()));
        return scores;
    }

private:
    struct Destroy {
        void operator()(asd_inlier *handle) const { asd_inlier_destroy(handle); }
    };

    InlierModel() = default;
    void take(asd_inlier *made) {
        handle_.reset(made);
        check(asd_inlier_describe(made, &description_));
    }

    std::unique_ptr<asd_inlier, Destroy> handle_;
    asd_inlier_description description_ = ASD_INLIER_DESCRIPTION_INIT;
};

// A model whose folder is open; any number of recordings may be scored with the same one at once.
class Model {
public:
    explicit Model(const std::string &folder) {
        asd_model *made = nullptr;
        check(asd_model_open(folder.c_str(), &made));
        handle_.reset(made);
        check(asd_model_describe(made, &description_));
    }

    // Its strings live as long as the model.
    const asd_model_description &description() const noexcept { return description_; }

    asd_network_description network(std::int64_t number) const {
        asd_network_description description = ASD_NETWORK_DESCRIPTION_INIT;
        check(asd_model_describe_network(handle_.get(), number, &description));
        return description;
    }

    // The bytes of a network's ONNX file.
    std::string onnx(std::int64_t number) const {
        std::string bytes(static_cast<std::size_t>(network(number).onnx_bytes), '\0');
        check(asd_model_read_network(handle_.get(), number, &bytes[0], static_cast<std::int64_t>(bytes.size())));
        return bytes;
    }

private:
    friend class Recording;
    struct Destroy {
        void operator()(asd_model *handle) const { asd_model_destroy(handle); }
    };
    std::unique_ptr<asd_model, Destroy> handle_;
    asd_model_description description_ = ASD_MODEL_DESCRIPTION_INIT;
};

// A recording that is scored with a model; asd_recording_create says in which order. Model and samples must live as long.
class Recording {
public:
    // wave: samples, int16 or float.
    template <class Sample>
    Recording(const Model &model, const Sample *wave, std::int64_t samples, std::int32_t threads = 1)
        : cells_(model.description().bands * model.description().frames) {
        asd_recording_options options = ASD_RECORDING_OPTIONS_INIT;
        options.sample_type = detail::type_of(wave);
        options.threads = threads;
        asd_recording *made = nullptr;
        check(asd_recording_create(model.handle_.get(), wave, samples, &options, &made));
        handle_.reset(made);
        check(asd_recording_describe(made, &description_));
    }

    const asd_recording_description &description() const noexcept { return description_; }

    // The networks' input for segments [first, first + count): count x M x F.
    std::vector<float> log_mel(std::int64_t first, std::int64_t count) const {
        check(asd_recording_log_mel(handle_.get(), first, 0, nullptr));
        std::vector<float> mel(count <= description_.segments - first ? detail::elements({count, cells_}) : 0);
        check(asd_recording_log_mel(handle_.get(), first, count, mel.data()));
        return mel;
    }

    void add(std::int64_t network, const asd_network_output &output) { check(asd_recording_add(handle_.get(), network, &output)); }

    asd_verdict judge() {
        asd_verdict verdict = ASD_VERDICT_INIT;
        check(asd_recording_judge(handle_.get(), &verdict));
        return verdict;
    }

    asd_stretch stretch(std::int64_t number) const {
        asd_stretch found = ASD_STRETCH_INIT;
        check(asd_recording_stretch(handle_.get(), number, &found));
        return found;
    }

    struct Gap {
        double start_s = 0.0, end_s = 0.0;
    };

    Gap gap(std::int64_t number) const {
        Gap found;
        check(asd_recording_gap(handle_.get(), number, &found.start_s, &found.end_s));
        return found;
    }

private:
    struct Destroy {
        void operator()(asd_recording *handle) const { asd_recording_destroy(handle); }
    };
    std::unique_ptr<asd_recording, Destroy> handle_;
    std::int64_t cells_;
    asd_recording_description description_ = ASD_RECORDING_DESCRIPTION_INIT;
};

// A recording in blocks: gives each segment as soon as its last sample has arrived, with the same bits as LogMel::segments,
// high_passed_power with causal = 1 and weighted_mean give for the whole recording. Sample is int16_t or float. Allocates only
// when it is made; to be used by one thread at a time.
template <class Sample>
class Stream {
public:
    struct Segment {
        std::int64_t start = 0;     // first sample in the recording
        double weight = 0.0;        // power of the whole segment, the weight of its score
        std::vector<float> mel;     // M x F
        std::vector<double> power;  // bins
    };

    Stream(const asd_log_mel_options &log_mel, const std::vector<double> &sos, asd_stream_options options) {
        options.sample_type = detail::type_of(static_cast<const Sample *>(nullptr));
        options.sections = detail::sections_of(sos);
        asd_stream *made = nullptr;
        check(asd_stream_create(&log_mel, sos.data(), &options, &made));
        handle_.reset(made);
        segment_.mel.resize(detail::elements({log_mel.bands, 1 + options.segment_samples / log_mel.hop_samples}));
        segment_.power.resize(detail::elements({options.bins}));
    }

    // on_segment(const Segment &) is called with each segment that becomes due in the block; its argument is valid until it
    // returns. If it throws, or a sample is not finite, the samples from there on are not taken.
    template <class OnSegment>
    void push(const Sample *block, std::int64_t samples, const OnSegment &on_segment) {
        do {
            std::int64_t taken = 0;
            std::int32_t due = 0;
            check(asd_stream_push(handle_.get(), block, samples, &taken, &due));
            block += taken;
            samples -= taken;
            if (due) on_segment(take());
        } while (samples > 0);
    }

    // Ends the recording; on_segment is called if that makes a last segment due.
    template <class OnSegment>
    void finish(const OnSegment &on_segment) {
        std::int32_t due = 0;
        check(asd_stream_finish(handle_.get(), &due));
        if (due) on_segment(take());
    }

    // Score of the last segment.
    void add_score(double score) { check(asd_stream_add_score(handle_.get(), score)); }

    // Weighted mean of the recording's scores so far.
    double mean() const {
        double mean = 0.0;
        check(asd_stream_mean(handle_.get(), &mean));
        return mean;
    }

    // Forgets the recording; may be called at any time.
    void reset() { check(asd_stream_reset(handle_.get())); }

private:
    const Segment &take() {
        check(asd_stream_take(handle_.get(), segment_.mel.data(), segment_.power.data(), &segment_.start, &segment_.weight));
        return segment_;
    }

    struct Destroy {
        void operator()(asd_stream *handle) const { asd_stream_destroy(handle); }
    };
    std::unique_ptr<asd_stream, Destroy> handle_;
    Segment segment_;
};

}  // namespace asd
