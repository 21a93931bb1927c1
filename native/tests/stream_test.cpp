// A stream gives the bits of the batch functions for any split into blocks; a refused call changes nothing.
#include "stream_batch.hpp"

#include <cstring>
#include <limits>
#include <random>
#include <string>

#include "check.hpp"
#include "test_signal.hpp"

using std::int64_t;

namespace {

constexpr int64_t WINDOW = 256, FRAME_HOP = 64, SEGMENT = 600;

StreamCase case_of(int64_t hop, int per_segment, int64_t bins, int sections) {
    StreamCase of;
    of.log_mel.window_samples = WINDOW;
    of.log_mel.hop_samples = FRAME_HOP;
    of.log_mel.bands = 20;
    of.stream.segment_samples = SEGMENT;
    of.stream.hop_samples = hop;
    of.stream.bins = bins;
    of.stream.sections = sections;
    of.stream.per_segment = per_segment;
    of.stream.mean = 0.1;
    of.stream.std = 0.3;
    of.sos = high_pass_sections(sections);
    return of;
}

asd_sample_type type_of(const std::vector<std::int16_t> &) { return ASD_INT16; }
asd_sample_type type_of(const std::vector<float> &) { return ASD_FLOAT32; }

asd_stream *made(const StreamCase &of) {
    asd_stream *stream = nullptr;
    CHECK(asd_stream_create(&of.log_mel, of.sos.data(), &of.stream, &stream) == ASD_OK);
    return stream;
}

// Block sizes: all at once, one sample, and any.
template <class Sample>
void is_the_batch_in_any_blocks(asd_stream *stream, const StreamCase &of, const std::vector<Sample> &wave) {
    const Segments expected = by_batch(of, wave);
    CHECK(!expected.starts.empty());
    const auto all = [&] { return wave.size(); };
    const auto one = [] { return std::size_t{1}; };
    std::mt19937 generator(static_cast<unsigned>(wave.size()));
    std::geometric_distribution<int> exponent(0.2);
    const auto any = [&] { return std::size_t{1} << std::min(exponent(generator), 12); };
    CHECK(same_bits(by_stream(stream, of, wave, all), expected));
    CHECK(asd_stream_reset(stream) == ASD_OK);
    CHECK(same_bits(by_stream(stream, of, wave, one), expected));
    CHECK(asd_stream_reset(stream) == ASD_OK);
    CHECK(same_bits(by_stream(stream, of, wave, any), expected));
    CHECK(asd_stream_reset(stream) == ASD_OK);
}

template <class Sample>
void streams_are_the_batch(const std::vector<Sample> &noise) {
    // Hops such that segments share every frame, every second one or none; of single samples; and longer than a segment.
    for (const int64_t hop : {FRAME_HOP, 2 * FRAME_HOP, FRAME_HOP / 2, int64_t{150}, int64_t{7}, SEGMENT, int64_t{1000}}) {
        for (const int per_segment : {0, 1}) {
            StreamCase of = case_of(hop, per_segment, hop % 3 == 0 ? 1 : 7, hop % 2 == 0 ? 12 : 3);
            of.log_mel.padding = per_segment ? ASD_PAD_REFLECT : ASD_PAD_ZERO;
            of.stream.sample_type = type_of(noise);
            asd_stream *stream = made(of);
            for (const std::size_t samples : {1, 5, 128, 599, 600, 601, 664, 749, 750, 1200, 1601, 2400})
                is_the_batch_in_any_blocks(stream, of, std::vector<Sample>(noise.begin(), noise.begin() + samples));
            asd_stream_destroy(stream);
        }
    }
}

void a_recording_of_minutes_is_taken_up_to_each_segment(const std::vector<std::int16_t> &noise) {
    StreamCase of = case_of(20000, 1, 10, 12);
    of.log_mel = ASD_LOG_MEL_OPTIONS_INIT;
    of.stream.segment_samples = 80000;
    of.stream.sample_type = ASD_INT16;
    asd_stream *stream = made(of);
    int64_t taken = 0;
    std::int32_t due = 0;
    const auto samples = static_cast<int64_t>(noise.size());
    CHECK(asd_stream_push(stream, noise.data(), samples, &taken, &due) == ASD_OK && taken == 80000 && due == 1);
    CHECK(asd_stream_reset(stream) == ASD_OK);
    CHECK(same_bits(by_stream(stream, of, noise, [] { return std::size_t{1000000}; }), by_batch(of, noise)));
    asd_stream_destroy(stream);
}

void a_reset_leaves_nothing_behind(const std::vector<float> &noise) {
    const StreamCase of = case_of(FRAME_HOP, 0, 3, 7);
    asd_stream *stream = made(of);
    const std::vector<float> wave(noise.begin() + 5000, noise.begin() + 6100);
    const Segments expected = by_batch(of, wave);
    for (const int64_t before : {0, 1, 599, 600, 700, 3000}) {
        Segments unused;
        CHECK(push_all(stream, of, noise.data(), before, &unused) == ASD_OK);
        CHECK(asd_stream_reset(stream) == ASD_OK);
        CHECK(same_bits(by_stream(stream, of, wave, [] { return std::size_t{97}; }), expected));
        CHECK(asd_stream_reset(stream) == ASD_OK);
    }
    asd_stream_destroy(stream);
}

void what_is_not_finite_is_refused_by_its_place_and_leaves_no_trace(const std::vector<float> &noise) {
    const StreamCase of = case_of(150, 1, 1, 12);
    const std::vector<float> wave(noise.begin(), noise.begin() + 1000);
    asd_stream *stream = made(of);
    Segments all;
    for (std::size_t begin = 0; begin < wave.size(); begin += 50) {
        std::vector<float> block(wave.begin() + begin, wave.begin() + begin + 50);
        int64_t taken = 0;
        std::int32_t due = 0;
        block[7] = begin % 100 ? std::numeric_limits<float>::infinity() : std::nanf("");
        CHECK(asd_stream_push(stream, block.data(), 50, &taken, &due) == ASD_INVALID_ARGUMENT);
        const std::string place = "sample 7 of it, " + std::to_string(begin + 7) + " of the recording";
        CHECK(std::strstr(asd_last_error(), place.c_str()) != nullptr);
        CHECK(push_all(stream, of, wave.data() + begin, 50, &all) == ASD_OK);
    }
    CHECK(finish(stream, of, &all) == ASD_OK);
    CHECK(same_bits(all, by_batch(of, wave)));
    asd_stream_destroy(stream);
}

void what_lies_behind_a_due_segment_is_judged_when_its_turn_comes() {
    const StreamCase of = case_of(150, 0, 1, 1);
    std::vector<float> wave(700, 0.5f);
    wave[650] = std::nanf("");
    asd_stream *stream = made(of);
    Segments all;
    CHECK(push_all(stream, of, wave.data(), 700, &all) == ASD_INVALID_ARGUMENT);
    CHECK(all.starts == std::vector<int64_t>{0});
    CHECK(std::strstr(asd_last_error(), "sample 50 of it, 650 of the recording") != nullptr);
    asd_stream_destroy(stream);
}

void the_mean_is_of_the_segments_that_have_a_score(const std::vector<float> &noise) {
    const StreamCase of = case_of(SEGMENT, 0, 1, 1);
    asd_stream *stream = made(of);
    std::vector<float> mel(mel_size(of));
    std::vector<double> scores, weights;
    for (int segment = 0; segment < 4; ++segment) {
        int64_t taken = 0, start = 0;
        std::int32_t due = 0;
        double power = 0.0, weight = 0.0;
        CHECK(asd_stream_push(stream, noise.data() + segment * SEGMENT, SEGMENT, &taken, &due) == ASD_OK && due == 1);
        CHECK(asd_stream_take(stream, mel.data(), &power, &start, &weight) == ASD_OK);
        CHECK(weight == power && start == segment * SEGMENT);
        if (segment == 1) continue;
        scores.push_back(segment * 2.5);
        weights.push_back(weight);
        CHECK(asd_stream_add_score(stream, scores.back()) == ASD_OK);
    }
    const asd_mean_options options = ASD_MEAN_OPTIONS_INIT;
    double expected = 0.0, mean = 1.0;
    CHECK(asd_weighted_mean(scores.data(), weights.data(), 1, 3, &options, &expected) == ASD_OK);
    CHECK(asd_stream_mean(stream, &mean) == ASD_OK && mean == expected);
    asd_stream_destroy(stream);
}

}  // namespace

int main() {
    const std::vector<float> f32 = noise_f32(10000, 20, 0.4f);
    const std::vector<std::int16_t> i16 = noise_i16(200001, 21);
    streams_are_the_batch(f32);
    streams_are_the_batch(i16);
    a_recording_of_minutes_is_taken_up_to_each_segment(i16);
    a_reset_leaves_nothing_behind(f32);
    what_is_not_finite_is_refused_by_its_place_and_leaves_no_trace(f32);
    what_lies_behind_a_due_segment_is_judged_when_its_turn_comes();
    the_mean_is_of_the_segments_that_have_a_score(f32);
    return summary("stream");
}
