"""`asd export MODEL --precision`: a model in another arithmetic decides as before, or is not written.

The network is as small as a recipe allows, and hears a hum beside two other ones.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from asd_models import quantised_onnx, rounded_tensors
from asd_recipes.own_machine import machine_training, precision_export
from asd_recipes.own_machine.fitted_detectors import FittedDetectors
from asd_recipes.own_machine.precision_export import ExportRefusedError, check_exportable, compared
from asd_recipes.own_machine.probe_scores import ProbeScores
from asd_recipes.scoring.held_out_threshold import threshold_of
from asd_runtime.cli import command_line
from asd_runtime.errors import ModelError
from asd_runtime.model.joined_score import Joined, JoinedDetector
from asd_runtime.model.reading import read_manifest
from asd_runtime.scoring.scorer import Scorer

SMALL = ["threads=1", "segments.length_s=1.0", "training.epochs=1", "training.batch_size=16", "fit.probe_pieces=2"]
SMALL += ["log_mel.bands=32", "log_mel.hop_s=0.032", "inlier.components=[1]", "inlier.neighbours=[1]"]


def _asd(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command_line(), [str(argument) for argument in arguments])


def _export(model: Path, data: Path, out: Path, *more: str | Path, precision: str = "int8") -> Result:
    folders = ["--normal", data / "pump", "--others", data / "rest"]
    return _asd("export", model, "--precision", precision, *folders, "--out", out, "--quiet", *more)


def _hum(path: Path, pitch_hz: float, seconds: float, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    time_s = np.arange(round(16_000 * seconds)) / 16_000
    noise = 0.02 * np.random.default_rng(seed).standard_normal(len(time_s))
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * pitch_hz * time_s) + noise, 16_000)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recordings")
    for number in range(12):
        _hum(root / "pump" / f"{number:02}.wav", 300 + 3 * number, 6, number)
    for number, (name, pitch_hz) in enumerate({"saw": 2500, "fan": 90}.items()):
        _hum(root / "rest" / name / "a.wav", pitch_hz, 8, 100 + number)
    return root


@pytest.fixture(scope="module")
def model(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "pump"
    settings = [part for setting in SMALL for part in ("--set", setting)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine_training, "_CROPS_AN_EPOCH", 64)
        folders = ["--normal", data / "pump", "--others", data / "rest"]
        made = _asd("fit", *folders, "--out", out, "--device", "cpu", *settings, "--quiet")
    assert made.exit_code == 0, made.output
    return out


@pytest.fixture(scope="module")
def in_int8(model: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("exported") / "pump-int8"
    result = _export(model, data, out)
    assert result.exit_code == 0, result.output
    return out, result.output


def test_a_model_in_int8_has_its_own_scales_and_says_how_it_compares(model: Path, in_int8: tuple[Path, str]) -> None:
    before, after = read_manifest(model), read_manifest(in_int8[0])
    assert (before.precision, after.precision) == ("float32", "int8")
    assert before.exported is None
    assert after.exported is not None
    assert after.exported.of == "float32"
    assert 0 < after.exported.largest_change < 1
    assert after.networks[0].scores.keys() == before.networks[0].scores.keys()
    assert after.networks[0].scores != before.networks[0].scores, "of the network as it is shipped"
    assert after.threshold != before.threshold
    assert after.training == before.training
    said = "In int8: 0 of 12 held-out pieces have another verdict than in float32"
    assert said in in_int8[1]
    assert said in " ".join(_asd("info", in_int8[0]).output.split())
    size = {path: (path / "networks" / "0.onnx").stat().st_size for path in (model, in_int8[0])}
    assert size[in_int8[0]] < size[model] / 3
    assert [path.name for path in in_int8[0].parent.iterdir()] == ["pump-int8"], "no other files"


def test_scores_in_int8_are_near_those_in_float32(model: Path, in_int8: tuple[Path, str], data: Path) -> None:
    scorers = [Scorer.open(folder, threads=1) for folder in (model, in_int8[0])]
    assert "int8" in scorers[1].description
    for name in ("00", "05", "11"):
        exact, rounded = (scorer.score(data / "pump" / f"{name}.wav").score for scorer in scorers)
        assert rounded == pytest.approx(exact, abs=0.5)


def test_a_model_in_int8_is_scored_in_int8_alone_and_one_in_float32_never_in_int8(
    model: Path, in_int8: tuple[Path, str]
) -> None:
    with pytest.raises(ValueError, match=r"its networks compute in int8, not in float32\. Score in int8, or with the"):
        Scorer.open(in_int8[0], precision="float32")
    with pytest.raises(
        ValueError, match=r"compute in float32, not in int8\. Score in float32, or make one in int8: asd"
    ):
        Scorer.open(model, precision="int8")


def test_the_same_export_gives_the_same_bytes(
    model: Path, in_int8: tuple[Path, str], data: Path, tmp_path: Path
) -> None:
    assert _export(model, data, tmp_path / "pump-int8").exit_code == 0
    for path in in_int8[0].rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "pump-int8" / path.relative_to(in_int8[0])).read_bytes()


def test_other_recordings_than_those_of_the_fit_are_refused_and_nothing_is_left(
    model: Path, data: Path, tmp_path: Path
) -> None:
    _hum(tmp_path / "more" / "pump" / "0.wav", 300, 30, 7)
    (tmp_path / "more" / "rest").symlink_to(data / "rest")
    before = sorted(path.name for path in tmp_path.iterdir())
    result = _export(model, tmp_path / "more", tmp_path / "out")
    assert result.exit_code == 1
    assert isinstance(result.exception, ExportRefusedError)
    assert "was made from other recordings than these. Pass the --normal" in str(result.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("largest", "reason"),
    [
        (1e-6, "in int8 the network tells no sounds apart: "),
        (0.1, "in int8 the model would decide otherwise: "),
        (1e3, "in int8 the model would decide otherwise: "),
    ],
)
def test_a_network_that_int8_destroys_is_refused_with_the_figures_and_nothing_is_left(
    largest: float, reason: str, model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clipped(content: bytes, spectrograms: object) -> bytes:
        return quantised_onnx(content, {name: (0.0, largest) for name in rounded_tensors(content)})

    monkeypatch.setattr(precision_export, "network_in_int8", clipped)
    result = _export(model, data, tmp_path / "out")
    assert result.exit_code == 1
    assert isinstance(result.exception, ExportRefusedError)
    assert reason in str(result.exception)
    assert "Nothing was written." in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_bfloat16_is_exported_where_the_processor_has_it_and_refused_elsewhere(
    model: Path, data: Path, tmp_path: Path
) -> None:
    result = _export(model, data, tmp_path / "out", precision="bfloat16")
    if "avx512_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        assert result.exit_code == 0, result.output
        assert read_manifest(tmp_path / "out").precision == "bfloat16"
    else:
        assert "does not compute in bfloat16" in str(result.exception)
        assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_exported_is_refused_with_the_way_out(
    model: Path, in_int8: tuple[Path, str], data: Path, tmp_path: Path
) -> None:
    again = _export(in_int8[0], data, tmp_path / "out")
    assert "is in int8 already. Export the model that it was made from" in str(again.exception)
    with pytest.raises(ModelError, match="has no network"):
        check_exportable(model, replace(read_manifest(model), networks=()))
    with pytest.raises(ModelError, match="was not made by `asd fit`"):
        check_exportable(model, replace(read_manifest(model), system="oe-flow"))
    assert "must be float32, bfloat16, int8" in _export(model, data, tmp_path / "out", precision="int4").output
    without = _asd("export", model, "--precision", "int8", "--out", tmp_path / "out")
    assert without.exit_code == 2
    assert "recordings that the model was made from" in " ".join(without.output.replace("│", " ").split())


def _fitted(held_out: np.ndarray, probed: np.ndarray) -> FittedDetectors:
    joined = Joined({"oe": JoinedDetector(1.0, 1.0, 0.0, 1.0)}, 0.0, 1.0, len(held_out), ())
    probes = ProbeScores(
        normal={"oe": held_out[::5]},
        probed={"oe": probed},
        kinds=["tone"] * len(probed),
        levels_db=[0.0] * len(probed),
        pieces=np.zeros(len(probed), np.int64),
    )
    return FittedDetectors(joined, threshold_of(held_out, 0.1, stretch_s=1.0), (), {}, held_out, probes)


def test_verdicts_may_change_near_the_threshold_and_not_beyond_its_interval() -> None:
    """Of 100 pieces ten are above; by the 90 % interval of that, 5.7 to 15 %."""
    scores, probed = np.linspace(-2, 2, 100), np.full(40, 3.0)
    before = _fitted(scores, probed)
    near, far = scores.copy(), scores.copy()
    near[[88, 92]] = scores[[92, 88]]
    far[[50, 92]] = scores[[92, 50]]
    facts = compared(before, _fitted(near, probed), "int8")
    assert facts.verdicts_changed == 2
    assert facts.largest_change == pytest.approx(4 * 4 / 99)
    with pytest.raises(ExportRefusedError, match=r"2 of 100 held-out pieces have another .* 1 changed beyond"):
        compared(before, _fitted(far, probed), "int8")


def test_a_model_that_hears_its_probes_half_a_point_worse_is_refused() -> None:
    scores = np.linspace(-2, 2, 100)
    probed = np.linspace(-1, 3, 200)
    before = _fitted(scores, probed)
    assert compared(before, _fitted(scores, probed - 0.001), "int8").probe_auc < 1
    with pytest.raises(ExportRefusedError, match=r"the AUC of the probes is 0\.\d{4} \(before 0\.\d{4}\)"):
        compared(before, _fitted(scores, probed - 0.1), "int8")
