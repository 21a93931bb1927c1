"""A recording scored through the C interface has the spectrograms, scores and verdict of the Python runtime."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c_model import CError, CModel, Network, pooled
from numpy.typing import NDArray
from small_models import EMBEDDING, SmallModel

from asd_features import HighPassSettings, spectral_statistics
from asd_runtime import RecordingError, Scorer
from asd_runtime.scoring import loading
from asd_runtime.scoring.engine import NetworkOutput

EXACT, THROUGH_FLOAT32 = 1e-9, 1e-6
"""Of scores: given the same embeddings; of spectral statistics, which an inlier model rounds to float32."""
HEIGHT, WIDTH = 3, 5
FLOW = ("knn-1-source", "gmm-1-source", "flow")


@cache
def network(seed: int) -> Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Made-up numbers that depend on all of a spectrogram, and on it alone."""
    generator = np.random.default_rng(seed)

    def run(log_mel: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = [np.sin(row.reshape(-1).astype(np.float64) @ matrix / 50) for row in log_mel]
        numbers = np.stack(rows).astype(np.float32)
        return numbers[:, :EMBEDDING].copy(), numbers[:, EMBEDDING:].reshape(-1, HEIGHT, WIDTH).copy()

    matrix = generator.normal(0, 1, (SmallModel().log_mel.bands * SmallModel().frames, EMBEDDING + HEIGHT * WIDTH))
    return run


@dataclass(frozen=True)
class MadeUp:
    """Stands for a network of OpenVINO in the runtime."""

    number: int
    flow: bool
    description: str = "made up"

    def __call__(self, log_mel: NDArray[np.float32]) -> NetworkOutput:
        embeddings, maps = network(self.number)(log_mel)
        return NetworkOutput(embeddings, maps if self.flow else None)


def python_scorer(folder: Path, networks: list[tuple[str, ...]]) -> Scorer:
    """The runtime's scorer of a model whose networks are made up."""

    def load(onnx: bytes, **_: object) -> MadeUp:
        number = int(onnx.decode().removeprefix("network "))
        return MadeUp(number, "flow" in networks[number])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "check_network", lambda *_, **__: None)
        patch.setattr(loading.Network, "load", load)
        return Scorer.open(folder)


