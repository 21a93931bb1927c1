// Each CUDA launcher against the CPU, through the ABI. Without a device: exit code 77, or a failure with ASD_REQUIRE_CUDA=1.
#include <cuda_runtime.h>

#include <cstdlib>
#include <cstring>

#include "asd/asd.h"
#include "check.hpp"
#include "test_signal.hpp"

using std::int64_t;

namespace {

constexpr int SKIPPED = 77;

// The orders of the sums and the contraction of products differ between the two: a few units in the last place of double,
// times the number of terms' square root, relative to the largest value.
constexpr double TOLERANCE = 1e-12;
// (x - mean) / std rounds to float32: moments that differ in the last place may round the other way.
constexpr double FLOAT_TOLERANCE = 1.3e-7;

template <class Value>
class OnDevice {
public:
    explicit OnDevice(const std::vector<Value> &host) : OnDevice(host.size()) {
        cudaMemcpy(data_, host.data(), host.size() * sizeof(Value), cudaMemcpyHostToDevice);
    }
    explicit OnDevice(std::size_t size) : size_(size) { CHECK(cudaMalloc(&data_, size * sizeof(Value)) == cudaSuccess); }
    ~OnDevice() { cudaFree(data_); }
    OnDevice(const OnDevice &) = delete;
    OnDevice &operator=(const OnDevice &) = delete;

    Value *data() { return data_; }
    std::vector<Value> host(cudaStream_t stream) {
        std::vector<Value> values(size_);
        CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
        CHECK(cudaMemcpy(values.data(), data_, size_ * sizeof(Value), cudaMemcpyDeviceToHost) == cudaSuccess);
        return values;
    }

private:
    Value *data_ = nullptr;
    std::size_t size_;
};

template <class Value>
bool close(const std::vector<Value> &a, const std::vector<Value> &b, double tolerance) {
    double worst = 0.0, largest = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
        if (!(difference <= worst)) worst = difference;  // NaN becomes the worst
        largest = std::fmax(largest, std::abs(static_cast<double>(b[i])));
    }
    if (!(worst <= tolerance * largest)) std::printf("largest error %g of %g\n", worst, largest);
    return a.size() == b.size() && worst <= tolerance * largest;
}

std::int32_t type_of(const std::vector<std::int16_t> &) { return ASD_INT16; }
std::int32_t type_of(const std::vector<float> &) { return ASD_FLOAT32; }
std::int32_t type_of(const std::vector<double> &) { return ASD_FLOAT64; }

struct Shape {
    int64_t clips, samples, segment, hop, bins;
};

constexpr Shape SHAPES[] = {{3, 5000, 1000, 250, 1}, {2, 5111, 1000, 250, 7}, {4, 300, 1000, 250, 10}, {1, 1, 500, 1, 1},
                            {2, 4000, 777, 1500, 777}, {40, 2000, 2000, 1, 3}};

template <class Sample>
void segments_agree(const std::vector<Sample> &noise, cudaStream_t stream) {
    for (const Shape &shape : SHAPES) {
        const std::vector<Sample> wave(noise.begin(), noise.begin() + shape.clips * shape.samples);
        asd_segment_options options = ASD_SEGMENT_OPTIONS_INIT;
        options.segment_samples = shape.segment;
        options.hop_samples = shape.hop;
        options.sample_type = type_of(wave);
        options.stream = stream;
        options.mean = 0.01;
        options.std = 0.2;
        int64_t count = 0;
        CHECK(asd_segment_count(shape.samples, shape.segment, shape.hop, &count) == ASD_OK);
        std::vector<float> expected(static_cast<std::size_t>(shape.clips * count * shape.segment));
        OnDevice<Sample> input(wave);
        OnDevice<float> output(expected.size());
        for (const int per_segment : {0, 1}) {
            options.per_segment = per_segment;
            options.device = ASD_DEVICE_CPU;
            CHECK(asd_cut_segments(wave.data(), shape.clips, shape.samples, &options, expected.data()) == ASD_OK);
            options.device = ASD_DEVICE_CUDA;
            CHECK(asd_cut_segments(input.data(), shape.clips, shape.samples, &options, output.data()) == ASD_OK);
            CHECK(close(output.host(stream), expected, FLOAT_TOLERANCE));
        }
    }
}

