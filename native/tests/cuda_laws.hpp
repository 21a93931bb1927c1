// What must hold on a CUDA device, real or emulated: the cases of launcher_cases.hpp, and that a call only queues kernels.
#pragma once

#include <cuda_runtime.h>

#include <cstring>
#include <utility>

#include "launcher_cases.hpp"

class DeviceMemory {
public:
    static constexpr asd_device DEVICE = ASD_DEVICE_CUDA;
    explicit DeviceMemory(cudaStream_t stream) : stream_(stream) {}
    cudaStream_t stream() const { return stream_; }

    template <class Value>
    class Array {
    public:
        Array(const DeviceMemory &memory, const std::vector<Value> &host) : Array(memory, host.size()) {
            CHECK(cudaMemcpy(data_, host.data(), host.size() * sizeof(Value), cudaMemcpyHostToDevice) == cudaSuccess);
        }
        Array(const DeviceMemory &memory, std::size_t size) : stream_(memory.stream()), size_(size) {
            CHECK(cudaMalloc(&data_, size * sizeof(Value)) == cudaSuccess);
        }
        ~Array() { cudaFree(data_); }
        Array(const Array &) = delete;
        Array &operator=(const Array &) = delete;

        Value *data() { return data_; }
        std::vector<Value> host() const {
            std::vector<Value> values(size_);
            CHECK(cudaStreamSynchronize(stream_) == cudaSuccess);
            CHECK(cudaMemcpy(values.data(), data_, size_ * sizeof(Value), cudaMemcpyDeviceToHost) == cudaSuccess);
            return values;
        }

    private:
        cudaStream_t stream_;
        std::size_t size_;
        Value *data_ = nullptr;
    };

private:
    cudaStream_t stream_;
};

inline void a_crop_that_is_out_of_range_is_nan_and_its_neighbours_are_not(const DeviceMemory &memory) {
    constexpr std::int64_t LARGE = std::int64_t{1} << 62;
    struct Crop {
        std::int64_t clip, offset;
        double std;
        bool right;
    };
    // Clips of 60 and of no samples, one that goes past the bank, one that goes backwards.
    const std::vector<std::int64_t> edges = {0, 60, 60, 200, 100};
    const std::vector<Crop> crops = {{0, 10, 1.0, true},   {0, 11, 1.0, false}, {0, -1, 1.0, false},     {-1, 0, 1.0, false},
                                     {4, 0, 1.0, false},   {1, 0, 1.0, false},  {2, 0, 1.0, false},      {3, 0, 1.0, false},
                                     {LARGE, 0, 1.0, false}, {0, LARGE, 1.0, false}, {0, 0, 0.0, false}, {0, 0, 1.0, true}};
    std::vector<std::int64_t> clips, offsets;
    std::vector<double> stds;
    for (const Crop &crop : crops) {
        clips.push_back(crop.clip);
        offsets.push_back(crop.offset);
        stds.push_back(crop.std);
    }
    DeviceMemory::Array<std::int16_t> bank(memory, std::vector<std::int16_t>(100, 16384));
    DeviceMemory::Array<std::int64_t> table(memory, edges), which(memory, clips), from(memory, offsets);
    DeviceMemory::Array<double> mean(memory, std::vector<double>(crops.size(), 0.25)), std(memory, stds);
    DeviceMemory::Array<float> output(memory, crops.size() * 50);
    asd_segment_options options = ASD_SEGMENT_OPTIONS_INIT;
    options.segment_samples = 50;
    options.sample_type = ASD_INT16;
    options.device = ASD_DEVICE_CUDA;
    options.stream = memory.stream();
    CHECK(asd_gather_segments(bank.data(), 100, table.data(), 4, which.data(), from.data(), mean.data(), std.data(),
                              static_cast<std::int64_t>(crops.size()), &options, output.data()) == ASD_OK);
    const std::vector<float> segments = output.host();
    for (std::size_t crop = 0; crop < crops.size(); ++crop)
        for (std::size_t i = 0; i < 50; ++i) {
            const float value = segments[crop * 50 + i];
            CHECK(crops[crop].right ? value == 0.25f : std::isnan(value));
        }
}

inline void an_error_of_the_callers_is_neither_taken_nor_ours(const DeviceMemory &memory) {
    DeviceMemory::Array<double> scores(memory, std::vector<double>{1.0, 3.0}), weights(memory, std::vector<double>{1.0, 1.0}),
        means(memory, 1);
    asd_mean_options options = ASD_MEAN_OPTIONS_INIT;
    options.device = ASD_DEVICE_CUDA;
    options.stream = memory.stream();
    CHECK(cudaSetDevice(-1) == cudaErrorInvalidDevice);
    CHECK(asd_weighted_mean(scores.data(), weights.data(), 1, 2, &options, means.data()) == ASD_CUDA_FAILED);
    CHECK(std::strstr(asd_last_error(), "an earlier call") != nullptr);
    CHECK(cudaGetLastError() == cudaErrorInvalidDevice);
    CHECK(asd_weighted_mean(scores.data(), weights.data(), 1, 2, &options, means.data()) == ASD_OK);
    CHECK(means.host() == std::vector<double>{2.0});
}