def sound(seed: int, seconds: float, rate_hz: int = 16000) -> NDArray[np.int16]:
    """Noise that swells, with a tone at the end."""
    samples = int(seconds * rate_hz)
    time = np.arange(samples)
    noise = np.random.default_rng(seed).normal(0, 1500, samples) * (1 + time * 5 // samples)
    tone = 4000 * np.sin(time * 0.9) * (time > 0.7 * samples)
    wave: NDArray[np.int16] = np.clip(noise + tone, -32768, 32767).astype(np.int16)
    return wave


def with_gaps(wave: NDArray[Any], *spans_s: tuple[float, float]) -> NDArray[Any]:
    held = wave.copy()
    for start_s, end_s in spans_s:
        held[int(16000 * start_s) : int(16000 * end_s)] = held[int(16000 * start_s)]
    return held


MODELS = {
    "own recordings": SmallModel(),
    "paper": SmallModel(networks=(FLOW,), standardise="machine", high_pass=HighPassSettings()),
    "another filter": SmallModel(
        standardise="clip", high_pass=HighPassSettings(pass_hz=2000, stop_hz=1000, stop_db=60)
    ),
    "a filter of odd order": SmallModel(high_pass=HighPassSettings(pass_hz=3000, stop_hz=1000, stop_db=30)),
    "two networks": SmallModel(networks=(FLOW, (*FLOW, "knn-2-source")), high_pass=HighPassSettings()),
    "the flow alone": SmallModel(networks=(("flow",),)),
    "statistics": SmallModel(networks=(), weights=(0.0, 1.0), statistics=("rank", "mean"), standardise="machine"),
    "both": SmallModel(weights=(0.25, 0.75)),
    "both, by clip": SmallModel(weights=(0.5, 0.5), standardise="clip", high_pass=HighPassSettings()),
}
WAVES = {
    "on the grid": sound(0, 8.0),
    "with a tail": sound(1, 10.3),
    "one stretch": sound(2, 4.0),
    "one segment": sound(3, 1.0),
    "shorter than a segment": sound(4, 0.6),
    "float": (sound(5, 6.1) / np.float32(20000)).astype(np.float32),
    "gaps": with_gaps(sound(6, 20.0), (2.0, 2.4), (7.0, 13.5), (19.9, 20.0)),
    "gaps in float": with_gaps((sound(7, 9.0) / np.float32(32768)).astype(np.float32), (4.0, 4.3)),
}


@pytest.fixture(scope="module", params=MODELS)
def both(request: pytest.FixtureRequest, moved: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Any]:
    """A model in C, in Python, and its networks."""
    model = MODELS[request.param]
    folder = model.write(tmp_path_factory.mktemp("model") / "pump")
    scorer = python_scorer(folder, list(model.networks))
    return CModel(moved.folder / "lib" / "libasd.so", folder), scorer, in_c(model)


def in_c(model: SmallModel) -> list[Network]:
    """The model's networks, as a program in C would run them."""

    def run(number: int, log_mel: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        output = MadeUp(number, "flow" in model.networks[number])(log_mel)
        return output.embedding, output.score_map

    return [partial(run, number) for number, _ in enumerate(model.networks)]


@pytest.mark.parametrize("wave", WAVES.values(), ids=WAVES)
def test_a_recording_has_the_scores_of_the_python_runtime(both: tuple[Any, Any, Any], wave: NDArray[Any]) -> None:
    model, scorer, networks = both
    verdict, stretches, gaps, mel = model.score(wave, networks)
    expected = scorer.score_wave(wave)
    within = {"rtol": 0, "atol": THROUGH_FLOAT32 if scorer.spectral else EXACT}
    np.testing.assert_allclose(verdict.score, expected.score, **within)
    found = [stretch.score for stretch in stretches]
    np.testing.assert_allclose(found, [np.nan if s.score is None else s.score for s in expected.stretches], **within)
    assert [(s.start_s, s.end_s, s.worst_start_s, s.worst_end_s) for s in stretches] == [
        (s.start_s, s.end_s, s.worst_start_s, s.worst_end_s) for s in expected.stretches
    ]
    threshold = scorer.manifest.threshold.value
    assert [bool(s.above) for s in stretches] == [s.is_above(threshold) for s in expected.stretches]
    assert (verdict.anomalous == 1) == expected.anomalous
    assert verdict.stretches_above == expected.above
    assert expected.stretches[verdict.worst_stretch] == expected.worst
    assert tuple(gaps) == expected.gaps_s
    assert spectrograms_agree(scorer, wave, mel)


def spectrograms_agree(scorer: Scorer, wave: NDArray[Any], mel: NDArray[np.float32]) -> bool:
    """To the bit, but for samples as floats standardised by their own level, whose sums may be rounded otherwise."""
    front_end = scorer.manifest.front_end
    expected = front_end.spectrograms(front_end.cut(wave), threads=1)
    if wave.dtype == np.float32 and front_end.standardise == "clip":
        return bool(np.allclose(mel, expected, rtol=0, atol=1e-3))
    return bool(np.array_equal(mel, expected))


def test_the_result_depends_neither_on_threads_nor_on_segments_taken_together(both: tuple[Any, Any, Any]) -> None:
    model, _, networks = both
    wave = WAVES["with a tail"]
    first = model.score(wave, networks)
    for together, threads in ((1, 1), (7, 3), (1000, 1)):
        other = model.score(wave, networks, together=together, threads=threads)
        assert bytes(other[0]) == bytes(first[0])
        assert [bytes(stretch) for stretch in other[1]] == [bytes(stretch) for stretch in first[1]]
        assert np.array_equal(other[3], first[3])


@pytest.mark.parametrize(
    "wave", [np.zeros(40000, np.int16), with_gaps(sound(8, 1.5), (0.1, 1.4))], ids=["silent", "gap"]
)
def test_a_recording_without_sound_has_no_verdict(both: tuple[Any, Any, Any], wave: NDArray[np.int16]) -> None:
    model, scorer, networks = both
    with pytest.raises(RecordingError):
        scorer.score_wave(wave)
    with pytest.raises(CError, match=r"silent|dropout") as refusal:
        model.score(wave, networks)
    assert refusal.value.status == 9


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("frames", [1, 2, 313])
def test_statistics_are_those_of_asd_features(moved: Any, frames: int, dtype: type[np.floating]) -> None:
    mel = np.random.default_rng(frames).normal(-40, 12, (3, 8, frames)).astype(dtype)
    found = pooled(moved.folder / "lib" / "libasd.so", mel, [4, 1, 3, 2], 0.9)
    expected = spectral_statistics(mel, ("rank", "mean", "difference", "std"), rank_decay=0.9)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_long_recording_is_weighted_in_parts_as_in_python(moved: Any, tmp_path: Path) -> None:
    model = SmallModel(networks=(("flow",),), high_pass=HighPassSettings())
    folder = model.write(tmp_path / "pump")
    wave = np.tile(sound(9, 31.7), 10)[: (1 << 22) + 12345]
    verdict, *_ = CModel(moved.folder / "lib" / "libasd.so", folder).score(wave, in_c(model), together=500, threads=2)
    assert verdict.score == pytest.approx(python_scorer(folder, list(model.networks)).score_wave(wave).score, abs=EXACT)
