"""`asd fit`, `asd score` and `asd info` on a made-up machine: from files of any kind to scores.

The recordings are a hum, each with another rate, format and length; the network is as small as a recipe allows. Only
an obvious fault must be found; otherwise the tests do not look at what the network learns.
"""

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from typer.testing import CliRunner, Result

from asd_recipes.dataset.clip import DatasetError
from asd_recipes.own_machine import fit, machine_training, probing
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.provenance import Provenance, check_same_model
from asd_recipes.recipe.settings import RecipeError
from asd_recipes.recipe.toml_text import profile_names, recipe_from_table
from asd_recipes.reproduction.run_store import RunError
from asd_recipes.scoring.held_out_threshold import threshold_of
from asd_runtime.cli import command_line
from asd_runtime.commands.info import describe
from asd_runtime.errors import ModelError
from asd_runtime.model.manifest import Manifest
from asd_runtime.model.reading import read_manifest
from asd_runtime.model.threshold_trust import trust_in_words
from asd_runtime.scoring.scorer import Scorer

# The smallest possible network: its last stage has maps of one point.
SMALL = ["threads=1", "segments.length_s=1.0", "training.epochs=1", "training.batch_size=16"]
SMALL += ["log_mel.bands=16", "log_mel.hop_s=0.064", "inlier.components=[1]", "inlier.neighbours=[1]"]


def _asd(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command_line(), [str(argument) for argument in arguments])


def _fit(normal: Path, others: Path, out: Path, *more: str | Path) -> Result:
    settings = [part for setting in SMALL for part in ("--set", setting)]
    return _asd("fit", "--normal", normal, "--others", others, "--out", out, "--device", "cpu", *settings, *more)


def _hum(pitch_hz: float, seconds: float, rate_hz: int = 16_000, *, seed: int = 0) -> NDArray[np.float64]:
    time_s = np.arange(round(rate_hz * seconds)) / rate_hz
    noise = 0.02 * np.random.default_rng(seed).standard_normal(len(time_s))
    return 0.2 * np.sin(2 * np.pi * pitch_hz * time_s) + noise


def _rattling(seconds: float, start_s: float, stop_s: float) -> NDArray[np.float64]:
    """The hum of the machine, with about a second of strong noise."""
    wave = _hum(300, seconds, seed=9)
    part = slice(round(16_000 * start_s), round(16_000 * stop_s))
    wave[part] += 0.5 * np.random.default_rng(10).standard_normal(len(wave[part]))
    return wave


@pytest.fixture(scope="module", autouse=True)
def _few_crops_an_epoch() -> Iterator[None]:
    """A quarter of a real training's crops: nothing here depends on their number."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine_training, "_CROPS_AN_EPOCH", 32)
        yield


FEW_CROPS = """
from asd_runtime.cli import main
from asd_recipes.own_machine import machine_training
machine_training._CROPS_AN_EPOCH = 32
main()
"""
"""The same in a process of its own."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pump: the machine, with every kind of file; rest: two other machines; new: recordings to score."""
    root = tmp_path_factory.mktemp("recordings")
    for folder in ("pump", "rest/saw", "rest/fan", "new"):
        (root / folder).mkdir(parents=True)
    both = np.stack([_hum(300, 6, 22_050), _hum(300, 6, 22_050, seed=1)], axis=1)
    soundfile.write(root / "pump" / "slow_full.wav", both, 22_050, subtype="PCM_24")
    soundfile.write(root / "pump" / "slow_idle.flac", _hum(300, 25, seed=2), 16_000)
    soundfile.write(root / "pump" / "fast_full.wav", _hum(310, 5, 44_100, seed=3), 44_100, subtype="FLOAT")
    soundfile.write(root / "rest" / "saw" / "a.wav", _hum(2500, 8, seed=4), 16_000)
    soundfile.write(root / "rest" / "fan" / "b.wav", _hum(90, 8, 8_000, seed=5), 8_000)
    soundfile.write(root / "new" / "normal.wav", _hum(300, 6, seed=6), 16_000)
    soundfile.write(root / "new" / "rattling.wav", _rattling(6, 3.0, 4.5), 16_000)
    return root


