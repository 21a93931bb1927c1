"""The torch layer: the NumPy spectrogram in float32, on any batch, under autocast, with a gradient."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asd_features import LogMelSettings, log_mel, read_waveform

torch = pytest.importorskip("torch", reason="torch is not installed: TorchLogMel is not tested")
from asd_features.torch_log_mel import TorchLogMel  # noqa: E402

VARIANTS = {
    "paper": LogMelSettings(),
    "baseline": LogMelSettings.dcase_baseline(),
    "powers": LogMelSettings(power=2.0),
    "slaney": LogMelSettings(mel_scale="slaney", area_norm=True, bands=40),
}


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)
def test_the_layer_equals_numpy(settings: LogMelSettings, tolerances: Any) -> None:
    wave = noise(2, 20000)
    sums = dataclasses.replace(settings, log=False)
    np.testing.assert_allclose(
        TorchLogMel(sums)(torch.from_numpy(wave)).numpy(), log_mel(wave, sums), rtol=tolerances.spectrogram
    )
    result = TorchLogMel(settings)(torch.from_numpy(wave))
    assert result.dtype == torch.float32
    np.testing.assert_allclose(result.numpy(), log_mel(wave, settings), rtol=tolerances.spectrogram, atol=1e-4)


def test_beside_a_pure_tone_the_error_is_small_against_the_tone(tolerances: Any) -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(80000) / 16000).astype(np.float32)
    sums = LogMelSettings(log=False)
    expected = log_mel(tone, sums)
    error = np.abs(TorchLogMel(sums)(torch.from_numpy(tone)).numpy() - expected)
    assert error.max() < tolerances.of_the_loudest_bin * expected.max()
    near = expected > 1e-3 * expected.max(axis=0)  # within 60 dB of the tone
    assert (error[near] / expected[near]).max() < tolerances.spectrogram


@pytest.mark.parametrize("settings", [LogMelSettings(), LogMelSettings.dcase_baseline()], ids=["paper", "baseline"])
def test_the_layer_equals_numpy_on_real_clips(settings: LogMelSettings, recordings: Path, tolerances: Any) -> None:
    sums = dataclasses.replace(settings, log=False)
    layer = TorchLogMel(sums)
    paths = sorted(recordings.glob("dcase2023_clips/*/*/*.wav"))
    assert len(paths) == 28
    for path in paths[::4]:
        wave = read_waveform(path).samples
        np.testing.assert_allclose(
            layer(torch.from_numpy(wave)).numpy(), log_mel(wave, sums), rtol=tolerances.spectrogram
        )


def test_the_layer_equals_librosa(tolerances: Any) -> None:
    librosa = pytest.importorskip("librosa", reason="librosa is not installed: no comparison with it")
    wave = noise(20000)
    expected = librosa.feature.melspectrogram(y=wave, sr=16000, n_fft=1024, hop_length=512, n_mels=128, power=2.0)
    sums = dataclasses.replace(LogMelSettings.dcase_baseline(), log=False)
    np.testing.assert_allclose(TorchLogMel(sums)(torch.from_numpy(wave)).numpy(), expected, rtol=tolerances.spectrogram)


def test_the_spectrogram_of_a_clip_does_not_depend_on_its_batch() -> None:
    waves = torch.from_numpy(noise(2, 3, 8000))
    layer = TorchLogMel()
    batch = layer(waves)
    assert batch.shape == (2, 3, 224, 32)
    assert batch.is_contiguous()
    for i, j in np.ndindex(2, 3):
        assert torch.equal(batch[i, j], layer(waves[i, j]))
    assert layer(waves[:0]).shape == (0, 3, 224, 32)


def test_the_same_batch_gives_the_same_bits_again() -> None:
    waves = torch.from_numpy(noise(3, 80000))
    layer = TorchLogMel()
    assert layer(waves).shape == (3, 224, 313)
    assert torch.equal(layer(waves), layer(waves))


def test_autocast_changes_nothing() -> None:
    waves = torch.from_numpy(noise(2, 8000))
    layer = TorchLogMel()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = layer(waves)
    assert result.dtype == torch.float32
    assert torch.equal(result, layer(waves))


def test_int16_is_scaled_by_its_full_range_and_other_integers_are_refused() -> None:
    samples = np.random.default_rng(0).integers(-32768, 32768, 8000).astype(np.int16)
    layer = TorchLogMel()
    assert torch.equal(layer(torch.from_numpy(samples)), layer(torch.from_numpy(samples / 32768)))
    with pytest.raises(TypeError, match=r"int16 or floating point; got torch\.int32"):
        layer(torch.zeros(8000, dtype=torch.int32))


def test_a_wave_of_half_a_window_is_too_short() -> None:
    with pytest.raises(ValueError, match="wave must have more than half a window"):
        TorchLogMel()(torch.zeros(1, 1024))
    with pytest.raises(ValueError, match=r"wave must be \(\.\.\., T\)"):
        TorchLogMel()(torch.tensor(1.0))


def test_nothing_of_the_layer_enters_a_state_dict_or_an_optimiser() -> None:
    layer = TorchLogMel()
    assert layer.state_dict() == {}
    assert list(layer.parameters()) == []


def test_the_gradient_is_finite_and_the_same_as_without_the_shortcut() -> None:
    wave = torch.from_numpy(noise(8000))
    wave[:4000] = 0.0  # the gradient of a magnitude at silence
    wave.requires_grad_()
    layer = TorchLogMel()
    result = layer(wave)
    result.sum().backward()
    assert wave.grad is not None
    assert torch.isfinite(wave.grad).all()
    assert wave.grad.abs().max() > 0
    torch.testing.assert_close(result.detach(), layer(wave.detach()), rtol=1e-5, atol=1e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device: the layer is tested on the CPU alone")
def test_cuda_equals_the_cpu(tolerances: Any) -> None:
    wave = torch.from_numpy(noise(4, 20000))
    sums = TorchLogMel(LogMelSettings(log=False))
    expected = sums(wave).numpy()
    with torch.autocast("cuda"):
        result = sums.cuda()(wave.cuda()).cpu().numpy()
    np.testing.assert_allclose(result, expected, rtol=tolerances.spectrogram)
