#include "arguments.hpp"
#include "topics.hpp"

namespace asd::bindings {
namespace {

using std::int64_t;

py::array_t<double> high_passed_power(const py::object &wave, const py::object &sos, const py::object &segment_samples,
                                      const py::object &hop_samples, const py::object &bins, const py::object &causal,
                                      const py::object &threads, const py::object &out) {
    const Wave clips = to_wave(wave);
    const Input sections = to_sos(sos);
    asd_power_options options = ASD_POWER_OPTIONS_INIT;
    options.segment_samples = to_size(segment_samples, "segment_samples");
    options.hop_samples = to_size(hop_samples, "hop_samples");
    options.bins = to_size(bins, "bins");
    options.sections = sections.dim(0);
    options.causal = to_bool(causal, "causal");
    options.sample_type = clips.input.type;
    options.threads = to_threads(threads);
    const auto *coefficients = static_cast<const double *>(sections.data());
    // Once without clips: the checks of everything but the values come before the output is made.
    raise_for(asd_high_passed_power(nullptr, 0, clips.samples, coefficients, &options, nullptr));
    int64_t count = 0;
    raise_for(asd_segment_count(clips.samples, options.segment_samples, options.hop_samples, &count));

    std::vector<py::ssize_t> shape = {count, options.bins};
    if (clips.batched) shape.insert(shape.begin(), clips.clips);
    auto power = to_output<double>(out, shape, {&clips.input, &sections});
    const void *samples = clips.input.data();
    double *target = power.mutable_data();
    asd_status status;
    {
        const py::gil_scoped_release released;
        status = asd_high_passed_power(samples, clips.clips, clips.samples, coefficients, &options, target);
    }
    raise_for(status);
    return power;
}

}  // namespace

void bind_power(py::module_ &module) {
    using namespace py::literals;
    module.def("high_passed_power", &high_passed_power, "wave"_a, "sos"_a, py::kw_only(), "segment_samples"_a,
               "hop_samples"_a, "bins"_a = 1, "causal"_a = false, "threads"_a = 1, "out"_a = py::none(),
               R"(Power of the filtered clip in each time bin of each segment (Fujimura 2023, weighted mean).

The whole clip is filtered once, forwards and backwards, as scipy.signal.sosfiltfilt(sos, clip) does, in double; a clip
shorter than a segment is repeated first. causal=True filters forwards alone, as Stream does.

Args:
    wave: (T,) or (N, T), int16 (scaled by 1 / 32768 first) or float32; a view that is not dense is copied.
    sos: (K, 6) float64, K second-order sections, 1 <= K <= 32, stable, with a finite gain at frequency zero.
    segment_samples: length L of a segment.
    hop_samples: distance between segments.
    bins: equal parts of a segment; bin b is samples [b * L // bins, (b + 1) * L // bins).
    causal: filter forwards alone, from the steady state of the first sample, as
        scipy.signal.sosfilt(sos, clip, zi=scipy.signal.sosfilt_zi(sos) * clip[0]) does: a constant offset makes no click.
    threads: 0 means all cores; each takes whole clips. The result does not depend on it.
    out: array to write to, float64, dense, of the shape returned, apart from the inputs.

Returns:
    (S, bins) or (N, S, bins) float64, mean squares. A filtered sample past 1e154 makes its bins infinite or NaN.

Raises:
    TypeError: if wave is not int16 or float32, sos or out not float64, or causal not a bool.
    ValueError: if wave is empty, not finite or (unless causal) not longer than SciPy's extension, or sos, bins, a size or out is wrong.
)");
}

}  // namespace asd::bindings
