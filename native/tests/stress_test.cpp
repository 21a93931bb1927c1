// Calls of every kind from eight threads at once, on shared handles and inputs: the results and messages equal those of
// the same calls one after another. `stress_test 100000` is the number of calls; the thread sanitizer watches them in `nox -s sanitize`.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "asd/asd.h"
#include "check.hpp"
#include "model_bytes.hpp"
#include "same_bits.hpp"
#include "test_signal.hpp"

using std::int64_t;

namespace {

constexpr int THREADS = 8;
constexpr int64_t CLIPS = 2, SAMPLES = 900;

// The result of a call: its output or, if it was refused, why.
struct Outcome {
    asd_status status;
    std::vector<double> values;
    std::string message;

    bool operator==(const Outcome &other) const {
        return status == other.status && message == other.message && same_bits(values, other.values);
    }
};

template <class Value>
Outcome outcome(asd_status status, const std::vector<Value> &output) {
    if (status != ASD_OK) return {status, {}, asd_last_error()};
    return {status, {output.begin(), output.end()}, ""};
}

using Call = std::function<Outcome()>;

// Only read, by all threads.
struct Inputs {
    std::vector<std::int16_t> i16 = noise_i16(CLIPS * SAMPLES, 1);
    std::vector<float> f32 = noise_f32(CLIPS * SAMPLES, 2, 0.1f);
    std::vector<double> sos = high_pass_sections(3);
    std::vector<double> scores = {1.0, 2.0, 4.0, 8.0, 16.0, 32.0}, weights = {1.0, 0.0, 3.0, 0.5, 2.0, 1.0};
};

template <class Options>
Options on_grid(Options options, std::int32_t threads) {
    options.segment_samples = 300;
    options.hop_samples = 200;
    options.threads = threads;
    return options;
}

void add_segments(const Inputs &in, std::int32_t threads, std::vector<Call> *calls) {
    asd_segment_options options = on_grid(asd_segment_options(ASD_SEGMENT_OPTIONS_INIT), threads);
    calls->push_back([&in, options] {
        std::vector<float> segments(CLIPS * 4 * 300);
        return outcome(asd_cut_segments(in.f32.data(), CLIPS, SAMPLES, &options, segments.data()), segments);
    });
    options.per_segment = 1;
    options.sample_type = ASD_INT16;
    calls->push_back([&in, options] {
        std::vector<float> segments(CLIPS * 4 * 300);
        return outcome(asd_cut_segments(in.i16.data(), CLIPS, SAMPLES, &options, segments.data()), segments);
    });
}

void add_log_mel(const Inputs &in, const asd_log_mel *handle, std::int32_t threads, std::vector<Call> *calls) {
    const asd_segment_options options = on_grid(asd_segment_options(ASD_SEGMENT_OPTIONS_INIT), threads);
    calls->push_back([&in, handle, options] {
        std::vector<float> mel(CLIPS * 4 * 20 * 4);
        return outcome(asd_log_mel_segments(handle, in.f32.data(), CLIPS, SAMPLES, &options, mel.data()), mel);
    });
    calls->push_back([handle] {
        std::vector<float> filters(20 * 129);
        return outcome(asd_log_mel_filters(handle, filters.data(), 20 * 129), filters);
    });
}

void add_power(const Inputs &in, std::int32_t threads, std::vector<Call> *calls) {
    asd_power_options options = on_grid(asd_power_options(ASD_POWER_OPTIONS_INIT), threads);
    options.bins = 5;
    options.sections = 3;
    calls->push_back([&in, options] {
        std::vector<double> power(CLIPS * 4 * 5);
        const double *sos = in.sos.data();
        return outcome(asd_high_passed_power(in.f32.data(), CLIPS, SAMPLES, sos, &options, power.data()), power);
    });
}

void add_means(const Inputs &in, std::int32_t threads, std::vector<Call> *calls) {
    asd_mean_options options = ASD_MEAN_OPTIONS_INIT;
    options.threads = threads;
    calls->push_back([&in, options] {
        std::vector<double> means(2);
        return outcome(asd_weighted_mean(in.scores.data(), in.weights.data(), 2, 3, &options, means.data()), means);
    });
    calls->push_back([&in, options] {
        std::vector<double> means(1);
        return outcome(asd_weighted_map_mean(in.scores.data(), in.weights.data(), 1, 1, 2, 3, &options, means.data()), means);
    });
}

// Queries of the small models' two dimensions.
void add_inlier(const asd_inlier *handle, std::int32_t threads, std::vector<Call> *calls) {
    asd_score_options options = ASD_SCORE_OPTIONS_INIT;
    options.value_type = ASD_FLOAT64;
    options.threads = threads;
    calls->push_back([handle, options] {
        const double queries[6] = {0.0, 1.0, -5.0, 2.5, 1e3, 7.0};
        std::vector<double> scores(3);
        return outcome(asd_inlier_score(handle, queries, 3, 2, &options, scores.data()), scores);
    });
}

// A recording in blocks: each call has a stream of its own, which no other thread may use.
void add_stream(const Inputs &in, const asd_log_mel_options &log_mel, std::vector<Call> *calls) {
    calls->push_back([&in, &log_mel] {
        asd_stream_options options = ASD_STREAM_OPTIONS_INIT;
        options.segment_samples = 300;
        options.hop_samples = 200;
        options.sections = 3;
        asd_stream *stream = nullptr;
        asd_status status = asd_stream_create(&log_mel, in.sos.data(), &options, &stream);
        if (status != ASD_OK) return outcome(status, in.sos);
        std::vector<float> mel(20 * 4), all;
        double power = 0.0, weight = 0.0;
        int64_t at = 0, start = 0, taken = 0;
        std::int32_t due = 0;
        while (at < SAMPLES && status == ASD_OK) {
            status = asd_stream_push(stream, in.f32.data() + at, std::min<int64_t>(70, SAMPLES - at), &taken, &due);
            at += taken;
            if (status != ASD_OK || !due) continue;
            status = asd_stream_take(stream, mel.data(), &power, &start, &weight);
            all.insert(all.end(), mel.begin(), mel.end());
        }
        const Outcome result = outcome(status, all);
        asd_stream_destroy(stream);
        return result;
    });
}

// Each thread has a message of its own: each of these calls has another one.
void add_refusals(const Inputs &in, const asd_log_mel *handle, std::vector<Call> *calls) {
    for (const int64_t samples : {0, 1, 128})
        calls->push_back([handle, samples] {
            int64_t frames = 0;
            return outcome(asd_log_mel_frames(handle, samples, &frames), std::vector<int64_t>{});
        });
    for (const double std : {0.0, -1.0, -2.0})
        calls->push_back([&in, std] {
            asd_segment_options options = on_grid(asd_segment_options(ASD_SEGMENT_OPTIONS_INIT), 1);
            options.std = std;
            std::vector<float> segments(CLIPS * 4 * 300);
            return outcome(asd_cut_segments(in.f32.data(), CLIPS, SAMPLES, &options, segments.data()), segments);
        });
}

// Each thread makes the calls in an order of its own.
int64_t differing(const std::vector<Call> &calls, const std::vector<Outcome> &serial, int64_t count, unsigned seed) {
    std::mt19937 generator(seed);
    int64_t wrong = 0;
    for (int64_t i = 0; i < count; ++i) {
        const std::size_t chosen = generator() % calls.size();
        wrong += !(calls[chosen]() == serial[chosen]);
    }
    return wrong;
}

void calls_at_once_give_what_they_give_one_after_another(int64_t count) {
    const Inputs in;
    asd_log_mel_options options = ASD_LOG_MEL_OPTIONS_INIT;
    options.window_samples = 256;
    options.hop_samples = 100;
    options.bands = 20;
    asd_log_mel *handle = nullptr;
    CHECK(asd_log_mel_create(&options, &handle) == ASD_OK);
    const std::string files[2] = {small_knn().bytes(), small_gmm().bytes()};
    asd_inlier *inlier[2] = {nullptr, nullptr};
    for (int i = 0; i < 2; ++i)
        CHECK(asd_inlier_create(files[i].data(), static_cast<int64_t>(files[i].size()), &inlier[i]) == ASD_OK);
    std::vector<Call> calls;
    for (const std::int32_t threads : {1, 1, 1, 1, 1, 1, 2}) {  // starting threads costs more than the call
        add_segments(in, threads, &calls);
        add_log_mel(in, handle, threads, &calls);
        add_power(in, threads, &calls);
        add_means(in, threads, &calls);
        for (const asd_inlier *model : inlier) add_inlier(model, threads, &calls);
        add_stream(in, options, &calls);
    }
    add_refusals(in, handle, &calls);
    std::vector<Outcome> serial;
    for (const Call &call : calls) serial.push_back(call());
    int64_t refused = 0;
    for (const Outcome &expected : serial) refused += expected.status != ASD_OK;
    CHECK(refused == 6);

    std::vector<int64_t> wrong(THREADS);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < THREADS; ++i)
        threads.emplace_back([&, i] { wrong[i] = differing(calls, serial, count / THREADS, i); });
    for (std::thread &thread : threads) thread.join();
    for (const int64_t number : wrong) CHECK(number == 0);
    asd_log_mel_destroy(handle);
    for (asd_inlier *model : inlier) asd_inlier_destroy(model);
}

}  // namespace

int main(int count, char **arguments) {
    const int64_t calls = count > 1 ? std::atoll(arguments[1]) : 100000;
    std::printf("%lld calls of %d threads\n", static_cast<long long>(calls), THREADS);
    calls_at_once_give_what_they_give_one_after_another(calls);
    return summary("stress");
}
