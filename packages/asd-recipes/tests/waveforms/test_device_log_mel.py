"""The native core on a processor and the torch layer (on a GPU and for odd windows) give the same spectrogram."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from asd_features import LogMelSettings
from asd_features.torch_log_mel import TorchLogMel
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.waveforms.device_log_mel import describe_log_mel, device_log_mel

CPU = Device("cpu", "bfloat16", "")
WAVES = torch.from_numpy(np.random.default_rng(0).standard_normal((3, 24_000)).astype(np.float32))


@pytest.mark.parametrize(
    "settings", [LogMelSettings(), LogMelSettings(hop_s=0.064, bands=64), LogMelSettings.dcase_baseline()]
)
def test_the_core_gives_what_the_layer_gives(settings: LogMelSettings) -> None:
    ours = device_log_mel(settings, CPU)
    assert not isinstance(ours, TorchLogMel)
    with CPU.autocast():
        got = ours(WAVES)
    assert got.dtype == torch.float32
    # For noise, float32's error is 2.3e-5 dB.
    torch.testing.assert_close(got, TorchLogMel(settings)(WAVES), rtol=0, atol=1e-4)


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_a_wave_has_the_same_bits_in_any_batch_and_on_any_number_of_threads() -> None:
    whole = device_log_mel(LogMelSettings(), CPU)(WAVES)
    for count in (1, 3):
        torch.set_num_threads(count)
        assert torch.equal(device_log_mel(LogMelSettings(), CPU)(WAVES[1:2]), whole[1:2])


def test_a_window_that_the_core_does_not_take_goes_to_the_layer() -> None:
    settings = LogMelSettings(window_s=0.1)
    ours = device_log_mel(settings, CPU)
    assert isinstance(ours, TorchLogMel)
    assert ours(WAVES).shape == (3, settings.bands, settings.frames(24_000))
    assert describe_log_mel(settings, CPU) == "log-mel by torch in float32"
    assert describe_log_mel(LogMelSettings(), CPU) == "log-mel in float64"
