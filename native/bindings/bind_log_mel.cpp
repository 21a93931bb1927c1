#include <memory>
#include <string>

#include "arguments.hpp"
#include "topics.hpp"

namespace asd::bindings {
namespace {

using std::int64_t;

// The number of a choice that is given as a word; the choices are numbered from 1.
std::int32_t to_choice(const py::object &value, const char *name, const char *first, const char *second) {
    if (py::isinstance<py::str>(value)) {
        const std::string word = py::cast<std::string>(value);
        if (word == first) return 1;
        if (word == second) return 2;
    }
    throw py::value_error(std::string(name) + " must be \"" + first + "\" or \"" + second + "\"; got " +
                          std::string(py::repr(value)));
}

class LogMel {
public:
    LogMel(const py::object &sample_rate_hz, const py::object &window_samples, const py::object &hop_samples,
           const py::object &bands, const py::object &low_hz, const py::object &high_hz, const py::object &mel_scale,
           const py::object &area_norm, const py::object &power, const py::object &normalise_window, const py::object &log,
           const py::object &floor, const py::object &padding) {
        asd_log_mel_options options = ASD_LOG_MEL_OPTIONS_INIT;
        options.sample_rate_hz = to_number(sample_rate_hz, "sample_rate_hz");
        options.window_samples = to_size(window_samples, "window_samples");
        options.hop_samples = to_size(hop_samples, "hop_samples");
        options.bands = to_size(bands, "bands");
        options.low_hz = to_number(low_hz, "low_hz");
        options.high_hz = to_number(high_hz, "high_hz");
        options.mel_scale = to_choice(mel_scale, "mel_scale", "htk", "slaney");
        options.area_norm = to_bool(area_norm, "area_norm");
        options.normalise_window = to_bool(normalise_window, "normalise_window");
        options.log = to_bool(log, "log");
        options.floor = to_number(floor, "floor");
        options.padding = to_choice(padding, "padding", "reflect", "zero");
        const double exponent = to_number(power, "power");
        if (exponent != 1.0 && exponent != 2.0)
            throw py::value_error("power must be 1 (magnitudes) or 2 (powers); got " + std::string(py::repr(power)));
        options.power = exponent == 1.0 ? 1 : 2;
        asd_log_mel *made = nullptr;
        raise_for(asd_log_mel_create(&options, &made));
        handle_.reset(made);
        options_ = options;
        bands_ = options.bands;
        bins_ = options.window_samples / 2 + 1;
    }

    const asd_log_mel_options &options() const { return options_; }

    int64_t frames(const py::object &samples) const { return frames_of(to_size(samples, "samples")); }

    py::array_t<float> filters() const {
        py::array_t<float> filters({bands_, bins_});
        raise_for(asd_log_mel_filters(handle_.get(), filters.mutable_data(), bands_ * bins_));
        return filters;
    }

    // (..., M, F) of whole clips.
    py::array_t<float> spectrogram(const py::object &wave, const py::object &mean, const py::object &std,
                                   const py::object &threads, const py::object &out) const {
        const Wave clips = to_wave(wave, {ASD_INT16, ASD_FLOAT32, ASD_FLOAT64});
        asd_segment_options options = ASD_SEGMENT_OPTIONS_INIT;
        options.segment_samples = options.hop_samples = clips.samples;
        options.mean = to_number(mean, "mean");
        options.std = to_number(std, "std");
        options.threads = to_threads(threads);
        return run(clips, options, {}, out);
    }

    // (..., S, M, F) of overlapping segments.
    py::array_t<float> segments(const py::object &wave, const py::object &segment_samples, const py::object &hop_samples,
                                const py::object &mean, const py::object &std, const py::object &per_segment,
                                const py::object &threads, const py::object &out) const {
        const Wave clips = to_wave(wave, {ASD_INT16, ASD_FLOAT32, ASD_FLOAT64});
        asd_segment_options options =
            to_segment_options(segment_samples, hop_samples, mean, std, per_segment, threads);
        int64_t count = 0;
        raise_for(asd_segment_count(clips.samples, options.segment_samples, options.hop_samples, &count));
        return run(clips, options, {count}, out);
    }

private:
    int64_t frames_of(int64_t samples) const {
        int64_t frames = 0;
        raise_for(asd_log_mel_frames(handle_.get(), samples, &frames));
        return frames;
    }

    py::array_t<float> run(const Wave &clips, asd_segment_options options, std::vector<py::ssize_t> shape,
                           const py::object &out) const {
        options.sample_type = clips.input.type;
        // First without clips: everything but the values is checked before the output is allocated.
        raise_for(asd_log_mel_segments(handle_.get(), nullptr, 0, clips.samples, &options, nullptr));
        if (clips.batched) shape.insert(shape.begin(), clips.clips);
        shape.insert(shape.end(), {bands_, frames_of(options.segment_samples)});
        auto mel = to_output<float>(out, shape, {&clips.input});
        const void *samples = clips.input.data();
        float *target = mel.mutable_data();
        asd_status status;
        {
            const py::gil_scoped_release released;
            status = asd_log_mel_segments(handle_.get(), samples, clips.clips, clips.samples, &options, target);
        }
        raise_for(status);
        return mel;
    }