@pytest.fixture(scope="module")
def model(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "pump"
    result = _fit(data / "pump", data / "rest", out)
    assert result.exit_code == 0, result.output
    return out


def _files(model: Path) -> dict[str, bytes]:
    return {str(path.relative_to(model)): path.read_bytes() for path in sorted(model.rglob("*")) if path.is_file()}


def _rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="") as file:
        return {Path(row["file"]).name: row for row in csv.DictReader(file)}


def test_a_fit_leaves_the_model_and_no_other_files(model: Path) -> None:
    assert [path.name for path in model.parent.iterdir()] == ["pump"]
    assert set(_files(model)) == {
        "manifest.json",
        "networks/0.onnx",
        "inlier/0/gmm-1-source.safetensors",
        "inlier/0/knn-1-source.safetensors",
        "spectral.safetensors",
    }
    manifest = read_manifest(model)
    assert (manifest.machine, manifest.system, manifest.synthetic) == ("pump", "oe", False)
    assert manifest.training.pseudo_anomalies == ("fan", "saw")
    assert (manifest.training.recordings, manifest.training.seconds) == (3, pytest.approx(36, abs=0.01))
    assert manifest.recipe["training"]["precision"] != "auto", "what was chosen is what trained"
    assert manifest.precision == "float32", "whatever trained"


def test_repeating_the_command_does_nothing_and_another_command_is_refused(data: Path, model: Path) -> None:
    before = _files(model)
    again = _fit(data / "pump", data / "rest", model)
    assert again.exit_code == 0, again.output
    assert "already is this model" in again.output
    assert trust_in_words(read_manifest(model)) in again.output, "how far the threshold can be trusted"
    other = _fit(data / "pump", data / "rest", model, "--seed", "1")
    assert isinstance(other.exception, RunError)
    assert "--out" in str(other.exception)
    assert _files(model) == before
    assert not list(model.parent.glob(".*.fit")), "a refusal leaves nothing behind"


def test_equal_recordings_give_equal_bytes_in_any_folder(data: Path, model: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "pump").symlink_to(data / "pump")
    result = _fit(tmp_path / "elsewhere" / "pump", data / "rest", tmp_path / "again" / "pump")
    assert result.exit_code == 0, result.output
    assert _files(tmp_path / "again" / "pump") == _files(model)