// A stream that is captured into a graph refuses calls that wait for the device, and shows anything queued besides kernels.
template <class Call>
std::size_t kernels_queued_by(const DeviceMemory &memory, const Call &call) {
    CHECK(cudaStreamBeginCapture(memory.stream(), cudaStreamCaptureModeGlobal) == cudaSuccess);
    CHECK(call() == ASD_OK);
    cudaGraph_t graph = nullptr;
    CHECK(cudaStreamEndCapture(memory.stream(), &graph) == cudaSuccess);
    std::size_t count = 0;
    CHECK(cudaGraphGetNodes(graph, nullptr, &count) == cudaSuccess);
    std::vector<cudaGraphNode_t> nodes(count);
    CHECK(cudaGraphGetNodes(graph, nodes.data(), &count) == cudaSuccess);
    for (const cudaGraphNode_t node : nodes) {
        cudaGraphNodeType type;
        CHECK(cudaGraphNodeGetType(node, &type) == cudaSuccess && type == cudaGraphNodeTypeKernel);
    }
    CHECK(cudaGraphDestroy(graph) == cudaSuccess);
    return count;
}

inline void a_call_queues_kernels_and_nothing_else(const DeviceMemory &memory) {
    DeviceMemory::Array<float> wave(memory, noise_f32(1000, 1)), segments(memory, 1000);
    DeviceMemory::Array<std::int64_t> edges(memory, std::vector<std::int64_t>{0, 1000}), zeros(memory, std::vector<std::int64_t>{0});
    DeviceMemory::Array<double> power(memory, 2), workspace(memory, 2000), weights(memory, std::vector<double>(2, 1.0));
    asd_segment_options cut = ASD_SEGMENT_OPTIONS_INIT;
    cut.segment_samples = cut.hop_samples = 500;
    asd_power_options filter = ASD_POWER_OPTIONS_INIT;
    filter.segment_samples = filter.hop_samples = 500;
    filter.sections = 2;
    filter.workspace = workspace.data();
    filter.workspace_size = 2000;
    asd_mean_options mean = ASD_MEAN_OPTIONS_INIT;
    cut.device = filter.device = mean.device = ASD_DEVICE_CUDA;
    cut.stream = filter.stream = mean.stream = memory.stream();
    const std::vector<double> sos = high_pass_sections(2);
    CHECK(kernels_queued_by(memory, [&] { return asd_cut_segments(wave.data(), 1, 1000, &cut, segments.data()); }) == 1);
    CHECK(kernels_queued_by(memory, [&] {
              return asd_gather_segments(wave.data(), 1000, edges.data(), 1, zeros.data(), zeros.data(), nullptr, nullptr, 1, &cut,
                                         segments.data());
          }) == 1);
    CHECK(kernels_queued_by(memory, [&] {
              return asd_high_passed_power(wave.data(), 1, 1000, sos.data(), &filter, power.data());
          }) == 2);
    CHECK(kernels_queued_by(memory, [&] { return asd_weighted_mean(weights.data(), weights.data(), 1, 2, &mean, power.data()); }) == 1);
    CHECK(kernels_queued_by(memory, [&] {
              return asd_weighted_map_mean(weights.data(), weights.data(), 1, 1, 1, 2, &mean, power.data());
          }) == 1);
}

inline void a_workspace_that_is_too_small_is_refused(const DeviceMemory &memory) {
    DeviceMemory::Array<float> wave(memory, noise_f32(1000, 1));
    DeviceMemory::Array<double> power(memory, 2), workspace(memory, 2000);
    const std::vector<double> sos = high_pass_sections(2);
    asd_power_options options = ASD_POWER_OPTIONS_INIT;
    options.segment_samples = options.hop_samples = 500;
    options.sections = 2;
    options.device = ASD_DEVICE_CUDA;
    options.stream = memory.stream();
    std::int64_t size = 0;
    CHECK(asd_high_passed_power_workspace(1, 1000, sos.data(), &options, &size) == ASD_OK);
    const auto refused = [&](double *data, std::int64_t doubles) {
        options.workspace = data;
        options.workspace_size = doubles;
        return asd_high_passed_power(wave.data(), 1, 1000, sos.data(), &options, power.data()) == ASD_INVALID_ARGUMENT &&
               std::strstr(asd_last_error(), "workspace");
    };
    CHECK(refused(nullptr, size));
    CHECK(refused(workspace.data(), size - 1));
    CHECK(!refused(workspace.data(), size));
}

inline void all_laws_hold(const DeviceMemory &memory) {
    launchers_follow_the_reference(memory);
    a_crop_that_is_out_of_range_is_nan_and_its_neighbours_are_not(memory);
    an_error_of_the_callers_is_neither_taken_nor_ours(memory);
    a_call_queues_kernels_and_nothing_else(memory);
    a_workspace_that_is_too_small_is_refused(memory);
}
