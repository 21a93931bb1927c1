// The CUDA launchers on a device, and how fast they move memory. Without a device: exit code 77, or a failure with
// ASD_REQUIRE_CUDA=1.
#include "cuda_laws.hpp"

#include <cstdlib>

namespace {

constexpr int SKIPPED = 77, REPEATS = 20;
constexpr std::int64_t CROPS = 128, LENGTH = 80000, CLIPS = 200, SAMPLES = 160000;  // a training batch out of 64 MB of clips

int without_a_device() {
    const char *required = std::getenv("ASD_REQUIRE_CUDA");
    const bool fails = required && std::strcmp(required, "1") == 0;
    std::printf("%s: no usable CUDA device: the CUDA launchers were not run\n", fails ? "failed" : "skipped");
    return fails ? 1 : SKIPPED;
}

// Gigabytes a second of a call that reads and writes `bytes`, the best of some repeats, by events on the stream.
template <class Call>
double bandwidth(cudaStream_t stream, double bytes, const Call &call) {
    cudaEvent_t begin, end;
    CHECK(cudaEventCreate(&begin) == cudaSuccess && cudaEventCreate(&end) == cudaSuccess);
    float best_ms = INFINITY;
    for (int i = 0; i < REPEATS; ++i) {
        CHECK(cudaEventRecord(begin, stream) == cudaSuccess);
        call();
        CHECK(cudaEventRecord(end, stream) == cudaSuccess && cudaEventSynchronize(end) == cudaSuccess);
        float ms = 0.0f;
        CHECK(cudaEventElapsedTime(&ms, begin, end) == cudaSuccess);
        best_ms = std::fmin(best_ms, ms);
    }
    CHECK(cudaEventDestroy(begin) == cudaSuccess && cudaEventDestroy(end) == cudaSuccess);
    return bytes / (static_cast<double>(best_ms) * 1e6);
}

void print(const char *name, double gb_s, double copy_gb_s) {
    std::printf("%-44s %8.1f GB/s, %5.1f %% of a device copy\n", name, gb_s, 100.0 * gb_s / copy_gb_s);
}

void print_bandwidths(const DeviceMemory &memory) {
    const cudaStream_t stream = memory.stream();
    DeviceMemory::Array<std::int16_t> bank(memory, noise_i16(CLIPS * SAMPLES, 1));
    std::vector<std::int64_t> edges, clips, offsets;
    for (std::int64_t clip = 0; clip <= CLIPS; ++clip) edges.push_back(clip * SAMPLES);
    for (std::int64_t crop = 0; crop < CROPS; ++crop) {
        clips.push_back(crop * 89 % CLIPS);
        offsets.push_back(crop * 7919 % (SAMPLES - LENGTH));
    }
    DeviceMemory::Array<std::int64_t> table(memory, edges), which(memory, clips), from(memory, offsets);
    constexpr std::int64_t SEGMENTS = 5, FLOATS = CLIPS * SEGMENTS * LENGTH;
    DeviceMemory::Array<float> output(memory, FLOATS);
    const double copied = bandwidth(stream, FLOATS * 4.0, [&] {  // each byte read once and written once
        CHECK(cudaMemcpyAsync(output.data(), output.data() + FLOATS / 2, FLOATS * 2, cudaMemcpyDeviceToDevice, stream) ==
              cudaSuccess);
    });
    print("cudaMemcpyAsync, device to device", copied, copied);

    asd_segment_options options = ASD_SEGMENT_OPTIONS_INIT;
    options.segment_samples = LENGTH;
    options.hop_samples = LENGTH / 4;
    options.sample_type = ASD_INT16;
    options.device = ASD_DEVICE_CUDA;
    options.stream = stream;
    for (const int per_segment : {0, 1}) {
        options.per_segment = per_segment;
        const double cut = bandwidth(stream, CLIPS * SAMPLES * 2.0 + FLOATS * 4.0, [&] {
            CHECK(asd_cut_segments(bank.data(), CLIPS, SAMPLES, &options, output.data()) == ASD_OK);
        });
        print(per_segment ? "cut_segments, by each one's own moments" : "cut_segments, moments given", cut, copied);
        const double gathered = bandwidth(stream, CROPS * LENGTH * 6.0, [&] {
            CHECK(asd_gather_segments(bank.data(), CLIPS * SAMPLES, table.data(), CLIPS, which.data(), from.data(), nullptr,
                                      nullptr, CROPS, &options, output.data()) == ASD_OK);
        });
        print(per_segment ? "gather_segments, by each one's own moments" : "gather_segments, moments given", gathered, copied);
    }

    asd_power_options filter = ASD_POWER_OPTIONS_INIT;
    filter.segment_samples = LENGTH;
    filter.hop_samples = LENGTH / 4;
    filter.bins = 10;
    filter.sections = 12;
    filter.sample_type = ASD_INT16;
    filter.device = ASD_DEVICE_CUDA;
    filter.stream = stream;
    const std::vector<double> sos = high_pass_sections(12);
    CHECK(asd_high_passed_power_workspace(CLIPS, SAMPLES, sos.data(), &filter, &filter.workspace_size) == ASD_OK);
    DeviceMemory::Array<double> workspace(memory, static_cast<std::size_t>(filter.workspace_size));
    DeviceMemory::Array<double> power(memory, CLIPS * SEGMENTS * 10);
    filter.workspace = workspace.data();
    // Bound by the recurrence and not by memory: the workspace is written twice and read twice.
    const double filtered = bandwidth(stream, CLIPS * SAMPLES * 2.0 + static_cast<double>(filter.workspace_size) * 32.0, [&] {
        CHECK(asd_high_passed_power(bank.data(), CLIPS, SAMPLES, sos.data(), &filter, power.data()) == ASD_OK);
    });
    print("high_passed_power, 12 sections", filtered, copied);
}

}  // namespace

int main() {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return without_a_device();
    cudaStream_t stream = nullptr;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    all_laws_hold(DeviceMemory(stream));
    print_bandwidths(DeviceMemory(stream));
    CHECK(cudaStreamDestroy(stream) == cudaSuccess);
    return summary("cuda");
}
