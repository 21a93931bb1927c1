"""Log-mel spectrograms equal their readable NumPy reference, those of segments equal those of each segment alone."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

import asd_native

# Required of the kernel wherever a sum is above the floor. Sums are rounded to float32 in some five steps, 6e-8 each,
# and decibels are themselves float32: half a unit in the last place of 140 dB is 8e-6 dB. Bands of 4,000 bins add a
# little.
DECIBELS = 1e-4
SUM_RELATIVE = 1.15e-5  # DECIBELS of a magnitude
# The reference's own rounding: a double transform leaves some 1e-16 of the loudest bin in all others.
SUM_OF_LOUDEST = 1e-13
# Weights are float32; where a triangle ends on a bin, its weight there is a difference of nearly equal numbers.
WEIGHT_RELATIVE, WEIGHT_ABSOLUTE = 1e-6, 1e-12

WaveArray = NDArray[np.int16 | np.float32 | np.float64]


@dataclass(frozen=True)
class Settings:
    """The arguments of LogMel, by default the paper's."""

    sample_rate_hz: float = 16000.0
    window_samples: int = 2048
    hop_samples: int = 256
    bands: int = 224
    low_hz: float = 50.0
    high_hz: float = 7800.0
    mel_scale: Literal["htk", "slaney"] = "htk"
    area_norm: bool = False
    power: float = 1.0
    normalise_window: bool = True
    log: bool = True
    floor: float = 2.0**-23
    padding: Literal["reflect", "zero"] = "reflect"

    def made(self) -> asd_native.LogMel:
        return asd_native.LogMel(**dataclasses.asdict(self))


PAPER = Settings()
BASELINE = Settings(
    window_samples=1024, hop_samples=512, bands=128, low_hz=0.0, high_hz=8000.0, mel_scale="slaney", area_norm=True,
    power=2.0, normalise_window=False, floor=2.0**-52, padding="zero",
)  # fmt: skip
SMALL = Settings(window_samples=256, hop_samples=64, bands=20, low_hz=100.0)


