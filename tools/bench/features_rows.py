"""Log-mel spectrograms: asd-features beside torch.stft, NumPy, librosa and kaldi, which transform in float32."""

from collections.abc import Callable, Iterator
from functools import partial

import kaldi_native_fbank as kaldi
import librosa
import numpy as np
import torch
from measure import Row, median_s
from numpy.typing import NDArray

from asd_features import LogMelSettings, SegmentSettings, log_mel, mel_filterbank
from asd_features.log_mel import segment_log_mel
from asd_features.torch_log_mel import TorchLogMel

Float32Array = NDArray[np.float32]

SETTINGS, SEGMENTS = LogMelSettings(), SegmentSettings()
RATE_HZ, WINDOW, HOP, BANDS = SETTINGS.sample_rate_hz, SETTINGS.window_samples, SETTINGS.hop_samples, SETTINGS.bands
NAME = f"log-mel {WINDOW}/{HOP}/{BANDS}"


def rows(threads: int) -> Iterator[Row]:
    """The layer on batches of 5 s segments; the kernel on whole clips and on overlapping segments."""
    waves = _noise(64, 80_000)
    batch, layer, stft = torch.from_numpy(waves), TorchLogMel(SETTINGS), stft_log_mel(torch.float32)
    with torch.inference_mode():
        yield Row(
            step=f"{NAME} as a torch layer, 64 x 5 s, {threads} threads",
            tool="torch.stft + matmul",
            ours_s=median_s(lambda: layer(batch)),
            theirs_s=median_s(lambda: stft(batch)),
            error=f"max \\|difference\\| {(layer(batch) - stft(batch)).abs().max():.1e} dB",
            audio_s=waves.size / RATE_HZ,
            flops=_flops(64 * SETTINGS.frames(80_000)),
            float32=True,
            threads=threads,
        )
        yield from _kernel_rows(_clips(), threads)
    if threads == 1:
        yield _numpy_row(_clips())
        yield _kaldi_row(_clips()[0])
        yield _librosa_row(waves[0])


def one_thread_beside(cores: int) -> Row:
    """The row of the design's table: overlapping segments, ours on one thread, torch on all."""
    torch.set_num_threads(cores)
    clips, stft = _clips(), stft_log_mel(torch.float32)
    cut = _cut(clips)
    return Row(
        step=f"{NAME}, the 5 segments of each of 8 clips: ours on 1 thread, theirs on {cores}",
        tool="torch.stft + matmul, one by one",
        ours_s=median_s(lambda: segment_log_mel(clips, threads=1)),
        theirs_s=median_s(lambda: [stft(wave) for wave in cut]),
        error="as above",
        reach=6.0,
        audio_s=clips.size / RATE_HZ,
        flops=_flops(len(cut) * SETTINGS.frames(SEGMENTS.length_samples)),
    )


def _noise(clips: int, samples: int) -> Float32Array:
    return np.random.default_rng(1).standard_normal((clips, samples)).astype(np.float32)


def _clips() -> Float32Array:
    return _noise(8, 160_000)


def _cut(clips: Float32Array) -> torch.Tensor:
    return torch.from_numpy(clips).unfold(1, SEGMENTS.length_samples, SEGMENTS.hop_samples).flatten(0, 1)


