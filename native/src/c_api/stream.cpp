// Streams: checks arguments and the order of calls.
#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <memory>
#include <type_traits>
#include <variant>

#include "../cpu/segment_stream.hpp"
#include "../kernels/weighted_mean.hpp"
#include "checks.hpp"
#include "make_filter_plan.hpp"
#include "make_log_mel_plan.hpp"

using asd::cpu::SegmentStream;
using asd::kernels::WeightedMean;
using namespace asd::c_api;

// Not moved: the recording reads the plan beside it.
struct asd_stream {
    asd_log_mel log_mel;
    std::variant<std::monostate, SegmentStream<std::int16_t>, SegmentStream<float>> recording;
    std::int64_t bins = 0;

    bool ended = false;
    bool scorable = false;  // a segment was taken and has no score yet
    bool scored = false;
    double weight = 0.0;    // of that segment
    WeightedMean mean = asd::kernels::no_score();
};

namespace {

// body(recording) for the sample type of the stream.
template <class Body>
auto with_recording(asd_stream *stream, const Body &body) {
    if (auto *recording = std::get_if<SegmentStream<std::int16_t>>(&stream->recording)) return body(*recording);
    return body(*std::get_if<SegmentStream<float>>(&stream->recording));
}

bool is_due(asd_stream *stream) {
    return with_recording(stream, [](const auto &recording) { return recording.until_due() == 0; });
}

asd_status require_not_due(asd_stream *stream) {
    if (!is_due(stream)) return ASD_OK;
    return fail(ASD_OUT_OF_ORDER, "a segment is due: take it before the recording goes on");
}

asd_status require_not_ended(const asd_stream *stream) {
    if (!stream->ended) return ASD_OK;
    return fail(ASD_OUT_OF_ORDER, "the recording has ended: reset the stream before the next one begins");
}

asd_status require_log_mel(const asd_log_mel_options &log_mel, const asd_stream_options &options, asd_stream *made) {
    ASD_REQUIRE(make_log_mel_plan(log_mel, &made->log_mel));
    ASD_REQUIRE(require_more_than_half_a_window(made->log_mel.plan, options.segment_samples));
    const asd::kernels::LogMelPlan &plan = made->log_mel.plan;
    const int64_t most_kept = std::min(plan.hop_samples, 1 + options.segment_samples / options.hop_samples);
    return require_product(plan.bands, plan.frames(options.segment_samples), most_kept, 1);
}

}  // namespace

asd_status asd_stream_create(const asd_log_mel_options *log_mel, const double *sos, const asd_stream_options *options,
                             asd_stream **stream) {
    ASD_REQUIRE(require_options(log_mel));
    ASD_REQUIRE(require_options(options));
    ASD_REQUIRE(require_size(options->segment_samples, "segment_samples", 1));
    ASD_REQUIRE(require_size(options->hop_samples, "hop_samples", 1));
    ASD_REQUIRE(require_product(options->segment_samples, 4, 1, 1));
    ASD_REQUIRE(require_standardisation(options->per_segment, options->mean, options->std));
    ASD_REQUIRE(require_type(options->sample_type, "sample_type", ASD_INT16, ASD_FLOAT32));
    ASD_REQUIRE(require_bins(options->bins, options->segment_samples));
    ASD_REQUIRE(require_sections(options->sections));
    ASD_REQUIRE(require_pointer(sos, "sos"));
    ASD_REQUIRE(require_pointer(stream, "stream"));
    asd::kernels::FilterPlan filter;
    ASD_REQUIRE(make_filter_plan(sos, options->sections, false, &filter));
    try {
        auto made = std::make_unique<asd_stream>();
        ASD_REQUIRE(require_log_mel(*log_mel, *options, made.get()));
        made->bins = options->bins;
        const asd::cpu::CutOptions cut{options->per_segment == 1, options->mean, options->std, 1};
        const auto begin = [&](auto *recording) {
            using Recording = std::remove_pointer_t<decltype(recording)>;
            made->recording.emplace<Recording>(made->log_mel.plan, filter, options->segment_samples, options->hop_samples,
                                               cut);
        };
        if (options->sample_type == ASD_INT16)
            begin(static_cast<SegmentStream<std::int16_t> *>(nullptr));
        else
            begin(static_cast<SegmentStream<float> *>(nullptr));
        *stream = made.release();
        return ASD_OK;
    } catch (const std::exception &) {
        return fail(ASD_OUT_OF_MEMORY, "not enough memory for a stream of segments of %lld samples: choose shorter ones",
                    static_cast<long long>(options->segment_samples));
    }
}

