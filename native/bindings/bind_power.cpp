#include "arguments.hpp"
#include "topics.hpp"

namespace asd::bindings {
namespace {

using std::int64_t;

// A filter, a grid and a number of clips, checked by the ABI.
asd_power_options to_power_options(const Input &sections, const py::object &segment_samples, const py::object &hop_samples,
                                   const py::object &bins, const py::object &causal) {
    asd_power_options options = ASD_POWER_OPTIONS_INIT;
    options.segment_samples = to_size(segment_samples, "segment_samples");
    options.hop_samples = to_size(hop_samples, "hop_samples");
    options.bins = to_size(bins, "bins");
    options.sections = sections.dim(0);
    options.causal = to_bool(causal, "causal");
    return options;
}

py::array_t<double> high_pass_sections(const py::object &sample_rate_hz, const py::object &pass_hz, const py::object &stop_hz,
                                       const py::object &pass_db, const py::object &stop_db) {
    double sos[6 * ASD_MAX_SECTIONS];
    int64_t sections = 0;
    raise_for(asd_high_pass_sections(to_number(sample_rate_hz, "sample_rate_hz"), to_number(pass_hz, "pass_hz"),
                                     to_number(stop_hz, "stop_hz"), to_number(pass_db, "pass_db"), to_number(stop_db, "stop_db"), sos,
                                     &sections));
    return py::array_t<double>({sections, int64_t{6}}, sos);
}

py::object high_passed_power(const py::object &wave, const py::object &sos, const py::object &segment_samples,
                             const py::object &hop_samples, const py::object &bins, const py::object &causal,
                             const py::object &threads, const py::object &stream, const py::object &workspace,
                             const py::object &out) {
    Place place(stream);
    const Wave clips = to_wave(wave, {ASD_INT16, ASD_FLOAT32}, &place);
    const Input sections = to_sos(sos);
    asd_power_options options = to_power_options(sections, segment_samples, hop_samples, bins, causal);
    options.sample_type = clips.input.type;
    options.threads = to_threads(threads);
    options.device = place.device();
    options.stream = place.stream();
    const auto *coefficients = static_cast<const double *>(sections.data());
    // First without clips: everything but the values is checked before the output is allocated.
    raise_for(asd_high_passed_power(nullptr, 0, clips.samples, coefficients, &options, nullptr));
    int64_t count = 0;
    raise_for(asd_segment_count(clips.samples, options.segment_samples, options.hop_samples, &count));

    std::vector<py::ssize_t> shape = {count, options.bins};
    if (clips.batched) shape.insert(shape.begin(), clips.clips);
    const auto power = to_output<double>(out, shape, {&clips.input, &sections}, place);
    Output<double> scratch{};
    if (place.on_cuda()) {
        raise_for(asd_high_passed_power_workspace(clips.clips, clips.samples, coefficients, &options, &options.workspace_size));
        const Input written{power.view, power.view, ASD_FLOAT64};
        scratch = to_output<double>(workspace, {options.workspace_size}, {&clips.input, &written}, place, "workspace");
        options.workspace = scratch.data;
    } else if (!workspace.is_none()) {
        throw py::value_error("workspace must be left out for arrays in host memory, where the call takes its own");
    }
    const void *samples = clips.input.data();
    place.run([&] { return asd_high_passed_power(samples, clips.clips, clips.samples, coefficients, &options, power.data); });
    return power.object;
}

int64_t high_passed_power_workspace(const py::object &clips, const py::object &samples, const py::object &sos,
                                    const py::object &segment_samples, const py::object &hop_samples) {
    const Input sections = to_sos(sos);
    const asd_power_options options = to_power_options(sections, segment_samples, hop_samples, py::int_(1), py::bool_(false));
    int64_t size = 0;
    raise_for(asd_high_passed_power_workspace(to_size(clips, "clips"), to_size(samples, "samples"),
                                              static_cast<const double *>(sections.data()), &options, &size));
    return size;
}

}  // namespace

void bind_power(py::module_ &module) {
    using namespace py::literals;
    module.def("high_pass_sections", &high_pass_sections, "sample_rate_hz"_a, py::kw_only(), "pass_hz"_a, "stop_hz"_a, "pass_db"_a,
               "stop_db"_a,
               R"(The Butterworth high-pass filter of the lowest order that meets a specification.

Args:
    sample_rate_hz: rate of the clips.
    pass_hz: edge of the pass band, attenuated by at most pass_db.
    stop_hz: edge of the stop band, attenuated by at least stop_db.
    pass_db: see pass_hz.
    stop_db: see stop_hz.

Returns:
    (K, 6) float64, K = (order + 1) // 2 second-order sections: the filter of scipy.signal.buttord and butter.

Raises:
    ValueError: unless 0 < stop_hz < pass_hz < sample_rate_hz / 2 and 0 < pass_db < stop_db, or if K is above 32.
)");
    module.def("high_passed_power", &high_passed_power, "wave"_a, "sos"_a, py::kw_only(), "segment_samples"_a,
               "hop_samples"_a, "bins"_a = 1, "causal"_a = false, "threads"_a = 1, "stream"_a = py::none(),
               "workspace"_a = py::none(), "out"_a = py::none(),
               R"(Power of the filtered clip in each time bin of each segment (Fujimura 2023, weighted mean).

The whole clip is filtered once, forwards and backwards, as scipy.signal.sosfiltfilt(sos, clip) does, in double; a clip
shorter than a segment is repeated first. causal=True filters forwards only, as Stream does.

Args:
    wave: (T,) or (N, T), int16 (scaled by 1 / 32768 first) or float32; a view that is not dense is copied.
    sos: (K, 6) float64, K second-order sections, 1 <= K <= 32, stable, with a finite gain at frequency zero.
    segment_samples: length L of a segment.
    hop_samples: distance between segments.
    bins: equal parts of a segment; bin b is samples [b * L // bins, (b + 1) * L // bins).
    causal: filter forwards only, from the steady state of the first sample, as
        scipy.signal.sosfilt(sos, clip, zi=scipy.signal.sosfilt_zi(sos) * clip[0]) does: a constant offset makes no click.
    threads: 0 means all cores; each takes whole clips. The result does not depend on it.
    stream: for arrays on a CUDA device, see the module; sos is always in host memory.
    workspace: on a CUDA device, float64 of the size that high_passed_power_workspace gives; no other call may use it
        before the work of this one is done.
    out: array to write to, float64, dense, of the shape returned, not overlapping the inputs; required on a CUDA device.

Returns:
    out, or a new (S, bins) or (N, S, bins) float64, mean squares. A filtered sample above 1e154 makes its bins infinite or NaN.

Raises:
    TypeError: if wave is not int16 or float32, sos or out not float64, or causal not a bool.
    ValueError: if wave is empty, not finite or (unless causal) not longer than SciPy's extension, or sos, bins, a size or out is wrong.
)");
    module.def("high_passed_power_workspace", &high_passed_power_workspace, py::kw_only(), "clips"_a, "samples"_a, "sos"_a,
               "segment_samples"_a, "hop_samples"_a,
               R"(Size of the workspace that high_passed_power needs on a CUDA device for a wave (clips, samples) and this filter.

Returns:
    Number of float64 values. It does not depend on bins, and is enough for causal=True too.

Raises:
    ValueError: as high_passed_power.
)");
}

}  // namespace asd::bindings
