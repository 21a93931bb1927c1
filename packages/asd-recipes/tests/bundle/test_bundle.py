"""A model's folder: it is written whole or not at all, is read back unchanged, and version 1 stays readable."""

import hashlib
import json
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from typer.testing import CliRunner

from asd_recipes import bundle
from asd_recipes.bundle import MANIFEST, BundleError, Manifest
from asd_recipes.bundle.loading import load_bundle
from asd_recipes.cli import app
from asd_recipes.probes.joined_score import Joined, JoinedDetector

Parts = tuple[Path, dict[str, Path]]
VERSION_1 = Path(__file__).parent / "data" / "model-version-1.tar.xz"
# Another processor, or version of a library, sums in another order.
RELATIVE = 1e-3


@pytest.fixture(scope="module")
def version_1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model that was written with version 1 of the schema, from the committed archive."""
    folder = tmp_path_factory.mktemp("version-1")
    with tarfile.open(VERSION_1) as archive:
        archive.extractall(folder, filter="data")
    return folder / "model"


def test_what_is_written_is_read_back_as_it_was(parts: Parts, model: Path, manifest: Manifest) -> None:
    read = bundle.read_manifest(model)
    assert read == replace(manifest, files=read.files)
    sources = {
        "network.safetensors": parts[0],
        **{f"inlier/{name}.safetensors": path for name, path in parts[1].items()},
    }
    assert {name: facts.sha256 for name, facts in read.files.items()} == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sources.items()
    }
    scorer = load_bundle(model, device="cpu")
    weights = scorer.networks[0].embedder.network.state_dict()
    for name, tensor in load_file(parts[0]).items():
        torch.testing.assert_close(weights[name], tensor, rtol=0, atol=0)


def test_equal_models_have_equal_bytes(parts: Parts, model: Path, tmp_path: Path, manifest: Manifest) -> None:
    bundle.write_bundle(tmp_path / "again", manifest, network=parts[0], inlier=parts[1])
    first, again = (
        {path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()}
        for place in (model, tmp_path / "again")
    )
    assert len(first) > 3
    assert first == again


def test_a_model_never_replaces_an_existing_folder(parts: Parts, tmp_path: Path, manifest: Manifest) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(BundleError, match="exists already"):
        bundle.write_bundle(tmp_path / "mine", manifest, network=parts[0], inlier=parts[1])
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_models_folder_appears_only_when_it_is_whole(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: Manifest
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
            bundle.write_bundle(place, manifest, network=parts[0], inlier=parts[1])
        assert calls == number
        assert not place.exists()
    fail_at(0)
    bundle.write_bundle(place, manifest, network=parts[0], inlier=parts[1])
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
    expected = load_bundle(model, device="cpu").score_wave(tone)
    assert load_bundle(tmp_path / "link", device="cpu").score_wave(tone) == expected


def test_a_model_of_version_1_is_read_for_ever(version_1: Path, manifest: Manifest, tone: NDArray[np.float32]) -> None:
    """The score is the one from float32 log-mel when the archive was written.

    From the first release on the archive does not change; before, only its manifest was rewritten, for new fields.
    The recording is a tone with noise: around a tone in digital silence float32 shows its rounding errors, and today's
    float64 does not.
    """
    assert VERSION_1.stat().st_size < 200_000
    read = bundle.read_manifest(version_1)
    assert read.recipe.segments.length_s == 1.0  # a later profile may change the rest
    assert (read.machine, read.training, read.scores, read.threshold) == (
        manifest.machine,
        manifest.training,
        manifest.scores,
        manifest.threshold,
    )
    noise = np.random.default_rng(0).normal(0, 0.01, len(tone)).astype(np.float32)
    scored = load_bundle(version_1, device="cpu").score_wave(tone + noise)
    expected = json.loads(VERSION_1.with_name("model-version-1-score.json").read_text())
    assert scored.score == pytest.approx(expected["score"], rel=RELATIVE)
    assert (scored.worst.worst_start_s, scored.worst.worst_end_s) == (
        expected["worst_start_s"],
        expected["worst_end_s"],
    )


def test_info_says_in_words_what_the_manifest_holds(model: Path) -> None:
    result = CliRunner().invoke(app, ["info", str(model)])
    assert result.exit_code == 0, result.output
    for words in (
        "Model of pump7",
        "Seed 7",
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
    content = bytearray((copy / "network.safetensors").read_bytes())
    content[-1] ^= 1
    (copy / "network.safetensors").write_bytes(content)
    refused = CliRunner().invoke(app, ["info", str(copy)])
    assert isinstance(refused.exception, BundleError)


def test_the_manifest_is_json_that_names_its_format_schema_and_seed(model: Path) -> None:
    content = json.loads((model / MANIFEST).read_text())
    assert (content["format"], content["schema"], content["seed"]) == ("asd-model", 2, 7)
    assert content["recipe"]["log_mel"]["bands"] == 32
    assert content["versions"] == {"torch": "2.13.0"}


def test_info_says_what_a_joined_model_can_hear(joined_model: Path) -> None:
    result = CliRunner().invoke(app, ["info", str(joined_model)])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "OE counts 0.25 and spectral statistics count 0.75" in said
    assert "What it can hear: a tone is heard from -12 dB on; clicks are not heard at any level tested." in said
    assert "Intact: 4 files" in said


def test_a_joined_model_is_read_back_as_it_was_written(joined_model: Path, joined: Joined) -> None:
    assert bundle.read_manifest(joined_model).joined == joined


def test_the_score_of_a_joined_model_is_the_weighted_sum_of_its_detectors(
    joined_model: Path, joined: Joined, tone: NDArray[np.float32]
) -> None:
    """Of the recording, and of each stretch; the recording's spectral score is the mean over its stretches."""
    scorer = load_bundle(joined_model, device="cpu")
    wave = np.concatenate([tone, tone[::-1] / 2])
    raw = Joined({"oe": JoinedDetector(1.0, 0.0, 0.0, 1.0)}, 0.0, 1.0, 1, ())
    oe = replace(scorer, spectral=None, joined=raw).score_wave(wave)
    spectral = replace(scorer, networks=[], joined=replace(raw, detectors={"spectral": raw.detectors["oe"]}))
    by_spectral, both = spectral.score_wave(wave), scorer.score_wave(wave)
    assert len(both.stretches) > 1
    assert by_spectral.score == pytest.approx(np.mean([stretch.score for stretch in by_spectral.stretches]))
    for place in (oe, by_spectral, both), *zip(oe.stretches, by_spectral.stretches, both.stretches, strict=True):
        first, second, expected = (np.float64(part.score) for part in place)
        assert joined.score({"oe": first, "spectral": second}) == pytest.approx(expected, rel=1e-9)


def test_a_detector_without_a_say_is_neither_stored_nor_computed(
    spectral_parts: Path, joined: Joined, manifest: Manifest, tmp_path: Path, tone: NDArray[np.float32]
) -> None:
    weights = {"oe": 0.0, "spectral": 1.0}
    detectors = {name: replace(joined.detectors[name], weight=weight) for name, weight in weights.items()}
    alone = replace(manifest, system="spectral", scores={}, joined=replace(joined, detectors=detectors))
    bundle.write_bundle(tmp_path / "model", alone, network=None, inlier={}, spectral=spectral_parts)
    assert {path.name for path in (tmp_path / "model").iterdir()} == {MANIFEST, "spectral.safetensors"}
    scorer = load_bundle(tmp_path / "model", device="cpu")
    assert scorer.networks == []
    told: list[float] = []
    assert np.isfinite(scorer.score_wave(tone, tell=told.append).score)
    assert told[-1] == 1
    said = CliRunner().invoke(app, ["info", str(tmp_path / "model")]).output
    assert "OE counts nothing" in " ".join(said.split())
