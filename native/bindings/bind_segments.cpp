#include "arguments.hpp"
#include "topics.hpp"

namespace asd::bindings {
namespace {

using std::int64_t;

int64_t segment_count(const py::object &samples, const py::object &segment_samples, const py::object &hop_samples) {
    int64_t count = 0;
    raise_for(asd_segment_count(to_size(samples, "samples"), to_size(segment_samples, "segment_samples"),
                                to_size(hop_samples, "hop_samples"), &count));
    return count;
}

py::array_t<int64_t> segment_starts(const py::object &samples, const py::object &segment_samples,
                                    const py::object &hop_samples) {
    const int64_t count = segment_count(samples, segment_samples, hop_samples);
    py::array_t<int64_t> starts(count);
    raise_for(asd_segment_starts(to_size(samples, "samples"), to_size(segment_samples, "segment_samples"),
                                 to_size(hop_samples, "hop_samples"), starts.mutable_data(), count));
    return starts;
}

py::object cut_segments(const py::object &wave, const py::object &segment_samples, const py::object &hop_samples,
                        const py::object &mean, const py::object &std, const py::object &per_segment,
                        const py::object &threads, const py::object &stream, const py::object &out) {
    Place place(stream);
    const Wave clips = to_wave(wave, {ASD_INT16, ASD_FLOAT32}, &place);
    asd_segment_options options = to_segment_options(segment_samples, hop_samples, mean, std, per_segment, threads);
    options.sample_type = clips.input.type;
    options.device = place.device();
    options.stream = place.stream();
    // First without clips: everything but the values is checked before the output is allocated.
    raise_for(asd_cut_segments(nullptr, 0, clips.samples, &options, nullptr));
    int64_t count = 0;
    raise_for(asd_segment_count(clips.samples, options.segment_samples, options.hop_samples, &count));

    std::vector<py::ssize_t> shape = {count, options.segment_samples};
    if (clips.batched) shape.insert(shape.begin(), clips.clips);
    const auto segments = to_output<float>(out, shape, {&clips.input}, place);
    const void *samples = clips.input.data();
    place.run([&] { return asd_cut_segments(samples, clips.clips, clips.samples, &options, segments.data); });
    return segments.object;
}

}  // namespace

void bind_segments(py::module_ &module) {
    using namespace py::literals;
    module.def("segment_count", &segment_count, "samples"_a, py::kw_only(), "segment_samples"_a, "hop_samples"_a,
               R"(Number of segments S of a clip of `samples` samples.

Raises:
    ValueError: if a size is below 1.
)");
    module.def("segment_starts", &segment_starts, "samples"_a, py::kw_only(), "segment_samples"_a, "hop_samples"_a,
               R"(First sample of each segment of a clip of `samples` samples.

Returns:
    (S,) int64: 0, hop, 2 hop .. while the segment fits; one more, aligned to the end, if that leaves a tail uncovered.
    A clip shorter than a segment has one start, 0; cut_segments repeats it to fill the segment.

Raises:
    ValueError: if a size is below 1.
)");
    module.def("cut_segments", &cut_segments, "wave"_a, py::kw_only(), "segment_samples"_a, "hop_samples"_a,
               "mean"_a = 0.0, "std"_a = 1.0, "per_segment"_a = false, "threads"_a = 1, "stream"_a = py::none(),
               "out"_a = py::none(),
               R"(Cut clips into overlapping segments and standardise them in one pass.

Args:
    wave: (T,) or (N, T), int16 (scaled by 1 / 32768 first) or float32; a view that is not dense is copied.
    segment_samples: length L of a segment.
    hop_samples: distance between segments.
    mean, std: of the machine's training waveforms; (x - mean) / std is computed in double.
    per_segment: standardise each segment by its own mean and population deviation; a constant segment gives zeros.
    threads: 0 means all cores. The result does not depend on it.
    stream: for arrays on a CUDA device, see the module.
    out: array to write to, float32, dense, of the shape returned, not overlapping wave; required on a CUDA device.

Returns:
    out, or a new (S, L) or (N, S, L) float32; S as in segment_starts. A value outside float32's range, 3.4e38, becomes infinite.

Raises:
    TypeError: if wave is not int16 or float32, mean or std not a number, per_segment not a bool, or out not float32.
    ValueError: if wave is empty or not finite, or a size, mean, std or out is wrong.
)");
}

}  // namespace asd::bindings