def test_a_score_does_not_depend_on_other_recordings_or_on_a_broken_file(
    data: Path, model: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    files = [data / "new" / "rattling.wav", tmp_path / "broken.wav", tmp_path / "gone.wav", data / "new" / "normal.wav"]
    together = _asd("score", model, *files, "--out", tmp_path / "together.csv")
    assert together.exit_code == 1
    assert "broken.wav" in together.output
    assert "gone.wav" in together.output
    alone = _asd("score", model, files[-1], "--out", tmp_path / "alone.csv")
    assert alone.exit_code == 0, alone.output
    rows = _rows(tmp_path / "together.csv")
    assert set(rows) == {"rattling.wav", "broken.wav", "gone.wav", "normal.wav"}
    assert rows.pop("broken.wav")["fault"].startswith("truncated")
    assert rows.pop("gone.wav")["fault"] == "no such file"
    assert rows["normal.wav"] == _rows(tmp_path / "alone.csv")["normal.wav"]
    threshold = read_manifest(model).threshold.value
    for name, row in rows.items():
        assert float(row["threshold"]) == threshold
        assert row["anomalous"] == str(int(float(row["stretch_score"]) > threshold))
        line = next(line for line in together.output.splitlines() if line.endswith(name))
        assert ("ANOMALOUS" in line) == (row["anomalous"] == "1")


def test_a_rattle_is_called_anomalous_and_its_seconds_are_named(data: Path, model: Path, tmp_path: Path) -> None:
    files = [data / "new" / "normal.wav", data / "new" / "rattling.wav"]
    assert _asd("score", model, *files, "--out", tmp_path / "scores.csv").exit_code == 0
    rows = _rows(tmp_path / "scores.csv")
    assert float(rows["rattling.wav"]["score"]) > float(rows["normal.wav"]["score"])
    start_s, end_s = (float(rows["rattling.wav"][name]) for name in ("worst_start_s", "worst_end_s"))
    assert end_s - start_s == pytest.approx(1.0)
    assert start_s < 4.5
    assert end_s > 3.0


def test_loudness_changes_no_score(data: Path, model: Path, tmp_path: Path) -> None:
    wave, _ = soundfile.read(data / "new" / "rattling.wav", dtype="float64")
    for name, gain in (("loud", 1.0), ("quiet", 1 / 64)):
        soundfile.write(tmp_path / f"{name}.wav", wave * gain, 16_000, subtype="DOUBLE")
    result = _asd("score", model, tmp_path / "loud.wav", tmp_path / "quiet.wav", "--out", tmp_path / "s.csv")
    assert result.exit_code == 0, result.output
    scores = [float(row["score"]) for row in _rows(tmp_path / "s.csv").values()]
    assert scores[0] == pytest.approx(scores[1], rel=1e-6)


def test_without_other_sounds_the_embedded_synthetic_machines_are_the_pseudo_anomalies(
    data: Path, tmp_path: Path
) -> None:
    settings = [part for setting in SMALL for part in ("--set", setting)]
    fitted = _asd("fit", "--normal", data / "pump", "--out", tmp_path / "pump", "--device", "cpu", *settings)
    assert fitted.exit_code == 0, fitted.output
    manifest = read_manifest(tmp_path / "pump")
    assert manifest.training.synthetic_pseudo_anomalies
    assert len(manifest.training.pseudo_anomalies) == 7
    assert manifest.synthetic is False, "the machine's own recordings are real"
    assert "7 synthetic machines (ToyCar, " in _asd("info", tmp_path / "pump").output
    assert [path.name for path in tmp_path.iterdir()] == ["pump"], "the data set that was made is gone"


def test_attributes_are_learnt_from_names_and_from_a_table_alike(data: Path, tmp_path: Path) -> None:
    table = tmp_path / "conditions.csv"
    rows = ["file_name,speed,load", "slow_full.wav,slow,full", "slow_idle.flac,slow,idle", "fast_full.wav,fast,full"]
    table.write_text("\n".join(rows) + "\n")
    for name, how in (("names", ["--pattern", "{speed}_{load}"]), ("table", ["--attributes", table])):
        result = _fit(data / "pump", data / "rest", tmp_path / name / "pump", *how)
        assert result.exit_code == 0, result.output
    manifest = read_manifest(tmp_path / "names" / "pump")
    assert manifest.system == "serialoe"
    assert manifest.training.attributes == (
        "speed_fast_load_full",
        "speed_slow_load_full",
        "speed_slow_load_idle",
    )
    assert _files(tmp_path / "names" / "pump") == _files(tmp_path / "table" / "pump")
    info = _asd("info", tmp_path / "names" / "pump")
    assert "distinguish 3 attribute values" in info.output
    assert _asd("score", tmp_path / "names" / "pump", data / "new" / "normal.wav").exit_code == 0


def test_a_file_that_is_left_out_is_named_once_by_the_path_that_the_user_gave(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named while reading, before the training; the model is still made."""
    pump = tmp_path / "Prüfstand 2" / "pump"
    (pump / "montags").mkdir(parents=True)
    for path in (data / "pump").iterdir():
        (pump / path.name).symlink_to(path)
    (pump / "montags" / "half.wav").write_bytes((data / "new" / "normal.wav").read_bytes()[:1000])
    soundfile.write(pump / "silent.wav", np.zeros(32_000), 16_000)
    soundfile.write(pump / "blip.wav", _hum(300, 0.2), 16_000)
    (pump / "phone.mp3").write_bytes(b"ID3")
    (pump / "archive").symlink_to(data / "new")
    monkeypatch.chdir(tmp_path)
    result = _fit(Path("Prüfstand 2/pump"), data / "rest", tmp_path / "model")
    assert result.exit_code == 1
    for name in ("montags/half.wav", "silent.wav", "blip.wav", "phone.mp3", "archive"):
        assert result.output.count(f"left out Prüfstand 2/pump/{name}: ") == 1, result.output
        assert result.output.count(Path(name).name) == 1, result.output
    assert "made without 4 files" in result.output, "a link to a folder may be meant so"
    training = read_manifest(tmp_path / "model").training
    assert (training.recordings, training.left_out) == (3, 5)
    quiet = _fit(Path("Prüfstand 2/pump"), data / "rest", tmp_path / "model", "--quiet")
    assert quiet.exit_code == 1
    assert quiet.output.count("left out Prüfstand 2/pump/silent.wav: ") == 1, "also where progress is not wanted"


def test_if_no_recording_can_be_used_the_error_names_the_files_by_their_paths(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pump").mkdir()
    soundfile.write(tmp_path / "pump" / "silent.wav", np.zeros(32_000), 16_000)
    monkeypatch.chdir(tmp_path)
    result = _fit(Path("pump"), data / "rest", Path("model"))
    assert isinstance(result.exception, DatasetError)
    assert "no recording of the normal folder can be used. pump/silent.wav: all samples" in str(result.exception)


@pytest.mark.parametrize("profile", profile_names())
def test_every_shipped_profile_makes_a_model_and_finds_it_again(profile: str, data: Path, tmp_path: Path) -> None:
    """Even those that save no inlier models in a reproduction."""
    settings = ["--profile", profile, "--set", "audio.resample=true", "--set", "audio.channel=mean"]
    for again in (False, True):
        result = _fit(data / "pump", data / "rest", tmp_path / "pump", *settings, "--set", "inlier.save=false")
        assert result.exit_code == 0, result.output
        assert ("already is this model" in result.output) == again
    assert (tmp_path / "pump" / "inlier" / "0" / "knn-1-source.safetensors").is_file()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda data, out: ["--normal", out / "nowhere"], DatasetError, "nowhere is not a folder"),
        (
            lambda data, out: ["--normal", data / "rest" / "saw", "--others", data],
            DatasetError,
            "1 normal recording, 8 s in all: ",
        ),
        (lambda data, out: ["--normal", data / "pump", "--others", out], DatasetError, "pseudo-anomalies"),
        (
            lambda data, out: ["--normal", data / "pump", "--others", data / "rest", "--pattern", "{a}-{b}"],
            DatasetError,
            "matches no recording",
        ),
        (
            lambda data, out: [
                "--normal",
                data / "pump",
                "--others",
                data / "rest",
                "--set",
                "inlier.search=faiss-gpu",
            ],
            RecipeError,
            "inlier.search=faiss-gpu: backend='faiss-gpu' needs",
        ),
        (lambda data, out: ["--normal", data / "pump", "--false-alarms", "2"], None, "between 0 and 1"),
    ],
    ids=["no folder", "too few", "no others", "pattern", "no device", "false alarms"],
)
def test_unusable_data_or_options_are_refused_before_the_training(
    change: Callable[[Path, Path], list[str | Path]],
    error: type[Exception] | None,
    message: str,
    data: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "empty").mkdir()
    result = _asd("fit", "--out", tmp_path / "model", *change(data, tmp_path / "empty"))
    assert result.exit_code != 0
    if error is None:
        assert message in result.output
    else:
        assert isinstance(result.exception, error)
        assert message in str(result.exception)
    assert not (tmp_path / "model").exists()


def test_an_existing_folder_is_not_touched(data: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("kept")
    result = _fit(data / "pump", data / "rest", tmp_path / "mine")
    assert isinstance(result.exception, ModelError)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_killed_training_continues_and_ends_with_the_same_bytes(data: Path, tmp_path: Path) -> None:
    more = ["--set", "training.checkpoint_s=0.0", "--set", "training.epochs=4"]
    settings = [part for setting in SMALL for part in ("--set", setting)] + more
    out = tmp_path / "killed" / "pump"
    command = [sys.executable, "-c", FEW_CROPS, "fit", "--normal", data / "pump", "--others", data / "rest"]
    process = subprocess.Popen([*map(str, [*command, "--out", out]), "--device", "cpu", *settings], cwd=tmp_path)
    while not (tmp_path / "killed" / ".pump.fit" / "network" / "checkpoint.safetensors").is_file():
        assert process.poll() is None, "killed too late"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not out.exists()
    resumed = _fit(data / "pump", data / "rest", out, *more)
    assert resumed.exit_code == 0, resumed.output
    assert "continuing after epoch" in resumed.output
    undisturbed = _fit(data / "pump", data / "rest", tmp_path / "undisturbed" / "pump", *more)
    assert undisturbed.exit_code == 0, undisturbed.output
    assert _files(out) == _files(tmp_path / "undisturbed" / "pump")


def test_a_fit_that_ends_while_it_probes_continues_with_the_same_bytes(
    data: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **settings: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(probing, "probed", full)
        assert _fit(data / "pump", data / "rest", tmp_path / "pump").exit_code != 0
    assert (tmp_path / ".pump.fit" / "network" / "spectral.csv").is_file()
    resumed = _fit(data / "pump", data / "rest", tmp_path / "pump")
    assert resumed.exit_code == 0, resumed.output
    for stage in ("train", "fit spectral statistics", "embed training clips"):
        assert f"{stage}: done" not in resumed.output, "not again"
    assert "score probes: done" in resumed.output
    assert _files(tmp_path / "pump") == _files(model)


def test_a_model_says_what_it_can_hear(model: Path) -> None:
    joined = read_manifest(model).joined
    assert sum(detector.weight for detector in joined.detectors.values()) == pytest.approx(1)
    assert list(joined.detectors) == ["oe", "spectral"]
    assert len(joined.probes) == 6 * 7
    said = " ".join(_asd("info", model).output.split())
    assert "What it can hear: " in said
    assert f"mixed into {joined.probed_pieces} held-out pieces, the faults by turns." in said
    assert "at least half of the pieces with the fault score above the threshold" in said
    assert "(each score counted up to 3), is " in said


def test_a_model_names_its_detectors_in_its_first_line(model: Path) -> None:
    manifest = read_manifest(model)
    for name, words in (("oe", "System: OE (outlier exposure"), ("spectral", "spectral statistics (distances")):
        assert (words in describe(manifest)[0]) == (name in manifest.joined.voices)
    assert describe(_with_both(manifest))[0].count(" and spectral statistics (") == 1


def test_a_model_without_a_table_of_probes_says_nothing_of_what_it_hears(model: Path) -> None:
    manifest = read_manifest(model)
    assert "What it can hear" not in " ".join(describe(replace(manifest, joined=replace(manifest.joined, probes=()))))


def _with_both(manifest: Manifest) -> Manifest:
    """The manifest with equal weights, whatever the tiny network hears."""
    detectors = {name: replace(each, weight=0.5) for name, each in manifest.joined.detectors.items()}
    return replace(manifest, joined=replace(manifest.joined, detectors=detectors))


def test_spectral_statistics_alone_train_no_network(data: Path, tmp_path: Path) -> None:
    result = _fit(data / "pump", data / "rest", tmp_path / "pump", "--set", "fit.detectors=['spectral']")
    assert result.exit_code == 0, result.output
    assert "train: " not in result.output
    assert set(_files(tmp_path / "pump")) == {"manifest.json", "spectral.safetensors"}
    files = [data / "new" / "normal.wav", data / "new" / "rattling.wav"]
    scored = _asd("score", tmp_path / "pump", *files, "--out", tmp_path / "scores.csv")
    assert scored.exit_code == 0, scored.output
    rows = _rows(tmp_path / "scores.csv")
    assert rows["rattling.wav"]["anomalous"] == "1"
    assert float(rows["normal.wav"]["score"]) < float(rows["rattling.wav"]["score"])
    start_s, end_s = (float(rows["rattling.wav"][name]) for name in ("worst_start_s", "worst_end_s"))
    assert end_s > 3.0
    assert start_s < 4.5
    assert "system: spectral statistics" in " ".join(_asd("info", tmp_path / "pump").output.split()).lower()


def test_oe_alone_is_a_model_of_one_detector(data: Path, tmp_path: Path) -> None:
    result = _fit(data / "pump", data / "rest", tmp_path / "pump", "--set", "fit.detectors=['oe']")
    assert result.exit_code == 0, result.output
    assert "spectral.safetensors" not in _files(tmp_path / "pump")
    joined = read_manifest(tmp_path / "pump").joined
    assert {name: detector.weight for name, detector in joined.detectors.items()} == {"oe": 1.0}


def test_spectral_statistics_of_segments_are_refused_before_the_training(data: Path, tmp_path: Path) -> None:
    result = _fit(data / "pump", data / "rest", tmp_path / "pump", "--set", "spectral.pooling=segment")
    assert isinstance(result.exception, RecipeError)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_was_made_in_the_same_way_is_the_same_one(model: Path) -> None:
    manifest = read_manifest(model)
    made = Provenance(manifest.training.data_sha256, manifest.device, manifest.versions)
    rate, recipe = manifest.threshold.false_alarms, recipe_from_table(manifest.recipe)
    check_same_model(model, manifest, recipe=recipe, provenance=made, false_alarms=rate)
    other = replace(made, data_sha256="0" * 64)
    with pytest.raises(RunError, match="other recordings"):
        check_same_model(model, manifest, recipe=recipe, provenance=other, false_alarms=rate)


def test_the_held_out_scores_that_set_the_threshold_are_those_of_the_model(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One chain: each held-out piece, scored as a recording, has the score that the fit computed."""
    kept: dict[str, object] = {}
    as_it_is = fit.read_recordings

    def reading(*arguments: object) -> object:
        kept["data"] = (read := as_it_is(*arguments)).data.prepared
        waves = kept["data"].bank.waves
        kept["waves"] = [np.array(waves[piece]) for piece in kept["data"].validation[NORMAL]]
        return read

    monkeypatch.setattr(fit, "read_recordings", reading)
    assert _fit(data / "pump", data / "rest", tmp_path / "pump").exit_code == 0
    scorer = Scorer.open(tmp_path / "pump", threads=2)
    scores = [scorer.score_wave(wave).score for wave in kept["waves"]]
    threshold = scorer.manifest.threshold
    assert (min(scores), max(scores)) == pytest.approx((threshold.smallest, threshold.largest), abs=1e-6)
    assert np.median(scores) == pytest.approx(threshold.median, abs=1e-6)


def test_the_threshold_is_the_conformal_quantile_or_else_the_largest_score() -> None:
    scores = np.random.default_rng(3).permutation(np.arange(19.0))
    many = threshold_of(scores, 0.1, stretch_s=2.0)
    assert (many.value, many.rule, many.stretch_s) == (17.0, "quantile", 2.0)  # 18th of 19
    few = threshold_of(scores[scores < 8], 0.1, stretch_s=2.0)
    assert (few.value, few.rule, few.smallest, few.median, few.largest) == (7.0, "largest", 0.0, 3.5, 7.0)


def test_a_model_says_whether_its_recordings_were_synthetic(data: Path, tmp_path: Path) -> None:
    made = _asd("data", "synth", tmp_path / "factory", "--size", "tiny", "--machines", "valve", "--jobs", "1")
    assert made.exit_code == 0, made.output
    fitted = _fit(tmp_path / "factory" / "valve" / "train", data / "rest", tmp_path / "model")
    assert fitted.exit_code == 0, fitted.output
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text())
    assert manifest["synthetic"] is True
    assert manifest["training"]["held_out"] == "recordings", "16 are enough to hold out whole ones"
    scored = _asd("score", tmp_path / "model", data / "new" / "normal.wav")
    assert "SYNTHETIC" in scored.output


def test_normal_recordings_that_are_not_there_leave_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for normal in ("does-not-exist", "file"):
        result = _asd("fit", "--normal", tmp_path / normal, "--out", tmp_path / "models" / "pump")
        assert isinstance(result.exception, DatasetError)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
