"""The verdict on a file holds all that `asd score` says of it, and a file without usable sound is a typed error."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asd_runtime import RecordingError, Scorer
from asd_runtime.model.manifest import Manifest

NOISE = 0.1 * np.random.default_rng(0).standard_normal(4 * 16_000)


@pytest.fixture(scope="module")
def scorer(model: Path) -> Scorer:
    return Scorer.open(model, threads=1)


def _written(path: Path, wave: np.ndarray) -> Path:
    soundfile.write(path, wave, 16_000)
    return path


def test_a_sound_recording_has_a_verdict_by_the_model_s_threshold(scorer: Scorer, tmp_path: Path) -> None:
    result = scorer.score(_written(tmp_path / "a.wav", NOISE))
    assert result.threshold == scorer.manifest.threshold.value
    assert result.above == sum(stretch.is_above(result.threshold) for stretch in result.stretches)
    assert result.anomalous == (result.above > 0) == bool(result.events)
    assert result.faults == ()


def test_what_is_wrong_with_a_recording_is_said_beside_its_verdict_each_once(scorer: Scorer, tmp_path: Path) -> None:
    clipped = np.clip(20 * NOISE, -1, 1)
    clipped[16_000:24_000] = 0
    (first, second) = scorer.score(_written(tmp_path / "a.wav", clipped)).faults
    assert first.startswith("clipped: ")
    assert second.startswith("dropout: ")


@pytest.mark.parametrize(
    ("wave", "fault"),
    [
        (None, "no such file"),
        (np.zeros(64_000), "silent: every sample is 0: check the microphone"),
        (NOISE[:8_000], "too short: 0.5 s; at least 1 s is needed: one segment of this model"),
    ],
)
def test_a_file_without_usable_sound_is_refused_by_its_name_and_fault(
    wave: np.ndarray | None, fault: str, scorer: Scorer, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav" if wave is None else _written(tmp_path / "a.wav", wave)
    with pytest.raises(RecordingError) as refused:
        scorer.score(path)
    assert (refused.value.path, refused.value.fault) == (path, fault)
    assert str(refused.value) == f"{path}: {fault}"


def test_a_precision_that_there_is_not_is_refused_whatever_the_model_holds(model: Path, manifest: Manifest) -> None:
    with pytest.raises(ValueError, match="precision must be auto, float32, bfloat16 or int8; got 'bananas'"):
        Scorer.open(model, precision="bananas")  # type: ignore[arg-type]
