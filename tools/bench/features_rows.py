"""Log-mel spectrograms: asd-features beside torch.stft and librosa."""

from collections.abc import Iterator

import librosa
import numpy as np
import torch
from measure import Row, median_s

from asd_features import LogMelSettings, log_mel, mel_filterbank
from asd_features.torch_log_mel import TorchLogMel

SETTINGS = LogMelSettings()


def rows(threads: int) -> Iterator[Row]:
    """Batches of 5 s segments."""
    waves = np.random.default_rng(1).standard_normal((64, 80_000)).astype(np.float32)
    batch, bank = torch.from_numpy(waves), torch.from_numpy(mel_filterbank(SETTINGS))
    layer = TorchLogMel(SETTINGS)
    window = torch.hann_window(SETTINGS.window_samples)

    def stft() -> torch.Tensor:
        spectrum = (
            torch.stft(batch, SETTINGS.window_samples, SETTINGS.hop_samples, window=window, return_complex=True).abs()
            / window.square().sum().sqrt()
        )
        return 20 * torch.log10((bank @ spectrum).clamp_min(SETTINGS.floor))

    with torch.inference_mode():
        ours, theirs = layer(batch), stft()
        error = f"max |difference| {(ours - theirs).abs().max():.1e} dB"
        step = f"log-mel 2048/256/224, 64 x 5 s, {threads} threads"
        yield Row(step, "torch.stft + matmul", median_s(lambda: layer(batch)), median_s(stft), error)
    yield _librosa_row(waves[0])


def _librosa_row(wave: np.ndarray) -> Row:
    settings = LogMelSettings.dcase_baseline()

    def theirs() -> np.ndarray:
        mel = librosa.feature.melspectrogram(y=wave, sr=16_000, n_fft=1024, hop_length=512, n_mels=128)
        return 10 * np.log10(np.maximum(mel, settings.floor))

    error = f"max |difference| {np.abs(log_mel(wave, settings) - theirs()).max():.1e} dB"
    times = median_s(lambda: log_mel(wave, settings), runs=21), median_s(theirs, runs=21)
    return Row("log-mel 1024/512/128 in NumPy, one 5 s segment", "librosa", *times, error)
