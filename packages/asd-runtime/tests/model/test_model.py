"""A model's folder: it is written whole or not at all, and is read back unchanged."""

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from made_up_model import files_of, flow_manifest, joined_manifest, raw_joined, write_made_up
from numpy.typing import NDArray
from typer.testing import CliRunner

from asd_runtime.cli import command_line
from asd_runtime.errors import ModelError
from asd_runtime.model.manifest import MANIFEST, Manifest, content_digest
from asd_runtime.model.reading import read_manifest
from asd_runtime.model.writing import write_model
from asd_runtime.scoring.scorer import Scorer


def test_what_is_written_is_read_back_as_it_was(model: Path, manifest: Manifest) -> None:
    read = read_manifest(model)
    assert read == replace(manifest, files=read.files)
    assert {name: facts.sha256 for name, facts in read.files.items()} == {
        name: sha256(content).hexdigest() for name, content in files_of(manifest).items()
    }


def test_equal_models_have_equal_bytes(model: Path, tmp_path: Path, manifest: Manifest) -> None:
    write_model(tmp_path / "again", manifest, files_of(manifest))
    first, again = (
        {path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()}
        for place in (model, tmp_path / "again")
    )
    assert len(first) > 3
    assert first == again


def test_a_model_never_replaces_an_existing_folder(tmp_path: Path, manifest: Manifest) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(ModelError, match="exists already"):
        write_model(tmp_path / "mine", manifest, files_of(manifest))
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_models_folder_appears_only_when_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: Manifest
) -> None:
    """If any write fails, the place stays empty and the next call succeeds."""
    place, real, calls = tmp_path / "model", Path.replace, 0

    def fail_at(number: int) -> None:
        nonlocal calls
        calls = 0

        def replaced(self: Path, target: Path) -> Path:
            nonlocal calls
            calls += 1
            if calls == number:
                raise OSError("no space left on device")
            return real(self, target)

        monkeypatch.setattr(Path, "replace", replaced)

    for number in range(1, 5):  # network, two inlier models, manifest
        fail_at(number)
        with pytest.raises(OSError, match="no space"):
            write_model(place, manifest, files_of(manifest))
        assert calls == number
        assert not place.exists()
    fail_at(0)
    write_model(place, manifest, files_of(manifest))
    assert calls == 4
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_model_may_be_moved_renamed_linked_to_and_contain_other_files(
    model: Path, tmp_path: Path, tone: NDArray[np.float32]
) -> None:
    moved = tmp_path / "elsewhere" / "my model"
    shutil.copytree(model, moved)
    (moved / ".DS_Store").write_bytes(b"\0")
    (moved / "notes.txt").write_text("of Monday")
    (tmp_path / "link").symlink_to(moved)
    expected = Scorer.open(model, threads=1).score_wave(tone)
    assert Scorer.open(tmp_path / "link", threads=1).score_wave(tone) == expected


