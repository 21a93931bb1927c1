"""A recording in blocks: `asd_native.Stream` beside what a user writes, and beside the whole recording at once."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import scipy.signal
import torch
from features_rows import HOP, NAME, RATE_HZ, SEGMENTS, SETTINGS, WINDOW, stft_log_mel
from measure import Row, median_s
from numpy.typing import NDArray

import asd_native
from asd_features import high_pass_sos

BLOCK = 160  # 10 ms
GRID = {"segment_samples": SEGMENTS.length_samples, "hop_samples": SEGMENTS.hop_samples}


def rows(cores: int) -> Iterator[Row]:
    """A minute of sound in blocks of 10 ms: each segment's log-mel spectrogram, and mean square after the filter."""
    torch.set_num_threads(1)
    wave = np.random.default_rng(7).standard_normal(60 * RATE_HZ).astype(np.float32)
    sos = high_pass_sos(RATE_HZ)
    log_mel = asd_native.LogMel(
        sample_rate_hz=RATE_HZ, window_samples=WINDOW, hop_samples=HOP, bands=SETTINGS.bands,
        low_hz=SETTINGS.low_hz, high_hz=SETTINGS.high_hz, mel_scale=SETTINGS.mel_scale,
    )  # fmt: skip
    ours, theirs = partial(_stream, log_mel, sos, wave), partial(_by_hand, sos, wave)
    mel, power = ours()
    by_hand_mel, by_hand_power = theirs()
    row = partial(
        Row,
        step=f"{NAME} and causal high-passed power of a minute in blocks of 10 ms, 1 threads",
        ours_s=median_s(ours),
        audio_s=wave.size / RATE_HZ,
    )
    difference = f"max \\|difference\\| {np.abs(mel - by_hand_mel).max():.1e} dB"
    power_error = f"power {np.abs(power / by_hand_power - 1).max():.1e} relative"
    tool = "a buffer, SciPy sosfilt with its state, torch.stft of each segment"
    yield row(tool=tool, theirs_s=median_s(theirs), error=f"{difference}, {power_error}")
    whole = partial(_at_once, log_mel, sos, wave)
    same = all(np.array_equal(one, other) for one, other in zip(ours(), whole(), strict=True))
    error = "the same bits" if same else "OTHER BITS"
    yield row(tool="asd-native of the whole recording at once", theirs_s=median_s(whole), error=error)
    torch.set_num_threads(cores)


def _stream(
    log_mel: asd_native.LogMel, sos: NDArray[np.float64], wave: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """(S, M, F) and (S,)."""
    stream = asd_native.Stream(log_mel, sos, dtype=np.float32, **GRID)
    found = [
        (segment.log_mel.copy(), segment.power[0])
        for start in range(0, wave.size, BLOCK)
        for segment in stream.push(wave[start : start + BLOCK])
    ]
    return np.stack([mel for mel, _ in found]), np.array([power for _, power in found])


def _at_once(
    log_mel: asd_native.LogMel, sos: NDArray[np.float64], wave: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    power = asd_native.high_passed_power(wave, sos, **GRID, causal=True)
    return log_mel.segments(wave, **GRID), power[:, 0]


def _by_hand(sos: NDArray[np.float64], wave: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    stft, length = stft_log_mel(torch.float32), SEGMENTS.length_samples
    state = scipy.signal.sosfilt_zi(sos) * wave[0]
    # The last segment's samples are contiguous, in buffers of twice its length that move them back when full.
    heard, filtered, at = np.zeros(2 * length, np.float32), np.zeros(2 * length), length
    mels, powers = [], []
    for end in range(BLOCK, wave.size + 1, BLOCK):
        block = wave[end - BLOCK : end]
        if at + BLOCK > 2 * length:
            heard[:length], filtered[:length] = heard[at - length : at], filtered[at - length : at]
            at = length
        heard[at : at + BLOCK] = block
        filtered[at : at + BLOCK], state = scipy.signal.sosfilt(sos, block, zi=state)
        at += BLOCK
        if end >= length and (end - length) % SEGMENTS.hop_samples == 0:
            mels.append(stft(torch.from_numpy(heard[at - length : at])).numpy())
            powers.append(np.square(filtered[at - length : at]).mean())
    return np.stack(mels), np.array(powers)
