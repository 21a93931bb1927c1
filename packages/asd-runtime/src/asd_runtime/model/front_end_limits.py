"""Checks that a front end can be computed, and within the memory of any machine."""

from asd_features import mel_filterbank, takes_window
from asd_runtime.sound.front_end import FrontEnd

# Far beyond any real use; without these limits a manifest could use up all memory when a recording is scored.
_LARGEST_SEGMENT_SAMPLES = 1 << 24
_LARGEST_SPECTROGRAM = 1 << 24
_GREATEST_OVERLAP = 0.99
# The steeper a filter, the more sections it has; the paper's has 12.
_STEEPEST = 0.95
_MOST_STOP_DB = 120.0


class FrontEndError(ValueError):
    """A front end that a model cannot have."""


def check_front_end(front_end: FrontEnd) -> None:
    """Checks a front end.

    Raises:
        FrontEndError: its parts do not fit each other, or a size is beyond any real use.
    """
    segments, mel = front_end.segments, front_end.log_mel
    rates = {front_end.audio.sample_rate_hz, segments.sample_rate_hz, mel.sample_rate_hz}
    if len(rates) > 1:
        raise FrontEndError(f"audio, segments and log_mel must have the same sample_rate_hz; got {sorted(rates)}")
    try:
        frames = mel.frames(segments.length_samples)
    except ValueError as error:
        raise FrontEndError(f"segments and log_mel do not fit: {error}") from error
    sizes = [
        ("segments.length_s, in samples", segments.length_samples, _LARGEST_SEGMENT_SAMPLES),
        ("segments.overlap", segments.overlap, _GREATEST_OVERLAP),
        ("log_mel.window_s, in samples", mel.window_samples, _LARGEST_SEGMENT_SAMPLES),
        ("log_mel.bands, times frames or window,", max(frames, mel.window_samples) * mel.bands, _LARGEST_SPECTROGRAM),
    ]
    for what, size, most in sizes:
        if size > most:
            raise FrontEndError(f"{what} must be at most {most}; got {size}")
    try:
        mel_filterbank(mel)
    except ValueError as error:
        raise FrontEndError(f"log_mel: {error}") from error
    _check_filter(front_end)


def check_window(front_end: FrontEnd) -> None:
    """Checks that asd-native computes the spectrograms; torch, which trains, takes any window.

    Raises:
        FrontEndError: the window is none of its.
    """
    mel = front_end.log_mel
    if not takes_window(mel):
        raise FrontEndError(
            "log_mel.window_s must be a power of two from 256 to 8192 samples in a model; got "
            f"{mel.window_samples} samples"
        )


def _check_filter(front_end: FrontEnd) -> None:
    high_pass, half_hz = front_end.high_pass, front_end.audio.sample_rate_hz / 2
    if high_pass is None:
        return
    if not high_pass.pass_hz < half_hz:
        raise FrontEndError(
            f"high_pass.pass_hz must be below half the sample rate, {half_hz} Hz; got {high_pass.pass_hz}"
        )
    if high_pass.stop_hz > _STEEPEST * high_pass.pass_hz or high_pass.stop_db > _MOST_STOP_DB:
        raise FrontEndError(
            f"high_pass must be no steeper than from {_STEEPEST} of pass_hz on and {_MOST_STOP_DB:g} dB; got "
            f"{high_pass.stop_hz} to {high_pass.pass_hz} Hz and {high_pass.stop_db} dB"
        )
