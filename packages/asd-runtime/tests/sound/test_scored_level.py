"""The level of what is scored decides whether there is sound in it."""

import numpy as np
import pytest

from asd_runtime.errors import RecordingError
from asd_runtime.sound.scored_level import refuse_silence, wave_level_db

NOISE = 0.1 * np.random.default_rng(0).standard_normal(32_000).astype(np.float32)


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_the_level_is_that_of_the_definition_whatever_the_type_and_the_blocks(
    scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asd_runtime.sound.scored_level._AT_ONCE", 1_000)
    wave = (scale * NOISE + 0.25).astype(np.float32)
    assert wave_level_db(wave) == pytest.approx(20 * np.log10(wave.astype(np.float64).std()), abs=1e-6)
    integers = np.rint(wave * 32768).astype(np.int16)
    assert wave_level_db(integers) == pytest.approx(20 * np.log10(integers.std() / 32768), abs=1e-6)
    assert wave_level_db(np.full(3_000, 0.3, np.float32)) == -np.inf


def test_a_mean_far_below_its_channels_is_refused_and_one_of_strangers_is_not() -> None:
    refuse_silence(NOISE, channels_db=-20 + 9)  # eight channels with nothing in common
    with pytest.raises(RecordingError, match="the channels cancel: -20 dB each, and -60 dB in their mean"):
        refuse_silence(NOISE / 100, channels_db=-20.0)
    refuse_silence(NOISE / 100)
    with pytest.raises(RecordingError, match="level -100 dB in what is scored"):
        refuse_silence(NOISE / 10_000)
