"""`asd data check` on data sets with one fault of each kind."""

import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asd_features import recording_measures
from asd_recipes.dataset.clip import DatasetError
from asd_recipes.dataset.data_check import check_dataset
from asd_recipes.dataset.data_report import DataReport
from asd_recipes.dataset.ground_truth_join import join_ground_truth
from asd_recipes.dataset.plain_folder import scan_any
from asd_recipes.dataset.scan import scan_dataset
from asd_recipes.synth import DatasetSize, write_dataset
from asd_runtime.sound.recording_findings import Expected


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check") / "clean"
    write_dataset(folder, size=DatasetSize.named("tiny"), seed=1, machines=["fan"])
    return folder


def _report(folder: Path, expected: Expected | None = None) -> DataReport:
    return check_dataset(scan_any(folder), expected or Expected(), advance=lambda steps: None)


def test_a_synthetic_data_set_has_no_finding(clean: Path) -> None:
    report = _report(clean)
    assert report.problems == []
    counts = {}
    for line in report.counts:
        key = (line.split, line.domain, line.label)
        counts[key] = counts.get(key, 0) + line.clips
    assert counts == {
        ("train", "source", "normal"): 12,
        ("train", "target", "normal"): 4,
        **{("test", domain, label): 3 for domain in ("source", "target") for label in ("normal", "anomaly")},
    }


def _noise(samples: int, *, seed: int = 0, level: float = 1000.0) -> np.ndarray:
    return np.rint(np.random.default_rng(seed).standard_normal(samples) * level).clip(-32768, 32767).astype(np.int16)


def _break_truncated(clips: list[Path]) -> None:
    clips[0].write_bytes(clips[0].read_bytes()[:3000])


def _break_empty(clips: list[Path]) -> None:
    clips[0].write_bytes(b"")


def _break_text(clips: list[Path]) -> None:
    clips[0].write_text("not a recording")


def _break_rate(clips: list[Path]) -> None:
    soundfile.write(clips[0], _noise(44_100), 44_100)


def _break_channels(clips: list[Path]) -> None:
    soundfile.write(clips[0], _noise(32_000).reshape(-1, 2), 16_000)


def _break_nan(clips: list[Path]) -> None:
    soundfile.write(clips[0], np.full(16_000, np.nan, np.float32), 16_000, subtype="FLOAT")


def _break_duplicate(clips: list[Path]) -> None:
    shutil.copy(clips[1], clips[0])


def _break_name(clips: list[Path]) -> None:
    clips[0].rename(clips[0].with_name("fan_12.wav"))


def _break_folder(clips: list[Path]) -> None:
    clips[0].rename(clips[0].parents[1] / "test" / clips[0].name)