def reference_filters(s: Settings) -> NDArray[np.float64]:
    step = math.log(6.4) / 27
    if s.mel_scale == "htk":
        mels = [2595 * math.log10(1 + f / 700) for f in (s.low_hz, s.high_hz)]
        edges = 700 * (10 ** (np.linspace(*mels, s.bands + 2) / 2595) - 1)
    else:
        mels = [f * 3 / 200 if f < 1000 else 15 + math.log(f / 1000) / step for f in (s.low_hz, s.high_hz)]
        scale = np.linspace(*mels, s.bands + 2)
        edges = np.where(scale < 15, scale * 200 / 3, 1000 * np.exp(step * (scale - 15)))
    bins = np.arange(s.window_samples // 2 + 1) * s.sample_rate_hz / s.window_samples
    low, peak, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    weights = np.maximum(0, np.minimum((bins - low) / (peak - low), (high - bins) / (high - peak)))
    return weights * (2 / (high - low) if s.area_norm else 1.0)


def reference_sums(signal: NDArray[np.float64], s: Settings) -> NDArray[np.float64]:
    """(T,) to (M, F): the sums before the logarithm."""
    length = s.window_samples
    padded = np.pad(signal, length // 2, mode="reflect" if s.padding == "reflect" else "constant")
    window = np.sin(np.pi * np.arange(length) / length) ** 2
    if s.normalise_window:
        window /= np.linalg.norm(window)
    spectrum = np.abs(np.fft.rfft(sliding_window_view(padded, length)[:: s.hop_samples] * window)) ** s.power
    sums: NDArray[np.float64] = reference_filters(s) @ spectrum.T
    return sums


def check(got: NDArray[np.float32], signal: NDArray[np.float64], s: Settings) -> None:
    sums = reference_sums(signal, s)
    assert got.dtype == np.float32
    assert got.shape == sums.shape
    if not s.log:
        np.testing.assert_allclose(got, sums, rtol=SUM_RELATIVE * s.power, atol=SUM_OF_LOUDEST * sums.max())
        return
    decibels = 20 / s.power * np.log10(np.maximum(sums, s.floor))
    assert np.abs(got - decibels).max() <= DECIBELS
    assert got.min() >= np.float32(20 / s.power * math.log10(s.floor))


def scaled(wave: WaveArray) -> NDArray[np.float64]:
    return wave.astype(np.float64) / (32768 if wave.dtype == np.int16 else 1)


def random_wave(shape: int | tuple[int, ...], dtype: str, seed: int) -> WaveArray:
    rng = np.random.default_rng(seed)
    if dtype == "int16":
        return rng.integers(-32768, 32768, shape, dtype=np.int16)
    return (0.3 + 0.1 * rng.standard_normal(shape)).astype(dtype)


def machine_sound(samples: int) -> NDArray[np.int16]:
    """Loud tones above quiet noise: its bands differ by more than 80 dB."""
    time_s = np.arange(samples) / 16000
    tones = sum(0.4 / n**2 * np.sin(2 * np.pi * 310 * n * time_s) for n in range(1, 5))
    noise = np.random.default_rng(1).standard_normal(samples)
    return np.round(32768 * (tones + 1e-4 * noise)).astype(np.int16)


@st.composite
def some_settings(draw: st.DrawFn) -> Settings:
    window = 2 ** draw(st.integers(8, 13))
    rate = draw(st.sampled_from([8000.0, 16000.0, 44100.0]))
    low = draw(st.floats(0.0, 0.4)) * rate
    s = Settings(
        sample_rate_hz=rate, window_samples=window, hop_samples=draw(st.integers(window // 32, 2 * window)),
        bands=draw(st.integers(1, 60)), low_hz=low, high_hz=draw(st.floats(low + 0.05 * rate, rate / 2)),
        mel_scale=draw(st.sampled_from(["htk", "slaney"])), area_norm=draw(st.booleans()),
        power=draw(st.sampled_from([1.0, 2.0])), normalise_window=draw(st.booleans()), log=draw(st.booleans()),
        floor=10.0 ** draw(st.integers(-12, -3)), padding=draw(st.sampled_from(["reflect", "zero"])),
    )  # fmt: skip
    assume(reference_filters(s).max(axis=1).min() > 1e-6)  # not so many bands that one is empty
    return s


dtypes = st.sampled_from(["int16", "float32", "float64"])
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=150, deadline=None)
@given(some_settings(), st.integers(1, 6000), dtypes, seeds, st.integers(0, 3))
def test_spectrograms_equal_their_float64_reference(
    s: Settings, more: int, dtype: str, seed: int, threads: int
) -> None:
    wave = random_wave(s.window_samples // 2 + more, dtype, seed)
    got = s.made().spectrogram(wave, mean=0.28, std=0.13, threads=threads)
    check(got, (scaled(wave) - 0.28) / 0.13, s)
    assert s.made().frames(len(wave)) == got.shape[1] == 1 + len(wave) // s.hop_samples


@pytest.mark.parametrize(
    "s", [PAPER, BASELINE, dataclasses.replace(PAPER, log=False)], ids=["paper", "baseline", "sums"]
)
def test_quiet_bands_beside_loud_tones_are_as_exact(s: Settings) -> None:
    wave = machine_sound(40000)
    sums = reference_sums(scaled(wave), s)
    assert sums.max() / np.median(sums) > 1e3  # a float32 transform would be off by up to a decibel
    check(s.made().spectrogram(wave), scaled(wave), s)
    tone = np.sin(2 * np.pi * 1000 * np.arange(20000) / 16000)
    check(s.made().spectrogram(tone), tone, s)


@settings(max_examples=60, deadline=None)
@given(some_settings())
def test_filters_equal_their_reference_to_float32_rounding(s: Settings) -> None:
    expected = reference_filters(s)
    np.testing.assert_allclose(
        s.made().filters(), expected, rtol=WEIGHT_RELATIVE, atol=WEIGHT_ABSOLUTE * expected.max()
    )


@settings(max_examples=60, deadline=None)
@given(
    st.integers(129, 3000), st.integers(129, 1500),
    st.one_of(st.integers(1, 900), st.integers(1, 14).map(lambda n: 64 * n)), st.integers(1, 150), dtypes, seeds,
    st.integers(0, 3),
)  # fmt: skip
def test_each_segment_is_as_if_it_were_transformed_alone(
    samples: int, segment: int, hop: int, frame_hop: int, dtype: str, seed: int, threads: int
) -> None:
    made = dataclasses.replace(SMALL, hop_samples=frame_hop).made()
    wave = random_wave((2, samples), dtype, seed)
    got = made.segments(wave, segment_samples=segment, hop_samples=hop, mean=0.3, std=0.1, threads=threads)
    starts = asd_native.segment_starts(samples, segment_samples=segment, hop_samples=hop)
    repeated = np.stack([np.resize(clip, max(samples, segment)) for clip in wave])
    alone = [made.spectrogram(repeated[:, s : s + segment], mean=0.3, std=0.1) for s in starts]
    np.testing.assert_array_equal(got, np.stack(alone, axis=1))


@pytest.mark.parametrize("hop", [256 * 5, 1000, 20000])
def test_shared_frames_have_the_bits_of_those_computed_alone(hop: int) -> None:
    made = PAPER.made()
    wave = random_wave(60000, "int16", 5)
    got = made.segments(wave, segment_samples=20480, hop_samples=hop)
    for start, mel in zip(asd_native.segment_starts(60000, segment_samples=20480, hop_samples=hop), got, strict=True):
        np.testing.assert_array_equal(mel, made.spectrogram(wave[start : start + 20480]))


@pytest.mark.parametrize("samples", [700, 5000])
def test_segments_by_their_own_moments_are_those_of_cut_segments(samples: int) -> None:
    grid = {"segment_samples": 1200, "hop_samples": 300}
    wave = random_wave((2, samples), "int16", 6)
    cut = asd_native.cut_segments(wave, **grid, per_segment=True)
    got = SMALL.made().segments(wave, **grid, per_segment=True)
    # Segments that are written are rounded to float32, those that are transformed at once are not.
    np.testing.assert_allclose(got, SMALL.made().spectrogram(cut.reshape(-1, 1200)).reshape(got.shape), atol=DECIBELS)
    constant = np.full(1200, 7.25, np.float32)
    assert np.unique(SMALL.made().segments(constant, **grid, per_segment=True)).tolist() == [
        np.float32(20 * math.log10(SMALL.floor))
    ]


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_the_threads_the_batch_and_the_layout_change_no_bit(dtype: str) -> None:
    made = PAPER.made()
    waves = random_wave((3, 30000), dtype, 7)
    expected = made.spectrogram(waves)
    for threads in (0, 2, 3, 8):
        np.testing.assert_array_equal(made.spectrogram(waves, threads=threads), expected)
    for clip, alone in zip(waves, expected, strict=True):
        np.testing.assert_array_equal(made.spectrogram(clip), alone)
    np.testing.assert_array_equal(made.spectrogram(np.asfortranarray(waves)), expected)
    assert made.spectrogram(waves[:0]).shape == (0, 224, 118)
    out = np.empty_like(expected)
    assert made.spectrogram(waves, out=out) is out
    np.testing.assert_array_equal(out, expected)


def test_every_second_frame_is_that_of_twice_the_hop() -> None:
    wave = random_wave(9000, "float32", 8)
    for hop in (1, 3, 100, 300):
        fine = dataclasses.replace(SMALL, hop_samples=hop).made().spectrogram(wave)
        coarse = dataclasses.replace(SMALL, hop_samples=2 * hop).made().spectrogram(wave)
        np.testing.assert_array_equal(fine[:, ::2], coarse)


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("gain", [1e-35, 1e-20, 1.0, 1e17, 3e37])
def test_very_quiet_and_very_loud_waves_are_as_exact(power: float, gain: float) -> None:
    wave = (gain * np.random.default_rng(9).uniform(-1, 1, 3000)).astype(np.float32)
    s = dataclasses.replace(SMALL, power=power, floor=1e-300)
    check(s.made().spectrogram(wave), wave.astype(np.float64), s)
    if 1e-35 < gain < 1e35 and power == 1.0:
        plain = dataclasses.replace(s, log=False)
        check(plain.made().spectrogram(wave), wave.astype(np.float64), plain)


@pytest.mark.parametrize("hop", [64, 100])
def test_a_loud_part_of_a_clip_changes_no_bit_of_the_frames_beside_it(hop: int) -> None:
    made = dataclasses.replace(SMALL, floor=1e-40, hop_samples=hop).made()
    begin = 20 * hop + 128  # the first sample after frame 20
    next_frame = -(-begin // hop)
    wave = 1e-20 * np.random.default_rng(11).uniform(-1, 1, 4000)
    wave[begin:] *= 1e45
    got, quiet, loud = (made.spectrogram(part) for part in (wave, wave[:begin], wave[next_frame * hop :]))
    np.testing.assert_array_equal(got[:, :21], quiet[:, :21])
    np.testing.assert_array_equal(got[:, next_frame + 2 :], loud[:, 2:])
    assert quiet.max() < -350
    assert loud.min() > 450


def test_sums_past_float32_are_infinite_and_their_decibels_are_not() -> None:
    wave = 1e30 * np.random.default_rng(10).uniform(-1, 1, 3000)
    s = dataclasses.replace(SMALL, power=2.0)
    assert np.isposinf(dataclasses.replace(s, log=False).made().spectrogram(wave)).all()
    check(s.made().spectrogram(wave), wave, s)


def test_silence_lies_on_the_floor() -> None:
    for s in (PAPER, BASELINE, dataclasses.replace(PAPER, floor=1e-300)):
        got = s.made().spectrogram(np.zeros(5000, np.int16))
        assert np.unique(got).tolist() == [np.float32(20 / s.power * math.log10(s.floor))]
    assert not dataclasses.replace(PAPER, log=False).made().spectrogram(np.zeros(5000, np.int16)).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 1777, 3000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_wave_that_is_not_finite_is_refused(bad: float, at: int, dtype: Any) -> None:
    wave = np.zeros((3, 3001), dtype)
    wave[1, at] = wave[2, 5] = bad
    for threads in (1, 3):
        with pytest.raises(ValueError, match=f"wave must be finite; sample {at} of clip 1"):
            SMALL.made().spectrogram(wave, threads=threads)
        with pytest.raises(ValueError, match=f"wave must be finite; sample {at} of clip 1"):
            SMALL.made().segments(wave, segment_samples=300, hop_samples=1000, threads=threads)


def test_a_wave_of_half_a_window_is_too_short_and_one_more_sample_is_enough() -> None:
    made = PAPER.made()
    for call in (
        lambda n: made.spectrogram(np.ones(n, np.float32)),
        lambda n: made.segments(np.ones(3000, np.float32), segment_samples=n, hop_samples=1000)[0],
    ):
        with pytest.raises(ValueError, match="wave must have more than half a window, 1024 samples; got 1024"):
            call(1024)
        assert call(1025).shape == (224, 5)
    with pytest.raises(ValueError, match="more than half a window"):
        made.frames(1024)


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("sample_rate_hz", 0.0, ValueError, "sample_rate_hz must be"),
        ("sample_rate_hz", math.nan, ValueError, "sample_rate_hz must be"),
        ("sample_rate_hz", "16k", TypeError, "sample_rate_hz must be a float"),
        ("window_samples", 128, ValueError, "window_samples must be a power of two from 256 to 8192; got 128"),
        ("window_samples", 16384, ValueError, "window_samples must be a power of two"),
        ("window_samples", 2000, ValueError, "window_samples must be a power of two"),
        ("window_samples", 2048.0, TypeError, "window_samples must be an int"),
        ("hop_samples", 0, ValueError, "hop_samples must be >= 1"),
        ("bands", 0, ValueError, "bands must be >= 1"),
        ("bands", 900, ValueError, "bands=900 is too many for a window of 2048 samples: band 0"),
        ("bands", 2**60, ValueError, "bands=1152921504606846976 is too many"),
        ("low_hz", -1.0, ValueError, "low_hz and high_hz must satisfy"),
        ("high_hz", 8001.0, ValueError, "low_hz and high_hz must satisfy"),
        ("high_hz", 50.0, ValueError, "low_hz and high_hz must satisfy"),
        ("mel_scale", "bark", ValueError, 'mel_scale must be "htk" or "slaney"; got \'bark\''),
        ("mel_scale", 1, ValueError, "mel_scale must be"),
        ("area_norm", 1, TypeError, "area_norm must be a bool"),
        ("power", 1.5, ValueError, "power must be 1"),
        ("normalise_window", None, TypeError, "normalise_window must be a bool"),
        ("log", "yes", TypeError, "log must be a bool"),
        ("floor", 0.0, ValueError, "floor must be finite and > 0"),
        ("floor", math.inf, ValueError, "floor must be finite and > 0"),
        ("padding", "wrap", ValueError, 'padding must be "reflect" or "zero"'),
    ],
)
def test_a_setting_outside_its_range_is_refused_by_name(
    name: str, value: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        asd_native.LogMel(**{**dataclasses.asdict(PAPER), name: value})


def test_other_arguments_are_refused_by_name() -> None:
    made = SMALL.made()
    wave = np.zeros((2, 1000), np.float32)
    grid: dict[str, Any] = {"segment_samples": 500, "hop_samples": 100}
    with pytest.raises(TypeError, match="wave must be int16 or float32 or float64; got int32"):
        made.spectrogram(np.zeros(1000, np.int32))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"wave must be \(T,\) or \(N, T\)"):
        made.spectrogram(np.zeros((1, 2, 1000), np.float32))
    with pytest.raises(ValueError, match="std must be finite and > 0"):
        made.spectrogram(wave, std=0.0)
    with pytest.raises(ValueError, match="mean must be finite"):
        made.segments(wave, **grid, mean=math.nan)
    with pytest.raises(ValueError, match="mean and std must be left out"):
        made.segments(wave, **grid, mean=1.0, per_segment=True)
    with pytest.raises(ValueError, match="threads must be"):
        made.spectrogram(wave, threads=-1)
    with pytest.raises(ValueError, match=r"out must have shape \(2, 20, 16\)"):
        made.spectrogram(wave, out=np.empty((2, 20, 15), np.float32))
    buffer = np.zeros(1000, np.float32)
    with pytest.raises(ValueError, match="out must not share memory"):
        made.spectrogram(buffer, out=buffer[:320].reshape(20, 16))
    with pytest.raises(ValueError, match="hop_samples must be >= 1"):
        made.segments(wave, segment_samples=500, hop_samples=0)
    with pytest.raises(ValueError, match="more than memory can hold"):
        made.segments(wave, segment_samples=2**62, hop_samples=100)