def _flops(frames: int) -> float:
    """Counts window, real transform (by the usual count), magnitudes and band sums, but not the logarithms."""
    transform = 2.5 * WINDOW * np.log2(WINDOW)
    return float(frames * (WINDOW + transform + 3 * (WINDOW // 2) + 2 * np.count_nonzero(mel_filterbank(SETTINGS))))


def stft_log_mel(dtype: torch.dtype) -> Callable[[torch.Tensor], torch.Tensor]:
    """What a user writes: torch.stft, a matrix product, decibels."""
    window = torch.hann_window(WINDOW, dtype=dtype)
    bank = torch.from_numpy(mel_filterbank(SETTINGS)).to(dtype)
    norm = window.square().sum().sqrt()

    def stft(wave: torch.Tensor) -> torch.Tensor:
        spectrum = torch.stft(wave, WINDOW, HOP, window=window, return_complex=True).abs()
        return 20 * torch.log10((bank @ (spectrum / norm)).clamp_min(SETTINGS.floor))

    return stft


def _kernel_rows(clips: Float32Array, threads: int) -> Iterator[Row]:
    stft, exact_stft = stft_log_mel(torch.float32), stft_log_mel(torch.float64)
    batch, cut = torch.from_numpy(clips), _cut(clips)
    # The design's goal for whole clips is for all cores; the one for segments has a row of its own.
    cases = (("8 whole clips of 10 s", log_mel, batch, 8.0 if threads > 1 else None),
             ("the 5 segments of each of 8 clips", segment_log_mel, cut, None))  # fmt: skip
    for name, kernel, waves, reach in cases:
        mel = kernel(clips, threads=threads)
        exact = torch.stack([exact_stft(wave.double()) for wave in waves]).numpy()
        row = partial(
            Row,
            step=f"{NAME}, {name}, {threads} threads",
            ours_s=median_s(lambda run=kernel: run(clips, threads=threads)),
            error=f"max \\|difference\\| {np.abs(mel.reshape(exact.shape) - exact).max():.1e} dB to float64",
            audio_s=clips.size / RATE_HZ,
            flops=_flops(len(waves) * SETTINGS.frames(waves.shape[1])),
            threads=threads,
        )
        one_by_one_s = median_s(lambda each=waves: [stft(wave) for wave in each])
        yield row(tool="torch.stft + matmul, one by one", theirs_s=one_by_one_s, reach=reach)
        yield row(tool="the same in one batch", theirs_s=median_s(lambda each=waves: stft(each)))


def _numpy_row(clips: Float32Array) -> Row:
    window = np.hanning(WINDOW + 1)[:-1]
    window = (window / np.linalg.norm(window)).astype(np.float32)
    bank = mel_filterbank(SETTINGS)

    def theirs() -> Float32Array:
        padded = np.pad(clips, ((0, 0), (WINDOW // 2, WINDOW // 2)), "reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=1)[:, ::HOP]
        spectrum = np.abs(np.fft.rfft(frames * window))
        return 20 * np.log10(np.maximum(bank @ spectrum.transpose(0, 2, 1), SETTINGS.floor))

    return Row(
        step=f"{NAME}, 8 whole clips of 10 s, 1 threads",
        tool="NumPy rfft + matmul, float32",
        ours_s=median_s(lambda: log_mel(clips)),
        theirs_s=median_s(theirs),
        error=f"max \\|difference\\| {np.abs(log_mel(clips) - theirs()).max():.1e} dB",
        audio_s=clips.size / RATE_HZ,
        flops=_flops(len(clips) * SETTINGS.frames(clips.shape[1])),
    )


def _kaldi_row(wave: Float32Array) -> Row:
    """Kaldi's frames are centred half a hop later, and its triangles are linear in mel, not in hertz."""
    options = kaldi.FbankOptions()
    frame, mel = options.frame_opts, options.mel_opts
    frame.samp_freq = RATE_HZ
    frame.frame_length_ms, frame.frame_shift_ms = 1000 * WINDOW / RATE_HZ, 1000 * HOP / RATE_HZ
    frame.window_type, frame.dither, frame.preemph_coeff = "hanning", 0.0, 0.0
    frame.remove_dc_offset = frame.snip_edges = False
    mel.num_bins, mel.low_freq, mel.high_freq = BANDS, SETTINGS.low_hz, SETTINGS.high_hz
    options.use_power = False

    def theirs() -> Float32Array:
        bank = kaldi.OnlineFbank(options)
        bank.accept_waveform(RATE_HZ, wave)
        bank.input_finished()
        return np.stack([bank.get_frame(i) for i in range(bank.num_frames_ready)], axis=1)

    decibels = 20 / np.log(10) * theirs() - 10 * np.log10(3 / 8 * WINDOW)  # our window has norm 1
    later = np.concatenate([wave[HOP // 2 :], np.zeros(HOP // 2, np.float32)])
    ours = log_mel(later)[:, : decibels.shape[1]]
    return Row(
        step=f"{NAME}, one 10 s clip, 1 threads",
        tool="kaldi-native-fbank",
        ours_s=median_s(lambda: log_mel(wave), runs=21),
        theirs_s=median_s(theirs, runs=21),
        error=f"other triangles; median \\|difference\\| {np.median(np.abs(ours - decibels)):.1e} dB",
        audio_s=wave.size / RATE_HZ,
        flops=_flops(SETTINGS.frames(wave.size)),
    )


def _librosa_row(wave: Float32Array) -> Row:
    settings = LogMelSettings.dcase_baseline()

    def theirs() -> Float32Array:
        mel = librosa.feature.melspectrogram(y=wave, sr=RATE_HZ, n_fft=1024, hop_length=512, n_mels=128)
        return 10 * np.log10(np.maximum(mel, settings.floor))

    return Row(
        step="log-mel 1024/512/128, one 5 s segment, 1 threads",
        tool="librosa",
        ours_s=median_s(lambda: log_mel(wave, settings), runs=21),
        theirs_s=median_s(theirs, runs=21),
        error=f"max \\|difference\\| {np.abs(log_mel(wave, settings) - theirs()).max():.1e} dB",
        audio_s=wave.size / RATE_HZ,
    )
