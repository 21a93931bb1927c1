"""Log-mel spectrograms: asd-features beside torch.stft and librosa, which transform in float32."""

from collections.abc import Callable, Iterator

import librosa
import numpy as np
import torch
from measure import Row, median_s

from asd_features import LogMelSettings, SegmentSettings, log_mel, mel_filterbank
from asd_features.log_mel import segment_log_mel
from asd_features.torch_log_mel import TorchLogMel

SETTINGS, SEGMENTS = LogMelSettings(), SegmentSettings()


def _user(dtype: torch.dtype) -> Callable[[torch.Tensor], torch.Tensor]:
    """What a user writes: torch.stft, a matrix product, decibels."""
    window = torch.hann_window(SETTINGS.window_samples, dtype=dtype)
    bank = torch.from_numpy(mel_filterbank(SETTINGS)).to(dtype)
    norm = window.square().sum().sqrt()

    def stft(wave: torch.Tensor) -> torch.Tensor:
        length, hop = SETTINGS.window_samples, SETTINGS.hop_samples
        spectrum = torch.stft(wave, length, hop, window=window, return_complex=True).abs()
        return 20 * torch.log10((bank @ (spectrum / norm)).clamp_min(SETTINGS.floor))

    return stft


def rows(threads: int) -> Iterator[Row]:
    """The layer on batches of 5 s segments; the kernel on whole clips and on overlapping segments."""
    waves = np.random.default_rng(1).standard_normal((64, 80_000)).astype(np.float32)
    batch = torch.from_numpy(waves)
    layer, stft = TorchLogMel(SETTINGS), _user(torch.float32)
    with torch.inference_mode():
        error = f"max |difference| {(layer(batch) - stft(batch)).abs().max():.1e} dB"
        step = f"log-mel 2048/256/224 as a torch layer, 64 x 5 s, {threads} threads"
        yield Row(step, "torch.stft + matmul", median_s(lambda: layer(batch)), median_s(lambda: stft(batch)), error)
        yield from _kernel_rows(waves[:16].reshape(8, 160_000), threads)
    yield _librosa_row(waves[0])


def _kernel_rows(clips: np.ndarray, threads: int) -> Iterator[Row]:
    stft, exact_stft = _user(torch.float32), _user(torch.float64)
    batch = torch.from_numpy(clips)
    cut = batch.unfold(1, SEGMENTS.length_samples, SEGMENTS.hop_samples).flatten(0, 1)
    cases = (("8 whole clips of 10 s", log_mel, batch), ("the 5 segments of each", segment_log_mel, cut))
    for name, kernel, waves in cases:
        mel = kernel(clips, threads=threads)
        exact = torch.stack([exact_stft(wave.double()) for wave in waves]).numpy()
        error = f"max |difference| {np.abs(mel.reshape(exact.shape) - exact).max():.1e} dB to float64"
        step = f"log-mel 2048/256/224, {name}, {threads} threads"
        ours_s = median_s(lambda run=kernel: run(clips, threads=threads))
        theirs_s = median_s(lambda each=waves: [stft(wave) for wave in each])
        yield Row(step, "torch.stft + matmul, one by one", ours_s, theirs_s, error)
        yield Row(step, "the same in one batch", ours_s, median_s(lambda each=waves: stft(each)), error)


def _librosa_row(wave: np.ndarray) -> Row:
    settings = LogMelSettings.dcase_baseline()

    def theirs() -> np.ndarray:
        mel = librosa.feature.melspectrogram(y=wave, sr=16_000, n_fft=1024, hop_length=512, n_mels=128)
        return 10 * np.log10(np.maximum(mel, settings.floor))

    error = f"max |difference| {np.abs(log_mel(wave, settings) - theirs()).max():.1e} dB"
    times = median_s(lambda: log_mel(wave, settings), runs=21), median_s(theirs, runs=21)
    return Row("log-mel 1024/512/128, one 5 s segment, 1 thread", "librosa", *times, error)
