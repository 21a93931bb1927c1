#include "front_end_reader.hpp"

#include <algorithm>
#include <cmath>

#include "manifest_values.hpp"

namespace asd::model {
namespace {

using std::int64_t;
using Kind = JsonValue::Kind;

constexpr int64_t MOST_RATE_HZ = 10'000'000, MOST_CHANNEL = 1'000'000, MOST_BANDS = 1 << 14;
constexpr double MOST_SEGMENT_SAMPLES = 1 << 24, MOST_SPECTROGRAM = 1 << 24, MOST_OVERLAP = 0.99;
// The steeper a filter, the more sections it has; the paper's has 12.
constexpr double STEEPEST = 0.95, MOST_STOP_DB = 120.0;

// As Python rounds: halves to the even neighbour.
int64_t samples_of(double seconds, int64_t rate_hz, const std::string &where) {
    const double samples = std::nearbyint(seconds * static_cast<double>(rate_hz));
    require(samples >= 1.0 && samples <= MOST_SEGMENT_SAMPLES, where, "must be from one sample to 16777216");
    return static_cast<int64_t>(samples);
}

std::int32_t channel_of(const Fields &audio) {
    if (audio["channel"].kind == Kind::number) return static_cast<std::int32_t>(audio.whole("channel", 0, MOST_CHANNEL));
    return audio.choice("channel", {"only", "mean"}) == 0 ? ASD_CHANNEL_ONLY : ASD_CHANNEL_MEAN;
}

void read_segments(const JsonValue &value, FrontEnd *made) {
    const Fields fields(value, "front_end.segments", {"sample_rate_hz", "length_s", "overlap"});
    const int64_t rate_hz = fields.whole("sample_rate_hz", made->sample_rate_hz, made->sample_rate_hz);
    made->segment_s = fields.number("length_s");
    made->segment_samples = samples_of(made->segment_s, rate_hz, fields.place("length_s"));
    const double overlap = fields.between("overlap", 0.0, MOST_OVERLAP);
    made->hop_samples = static_cast<int64_t>(std::nearbyint(static_cast<double>(made->segment_samples) * (1.0 - overlap)));
    require(made->hop_samples >= 1, fields.place("overlap"), "leaves no distance between segments");
}

void read_log_mel(const JsonValue &value, FrontEnd *made) {
    const Fields fields(value, "front_end.log_mel",
                        {"sample_rate_hz", "window_s", "hop_s", "bands", "low_hz", "high_hz", "mel_scale", "area_norm", "power",
                         "normalise_window", "log", "floor", "padding"});
    asd_log_mel_options &options = made->log_mel;
    const int64_t rate_hz = fields.whole("sample_rate_hz", made->sample_rate_hz, made->sample_rate_hz);
    options.sample_rate_hz = static_cast<double>(rate_hz);
    options.window_samples = samples_of(fields.number("window_s"), rate_hz, fields.place("window_s"));
    options.hop_samples = samples_of(fields.number("hop_s"), rate_hz, fields.place("hop_s"));
    options.bands = fields.whole("bands", 1, MOST_BANDS);
    options.low_hz = fields.number("low_hz");
    options.high_hz = fields.number("high_hz");
    options.mel_scale = fields.choice("mel_scale", {"htk", "slaney"}) == 0 ? ASD_MEL_HTK : ASD_MEL_SLANEY;
    options.area_norm = fields.truth("area_norm");
    options.power = fields.number("power") == 2.0 ? 2 : 1;
    require(fields.number("power") == options.power, fields.place("power"), "must be 1 or 2");
    options.normalise_window = fields.truth("normalise_window");
    options.log = fields.truth("log");
    options.floor = fields.number("floor");
    options.padding = fields.choice("padding", {"reflect", "zero"}) == 0 ? ASD_PAD_REFLECT : ASD_PAD_ZERO;
    const auto longest = static_cast<double>(std::max(made->frames(), options.window_samples));
    require(longest * static_cast<double>(options.bands) <= MOST_SPECTROGRAM, fields.place("bands"),
            "times frames or window must be at most 16777216");
}

c_api::HighPass read_high_pass(const JsonValue &value, double rate_hz) {
    const Fields fields(value, "front_end.high_pass", {"pass_hz", "stop_hz", "pass_db", "stop_db"});
    const c_api::HighPass made{fields.number("pass_hz"), fields.number("stop_hz"), fields.number("pass_db"), fields.number("stop_db")};
    require(made.stop_hz > 0.0 && made.stop_hz < made.pass_hz && made.pass_hz < rate_hz / 2.0, "front_end.high_pass",
            "must satisfy 0 < stop_hz < pass_hz < half the sample rate");
    require(made.pass_db > 0.0 && made.pass_db < made.stop_db, "front_end.high_pass", "must satisfy 0 < pass_db < stop_db");
    require(made.stop_hz <= STEEPEST * made.pass_hz && made.stop_db <= MOST_STOP_DB, "front_end.high_pass",
            "must be no steeper than from 0.95 of pass_hz on and 120 dB");
    return made;
}

Scale read_level(const JsonValue &value) {
    constexpr double LEAST_STD = 1e-100;
    const Fields fields(value, "front_end.level", {"mean", "std"});
    const Scale level{fields.number("mean"), fields.number("std")};
    require(level.std >= LEAST_STD, "front_end.level", "must have a standard deviation of at least 1e-100");
    return level;
}

}  // namespace

FrontEnd read_front_end(const JsonValue &value) {
    const Fields fields(value, "front_end", {"audio", "segments", "log_mel", "standardise", "level", "high_pass"});
    const Fields audio(fields["audio"], "front_end.audio", {"sample_rate_hz", "channel", "resample"});
    FrontEnd made;
    made.sample_rate_hz = audio.whole("sample_rate_hz", 1, MOST_RATE_HZ);
    made.channel = channel_of(audio);
    made.resample = audio.truth("resample");
    read_segments(fields["segments"], &made);
    read_log_mel(fields["log_mel"], &made);
    made.standardise = static_cast<Standardise>(fields.choice("standardise", {"machine", "clip", "segment"}));
    made.level = read_level(fields["level"]);
    if (fields["high_pass"].kind != Kind::null)
        made.high_pass = read_high_pass(fields["high_pass"], static_cast<double>(made.sample_rate_hz));
    return made;
}

}  // namespace asd::model