def _break_attribute(clips: list[Path]) -> None:
    table = clips[0].parents[1] / "attributes_00.csv"
    text = table.read_text()
    row = next(line for line in text.splitlines() if clips[0].name in line)
    table.write_text(text.replace(row, row.rsplit(",", 1)[0] + ",Q"))


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (_break_truncated, "truncated"),
        (_break_empty, "empty"),
        (_break_text, "unreadable"),
        (_break_rate, "wrong rate"),
        (_break_channels, "wrong channels"),
        (_break_nan, "not finite"),
        (_break_duplicate, "duplicate content"),
        (_break_name, "wrong name"),
        (_break_folder, "wrong folder"),
        (_break_attribute, "attributes disagree"),
    ],
)
def test_each_fault_is_found_and_named(damage, kind: str, clean: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(clean, copy)
    damage(sorted((copy / "fan" / "train").glob("*.wav")))
    kinds = {problem.kind for problem in _report(copy).problems}
    assert kind in kinds
    assert kinds <= {kind, "no such clip"}, "nothing else is wrong, but for the list that still names the clip"


def test_a_folder_without_machines_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no machine type"):
        scan_dataset(tmp_path)


def test_a_folder_above_the_data_set_gets_the_right_one_as_a_hint(clean: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        scan_dataset(clean.parent)
    assert f"Did you mean {clean}?" in str(caught.value)


def _write(folder: Path, clips: dict[str, np.ndarray], rate: int = 16_000) -> Path:
    for name, samples in clips.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, samples, rate)
    return folder


def _training(source_level: float, target_level: float) -> dict[str, np.ndarray]:
    levels = {"source": source_level, "target": target_level}
    return {
        f"fan/train/section_00_{domain}_train_normal_{number:04d}.wav": _noise(
            16_000, seed=10 * number + len(domain) * (domain == "target"), level=level * 1.05**number
        )
        for domain, level in levels.items()
        for number in range(5)
    }


def test_domains_that_differ_in_loudness_are_a_warning(tmp_path: Path) -> None:
    findings = [
        problem for problem in _report(_write(tmp_path, _training(500, 1000))).problems if "level" in problem.kind
    ]
    assert [(finding.file, finding.severity) for finding in findings] == [("fan", "warning")]
    assert "+6.0 dB (AUC 1.00)" in findings[0].reason


def test_domains_of_equal_level_are_no_finding(tmp_path: Path) -> None:
    assert not [
        problem for problem in _report(_write(tmp_path, _training(500, 520))).problems if "level" in problem.kind
    ]


def test_a_class_that_a_split_lacks_is_named(clean: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(clean, copy)
    for pattern in ("test/*target_test_anomaly*", "train/*target*"):
        for clip in (copy / "fan").glob(pattern):
            clip.unlink()
    missing = [problem for problem in _report(copy).problems if problem.kind == "missing in a split"]
    assert [(problem.file, problem.severity) for problem in missing] == [("fan", "warning")]
    assert missing[0].reason == (
        "no anomaly test clips of the target domain, no training clips of the target domain"
    )  # fmt: skip


def test_training_clips_of_only_the_target_domain_are_a_warning_with_its_consequence(
    clean: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(clean, copy)
    (copy / "fan" / "attributes_00.csv").unlink()
    for clip in (copy / "fan" / "train").glob("*source*"):
        clip.unlink()
    (problem,) = _report(copy).problems
    assert (problem.file, problem.kind, problem.severity) == ("fan", "missing in a split", "warning")
    assert "all training clips are of the target domain" in problem.reason
    assert "no pseudo-target data can be made" in problem.reason


def test_a_folder_of_clips_that_cannot_be_listed_is_an_error_and_not_empty(
    clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulates a missing permission, because root, who often runs tests, has all permissions."""
    copy, listdir = tmp_path / "data", os.listdir
    shutil.copytree(clean, copy)

    def guarded(folder: Path) -> list[str]:
        if Path(folder).name == "test":
            raise PermissionError(13, "Permission denied", str(folder))
        return listdir(folder)

    monkeypatch.setattr("asd_recipes.dataset.dcase_layout.os.listdir", guarded)
    findings = {(problem.kind, problem.file, problem.severity) for problem in _report(copy).problems}
    assert ("unreadable", "fan/test", "error") in findings


def test_audio_files_of_other_formats_beside_a_table_are_named(tmp_path: Path) -> None:
    _write(tmp_path, {"pump/train/a.wav": _noise(16_000)})
    (tmp_path / "pump" / "train" / "b.mp3").write_bytes(b"ID3")
    (tmp_path / "metadata.csv").write_text("file_name,label\npump/train/a.wav,normal\n")
    findings = {(problem.kind, problem.file) for problem in _report(tmp_path).problems}
    assert ("other format", str(tmp_path / "pump" / "train" / "b.mp3")) in findings


def test_an_id_of_2020_needs_both_labels_and_no_domains(tmp_path: Path) -> None:
    clips = {"pump/train/normal_id_00_00000000.wav": _noise(16_000, seed=1)}
    clips |= {
        f"pump/test/{label}_id_00_00000000.wav": _noise(16_000, seed=len(label)) for label in ("normal", "anomaly")
    }
    assert _report(_write(tmp_path, clips)).problems == []
    (tmp_path / "pump/test/normal_id_00_00000000.wav").unlink()
    assert [problem.reason for problem in _report(tmp_path).problems] == ["no normal test clips"]


def test_anonymous_clips_are_a_finding_until_they_have_ground_truth(clean: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(clean, copy)
    (copy / "fan" / "attributes_00.csv").unlink()
    rows = ["fan"]
    for number, clip in enumerate(sorted((copy / "fan" / "test").glob("*.wav"))):
        rows.append(f"section_00_{number:04d}.wav,{clip.name}")
        clip.rename(clip.with_name(f"section_00_{number:04d}.wav"))
    assert [problem.kind for problem in _report(copy).problems] == ["no ground truth"]
    (tmp_path / "eval_data_list_2023.csv").write_text("\n".join(rows))
    joined = join_ground_truth(scan_dataset(copy), tmp_path / "eval_data_list_2023.csv")
    report = check_dataset(joined, Expected(), advance=lambda steps: None)
    assert report.problems == []
    assert sum(line.clips for line in report.totals if line.label == "anomaly") == 6


def test_two_channel_clips_pass_where_the_recipe_says_which_channel(tmp_path: Path) -> None:
    stereo = np.stack([_noise(16_000, seed=1), _noise(16_000, seed=2)], axis=1)
    _write(tmp_path, {"SewingMachine/test/section_00_0000.wav": stereo})
    kinds = {
        channel: [problem.kind for problem in _report(tmp_path, Expected(channel=channel)).problems]
        for channel in ("only", "mean", 0, 1, 2)
    }
    others = ["no ground truth", "missing in a split"]
    assert kinds == {
        "only": ["wrong channels", *others], "mean": others, 0: others, 1: others, 2: ["wrong channels", *others]
    }  # fmt: skip


def test_a_dead_channel_is_silent_only_if_it_is_used(tmp_path: Path) -> None:
    stereo = np.stack([_noise(16_000), np.zeros(16_000, np.int16)], axis=1)
    _write(tmp_path, {"recordings/a.wav": stereo})
    reasons = {
        channel: [problem.reason for problem in _report(tmp_path, Expected(channel=channel)).problems]
        for channel in ("mean", 0, 1)
    }
    assert reasons[0] == []
    assert reasons[1] == reasons["mean"] == ["channel 1: level -inf dB"]


def test_silent_recordings_are_reported_as_silent_and_not_as_duplicates(tmp_path: Path) -> None:
    silence = np.zeros(16_000, np.int16)
    _write(tmp_path, {"recordings/a.wav": silence, "recordings/b.wav": silence, "recordings/c.wav": silence + 1})
    assert [problem.kind for problem in _report(tmp_path).problems] == ["silent", "silent", "constant"]


def test_supplementary_clips_are_counted_as_what_they_hold(tmp_path: Path) -> None:
    clips = {
        f"ToyPet/supplemental/section_00_{kind}_0000.wav": _noise(16_000, seed=len(kind)) for kind in ("noise", "clean")
    }
    totals = _report(_write(tmp_path, clips)).totals
    assert [(line.split, line.label, line.clips) for line in totals] == [
        ("supplemental", "clean", 1), ("supplemental", "noise", 1)
    ]  # fmt: skip


def test_a_recording_that_a_metadata_csv_forgets_or_invents_is_reported(tmp_path: Path) -> None:
    _write(tmp_path, {"pump/train/a.wav": _noise(16_000), "pump/train/b.wav": _noise(16_000, seed=1)})
    (tmp_path / "metadata.csv").write_text("file_name,label\npump/train/a.wav,normal\npump/train/c.wav,normal\n")
    findings = {(problem.kind, problem.file) for problem in _report(tmp_path).problems}
    assert ("not listed", "pump/train/b.wav") in findings
    assert ("no such clip", "pump/train/pump/train/c.wav") in findings


def test_a_folder_without_a_layout_is_checked_recording_by_recording(tmp_path: Path) -> None:
    _write(tmp_path, {"M1/1400.wav": _noise(16_000), "M2/deep/1400.wav": _noise(16_000, seed=1)})
    (tmp_path / "M2" / "cut.wav").write_bytes((tmp_path / "M1" / "1400.wav").read_bytes()[:500])
    report = _report(tmp_path)
    assert [(problem.kind, problem.file) for problem in report.problems] == [
        ("truncated", str(tmp_path / "M2" / "cut.wav"))
    ]
    assert [(line.machine, line.clips) for line in report.totals] == [("M1", 1), ("M2", 2)]


def test_a_quiet_recording_and_a_loud_tone_have_no_finding(tmp_path: Path) -> None:
    time_s = np.arange(16_000) / 16_000
    tones = {
        f"tones/{hertz}_{peak}.wav": np.rint(peak * np.sin(2 * np.pi * hertz * time_s)).astype(np.int16)
        for hertz in (5, 20, 1000)
        for peak in (3, 1700, 32_000)
    }
    assert _report(_write(tmp_path, tones)).problems == []


def test_the_report_of_a_folder_is_the_same_each_time(clean: Path) -> None:
    assert _report(clean).as_json() == _report(clean).as_json()


def test_each_file_is_opened_once(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: Counter[Path] = Counter()
    open_audio = recording_measures.open_audio
    monkeypatch.setattr(recording_measures, "open_audio", lambda path: opened.update([path]) or open_audio(path))
    _report(clean)
    assert opened == {clip.path: 1 for clip in scan_dataset(clean).clips}


@pytest.mark.parametrize(("folder", "clips"), [("dcase2023_clips", 28), ("bldc_motors", 23)])
def test_real_recordings_have_no_error(folder: str, clips: int) -> None:
    shared = Path(os.environ.get("ASD_SHARED", Path(__file__).parents[5] / "shared"))
    if not (shared / "data" / folder).is_dir():
        pytest.skip(f"no real recordings in {shared / 'data' / folder}; set ASD_SHARED")
    # The motors' recordings have two channels, and one has another rate.
    report = _report(shared / "data" / folder, Expected(sample_rate_hz=None, channel="mean"))
    assert sum(line.clips for line in report.totals) == clips
    # Each machine has four clips, so some label or domain is missing; nothing else is wrong.
    assert {problem.kind for problem in report.problems} <= {"missing in a split"}