    struct Destroy {
        void operator()(asd_log_mel *handle) const { asd_log_mel_destroy(handle); }
    };
    std::unique_ptr<asd_log_mel, Destroy> handle_;
    asd_log_mel_options options_ = ASD_LOG_MEL_OPTIONS_INIT;
    int64_t bands_ = 0, bins_ = 0;
};

}  // namespace

asd_log_mel_options to_log_mel_options(const py::object &log_mel) {
    if (py::isinstance<LogMel>(log_mel)) return py::cast<const LogMel &>(log_mel).options();
    throw py::type_error("log_mel must be an asd_native.LogMel; got " +
                         std::string(py::str(py::type::handle_of(log_mel).attr("__name__"))) + ": make one first");
}

void bind_log_mel(py::module_ &module) {
    using namespace py::literals;
    py::class_<LogMel>(module, "LogMel", R"(Log-mel spectrograms: window, transform and filters, made once.

Frames are centred on every hop, under a periodic Hann window; a clip's ends are padded. Transformed in double: within
1e-4 dB of exact arithmetic wherever a band is above the floor. May be used by several threads at once.
)")
        .def(py::init<const py::object &, const py::object &, const py::object &, const py::object &, const py::object &,
                      const py::object &, const py::object &, const py::object &, const py::object &, const py::object &,
                      const py::object &, const py::object &, const py::object &>(),
             py::kw_only(), "sample_rate_hz"_a, "window_samples"_a, "hop_samples"_a, "bands"_a, "low_hz"_a, "high_hz"_a,
             "mel_scale"_a = "htk", "area_norm"_a = false, "power"_a = 1.0, "normalise_window"_a = true, "log"_a = true,
             "floor"_a = 1.1920928955078125e-07, "padding"_a = "reflect",
             R"(Make the tables.

Args:
    sample_rate_hz: of the waveforms.
    window_samples: length of window and transform, a power of two from 256 to 8192.
    hop_samples: distance between frames.
    bands: number of mel bands M.
    low_hz, high_hz: edges of the lowest and the highest band, 0 <= low_hz < high_hz <= sample_rate_hz / 2.
    mel_scale: "htk" or "slaney".
    area_norm: divide each triangle by half its width in hertz; otherwise it peaks at 1.
    power: 1 sums magnitudes (20 log10), 2 powers (10 log10).
    normalise_window: divide the window by its Euclidean norm.
    log: return decibels; otherwise the sums.
    floor: smaller sums are raised to it before the logarithm.
    padding: "reflect" or "zero".

Raises:
    TypeError: if an argument has another type.
    ValueError: if an argument is outside its range, or there are so many bands that one contains no bin.
)")
        .def("frames", &LogMel::frames, "samples"_a,
             R"(Number of frames F = 1 + samples // hop of a clip.

Raises:
    ValueError: if samples is at most half a window.
)")
        .def("filters", &LogMel::filters, "Weights from bins to bands, (M, window_samples // 2 + 1) float32.")
        .def("spectrogram", &LogMel::spectrogram, "wave"_a, py::kw_only(), "mean"_a = 0.0, "std"_a = 1.0, "threads"_a = 1,
             "out"_a = py::none(), R"(Spectrograms of whole clips.

Args:
    wave: (T,) or (N, T), int16 (scaled by 1 / 32768 first), float32 or float64; a view that is not dense is copied.
    mean, std: (x - mean) / std is transformed.
    threads: 0 means all cores. The result does not depend on it.
    out: array to write to, float32, dense, of the shape returned, not overlapping wave.

Returns:
    (M, F) or (N, M, F) float32.

Raises:
    TypeError: if wave is of another type, mean or std not a number, or out not float32.
    ValueError: if wave is not longer than half a window or not finite, or mean, std or out is wrong.
)")
        .def("segments", &LogMel::segments, "wave"_a, py::kw_only(), "segment_samples"_a, "hop_samples"_a, "mean"_a = 0.0,
             "std"_a = 1.0, "per_segment"_a = false, "threads"_a = 1, "out"_a = py::none(),
             R"(Spectrograms of overlapping segments, each as if the segment were a recording of its own.

The segments and their standardisation are those of cut_segments, which need not be called. Frames that two
segments share are computed once.

Args:
    wave: (T,) or (N, T), int16 (scaled by 1 / 32768 first), float32 or float64; a view that is not dense is copied.
    segment_samples: length of a segment.
    hop_samples: distance between segments.
    mean, std: (x - mean) / std is transformed.
    per_segment: standardise each segment by its own mean and population deviation; a constant segment gives silence.
    threads: 0 means all cores. The result does not depend on it.
    out: array to write to, float32, dense, of the shape returned, not overlapping wave.

Returns:
    (S, M, F) or (N, S, M, F) float32; S as in segment_starts.

Raises:
    TypeError: if wave is of another type, mean or std not a number, per_segment not a bool, or out not float32.
    ValueError: if wave is empty or not finite, a segment not longer than half a window, or a size, mean, std or out wrong.
)");
}

}  // namespace asd::bindings