template <class Sample>
void power_agrees(const std::vector<Sample> &noise, int causal, cudaStream_t stream) {
    for (const Shape &shape : SHAPES) {
        for (const int sections : {1, 12, 32}) {
            const std::vector<Sample> wave(noise.begin(), noise.begin() + shape.clips * shape.samples);
            const std::vector<double> sos = high_pass_sections(sections);
            asd_power_options options = ASD_POWER_OPTIONS_INIT;
            options.segment_samples = shape.segment;
            options.hop_samples = shape.hop;
            options.bins = shape.bins;
            options.sections = sections;
            options.causal = causal;
            options.sample_type = type_of(wave);
            options.stream = stream;
            int64_t count = 0;
            CHECK(asd_segment_count(shape.samples, shape.segment, shape.hop, &count) == ASD_OK);
            std::vector<double> expected(static_cast<std::size_t>(shape.clips * count * shape.bins));
            CHECK(asd_high_passed_power(wave.data(), shape.clips, shape.samples, sos.data(), &options, expected.data()) ==
                  ASD_OK);
            OnDevice<Sample> input(wave);
            OnDevice<double> output(expected.size());
            options.device = ASD_DEVICE_CUDA;
            CHECK(asd_high_passed_power(input.data(), shape.clips, shape.samples, sos.data(), &options, output.data()) ==
                  ASD_OK);
            CHECK(close(output.host(stream), expected, TOLERANCE));
        }
    }
}

template <class Score>
void means_agree(const std::vector<Score> &noise, cudaStream_t stream) {
    const std::vector<float> other = noise_f32(4 * 5 * 10, 11, 1.0f);
    std::vector<double> weights(other.begin(), other.end());
    for (double &weight : weights) weight = std::abs(weight);
    for (int i = 0; i < 50; ++i) weights[50 + i] = 0.0;  // clip 1 has no weight at all
    asd_mean_options options = ASD_MEAN_OPTIONS_INIT;
    options.value_type = type_of(noise);
    options.stream = stream;
    const std::vector<Score> maps(noise.begin(), noise.begin() + 4 * 5 * 7 * 10);
    std::vector<double> expected(4);
    OnDevice<Score> input(maps);
    OnDevice<double> factors(weights), output(4);

    CHECK(asd_weighted_map_mean(maps.data(), weights.data(), 4, 5, 7, 10, &options, expected.data()) == ASD_OK);
    options.device = ASD_DEVICE_CUDA;
    CHECK(asd_weighted_map_mean(input.data(), factors.data(), 4, 5, 7, 10, &options, output.data()) == ASD_OK);
    CHECK(close(output.host(stream), expected, TOLERANCE));

    options.device = ASD_DEVICE_CPU;
    CHECK(asd_weighted_mean(maps.data(), weights.data(), 4, 50, &options, expected.data()) == ASD_OK);
    options.device = ASD_DEVICE_CUDA;
    CHECK(asd_weighted_mean(input.data(), factors.data(), 4, 50, &options, output.data()) == ASD_OK);
    CHECK(close(output.host(stream), expected, TOLERANCE));
}

void an_error_of_the_callers_is_neither_taken_nor_ours() {
    OnDevice<double> scores(std::vector<double>{1.0, 3.0}), weights(std::vector<double>{1.0, 1.0}), means(1);
    asd_mean_options options = ASD_MEAN_OPTIONS_INIT;
    options.device = ASD_DEVICE_CUDA;
    CHECK(cudaSetDevice(-1) == cudaErrorInvalidDevice);
    CHECK(asd_weighted_mean(scores.data(), weights.data(), 1, 2, &options, means.data()) == ASD_CUDA_FAILED);
    CHECK(std::strstr(asd_last_error(), "an earlier call") != nullptr);
    CHECK(cudaGetLastError() == cudaErrorInvalidDevice);
    CHECK(asd_weighted_mean(scores.data(), weights.data(), 1, 2, &options, means.data()) == ASD_OK);
    CHECK(means.host(nullptr) == std::vector<double>{2.0});
}

int without_a_device() {
    const char *required = std::getenv("ASD_REQUIRE_CUDA");
    const bool fails = required && std::strcmp(required, "1") == 0;
    std::printf("%s: no usable CUDA device: the CUDA launchers were not run\n", fails ? "failed" : "skipped");
    return fails ? 1 : SKIPPED;
}

}  // namespace

int main() {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return without_a_device();
    cudaStream_t stream = nullptr;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    const std::vector<float> f32 = noise_f32(80000, 10, 0.3f);
    const std::vector<std::int16_t> i16 = noise_i16(80000, 11);
    segments_agree(f32, stream);
    segments_agree(i16, stream);
    for (const int causal : {0, 1}) {
        power_agrees(f32, causal, stream);
        power_agrees(i16, causal, stream);
    }
    means_agree(f32, stream);
    means_agree(std::vector<double>(f32.begin(), f32.end()), stream);
    an_error_of_the_callers_is_neither_taken_nor_ours();
    CHECK(cudaStreamDestroy(stream) == cudaSuccess);
    return summary("cuda");
}