void asd_stream_destroy(asd_stream *stream) { delete stream; }

asd_status asd_stream_reset(asd_stream *stream) {
    ASD_REQUIRE(require_pointer(stream, "stream"));
    with_recording(stream, [](auto &recording) { recording.clear(); });
    stream->ended = stream->scorable = stream->scored = false;
    stream->mean = asd::kernels::no_score();
    return ASD_OK;
}

namespace {

template <class Sample>
asd_status push(SegmentStream<Sample> &recording, const void *block, int64_t samples, int64_t *taken, int32_t *due) {
    const auto *from = static_cast<const Sample *>(block);
    const int64_t count = std::min(samples, recording.until_due());
    const int64_t bad = asd::cpu::first_not_finite(asd::cpu::isa_kernels(), from, count);
    if (bad < count)
        return fail(ASD_INVALID_ARGUMENT, "block must be finite; sample %lld of it, %lld of the recording, is NaN or infinite: "
                                          "nothing was taken; repair it, or leave it out",
                    static_cast<long long>(bad), static_cast<long long>(recording.received() + bad));
    recording.push(from, count);
    *taken = count;
    *due = recording.until_due() == 0;
    return ASD_OK;
}

}  // namespace

asd_status asd_stream_push(asd_stream *stream, const void *block, int64_t samples, int64_t *taken, int32_t *due) {
    ASD_REQUIRE(require_pointer(stream, "stream"));
    ASD_REQUIRE(require_size(samples, "samples", 0));
    ASD_REQUIRE(require_pointer(taken, "taken"));
    ASD_REQUIRE(require_pointer(due, "due"));
    if (samples > 0) ASD_REQUIRE(require_pointer(block, "block"));
    ASD_REQUIRE(require_not_due(stream));
    ASD_REQUIRE(require_not_ended(stream));
    return with_recording(stream, [&](auto &recording) { return push(recording, block, samples, taken, due); });
}

asd_status asd_stream_finish(asd_stream *stream, int32_t *due) {
    ASD_REQUIRE(require_pointer(stream, "stream"));
    ASD_REQUIRE(require_pointer(due, "due"));
    ASD_REQUIRE(require_not_due(stream));
    ASD_REQUIRE(require_not_ended(stream));
    return with_recording(stream, [&](auto &recording) {
        if (recording.received() == 0)
            return fail(ASD_OUT_OF_ORDER, "the recording holds no sample: push at least one before it ends");
        recording.end();
        stream->ended = true;
        *due = recording.until_due() == 0;
        return ASD_OK;
    });
}

asd_status asd_stream_take(asd_stream *stream, float *mel, double *power, int64_t *start, double *weight) {
    ASD_REQUIRE(require_pointer(stream, "stream"));
    ASD_REQUIRE(require_pointer(mel, "mel"));
    ASD_REQUIRE(require_pointer(power, "power"));
    ASD_REQUIRE(require_pointer(start, "start"));
    ASD_REQUIRE(require_pointer(weight, "weight"));
    if (!is_due(stream))
        return fail(ASD_OUT_OF_ORDER, "no segment is due: push samples until one is");
    *start = with_recording(
        stream, [&](auto &recording) { return recording.take(stream->bins, mel, power, &stream->weight); });
    *weight = stream->weight;
    stream->scorable = true;
    return ASD_OK;
}

asd_status asd_stream_add_score(asd_stream *stream, double score) {
    ASD_REQUIRE(require_pointer(stream, "stream"));
    if (!stream->scorable)
        return fail(ASD_OUT_OF_ORDER, "no segment waits for a score: take one first; each has one score");
    if (!std::isfinite(score))
        return fail(ASD_INVALID_ARGUMENT, "score must be finite; got %g: leave that segment without a score", score);
    if (!(stream->weight <= std::numeric_limits<double>::max()))
        return fail(ASD_INVALID_ARGUMENT, "the segment's weight, its power, must be finite; got %g: the recording is past full "
                                          "scale; leave that segment without a score",
                    stream->weight);
    stream->mean = asd::kernels::combine(stream->mean, asd::kernels::one_score(score, stream->weight));
    stream->scorable = false;
    stream->scored = true;
    return ASD_OK;
}

asd_status asd_stream_mean(const asd_stream *stream, double *mean) {
    ASD_REQUIRE(require_pointer(stream, "stream"));
    ASD_REQUIRE(require_pointer(mean, "mean"));
    if (!stream->scored)
        return fail(ASD_OUT_OF_ORDER, "no segment of this recording has a score: add one first");
    *mean = stream->mean.mean();
    return ASD_OK;
}