@pytest.mark.parametrize("schema", [1, 2])
def test_a_model_of_an_older_schema_is_refused_with_the_way_out(schema: int, model: Path, tmp_path: Path) -> None:
    content = json.loads((model / MANIFEST).read_text())
    del content["manifest_sha256"]
    content["schema"] = schema
    content["manifest_sha256"] = content_digest(content)
    (tmp_path / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(ModelError, match=f"older version of asd .schema {schema}.*again with `asd fit`"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("networks", [1, 3])
def test_a_system_of_several_networks_with_a_flow_is_read_back_and_scores(
    networks: int, tmp_path: Path, tone: NDArray[np.float32]
) -> None:
    manifest = flow_manifest(networks=networks)
    folder = write_made_up(tmp_path / "model", manifest)
    read = read_manifest(folder)
    assert replace(read, files={}) == manifest
    assert len(read.files) == 2 * networks
    assert np.isfinite(Scorer.open(folder, threads=1).score_wave(tone).score)


def test_info_says_in_words_what_the_manifest_holds(model: Path) -> None:
    result = CliRunner().invoke(command_line(), ["info", str(model)])
    assert result.exit_code == 0, result.output
    for words in (
        "Model of pump7",
        "Arithmetic: float32",
        "SYNTHETIC recordings",
        "3 normal recordings, 31 s",
        "1 more could not be used",
        "2 synthetic machines (fan, valve)",
        "AUC of 0.750",
        "segments of 1 s",
        "32 bands",
        "anomalous if one of its stretches of 3 s scores above 1.25",
        "6 held-out pieces of 3 s from 3 recordings",
        "one in 7",
        "ends of the recordings",
        "torch 2.13.0",
        "Intact: 3 files",
    ):
        assert words in " ".join(result.output.split())


def test_info_refuses_a_model_with_a_bit_changed(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    content = bytearray((copy / "networks/0.onnx").read_bytes())
    content[-1] ^= 1
    (copy / "networks/0.onnx").write_bytes(content)
    refused = CliRunner().invoke(command_line(), ["info", str(copy)])
    assert isinstance(refused.exception, ModelError)


def test_the_manifest_is_json_that_names_its_format_and_schema_and_keeps_the_recipe(model: Path) -> None:
    content = json.loads((model / MANIFEST).read_text())
    assert (content["format"], content["schema"]) == ("asd-model", 3)
    assert content["front_end"]["log_mel"]["bands"] == 32
    assert content["recipe"] == {"seed": 7, "log_mel": {"bands": 32}}
    assert content["versions"] == {"torch": "2.13.0"}


def test_info_says_what_a_joined_model_can_hear(joined_model: Path) -> None:
    result = CliRunner().invoke(command_line(), ["info", str(joined_model)])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "OE counts 0.25 and spectral statistics count 0.75" in said
    assert "What it can hear: a tone is heard from -12 dB on; clicks are not heard at any level tested." in said
    assert "Intact: 4 files" in said


def test_a_joined_model_is_read_back_as_it_was_written(joined_model: Path) -> None:
    assert replace(read_manifest(joined_model), files={}) == joined_manifest()


def test_the_score_of_a_joined_model_is_the_weighted_sum_of_its_detectors(
    joined_model: Path, tone: NDArray[np.float32]
) -> None:
    """Of the recording, and of each stretch; the recording's spectral score is the mean over its stretches."""
    scorer = Scorer.open(joined_model, threads=1)
    wave = np.concatenate([tone, tone[::-1] / 2])
    alone = {name: replace(scorer.manifest, joined=raw_joined(name)) for name in ("oe", "spectral")}
    oe = replace(scorer, spectral=None, manifest=alone["oe"]).score_wave(wave)
    by_spectral = replace(scorer, system=None, manifest=alone["spectral"]).score_wave(wave)
    both = scorer.score_wave(wave)
    assert len(both.stretches) > 1
    assert by_spectral.score == pytest.approx(np.mean([stretch.score for stretch in by_spectral.stretches]))
    for place in (oe, by_spectral, both), *zip(oe.stretches, by_spectral.stretches, both.stretches, strict=True):
        first, second, expected = (np.float64(part.score) for part in place)
        joined = scorer.manifest.joined.score({"oe": first, "spectral": second})
        assert joined == pytest.approx(expected, rel=1e-9)


def test_a_detector_without_a_say_is_neither_stored_nor_computed(tmp_path: Path, tone: NDArray[np.float32]) -> None:
    manifest = joined_manifest()
    weights = {"oe": 0.0, "spectral": 1.0}
    detectors = {name: replace(manifest.joined.detectors[name], weight=weight) for name, weight in weights.items()}
    joined = replace(manifest.joined, detectors=detectors)
    folder = write_made_up(tmp_path / "model", replace(manifest, system="spectral", networks=(), joined=joined))
    assert {path.name for path in folder.iterdir()} == {MANIFEST, "spectral.safetensors"}
    scorer = Scorer.open(folder, threads=1)
    assert scorer.system is None
    told: list[float] = []
    assert np.isfinite(scorer.score_wave(tone, tell=told.append).score)
    assert told[-1] == 1
    said = CliRunner().invoke(command_line(), ["info", str(folder)]).output
    assert "OE counts nothing" in " ".join(said.split())
