"""Each score belongs to one clip, even if names repeat across folders; submission files keep their form."""

from pathlib import Path

import numpy as np
import pytest

from asd_recipes.dataset.clip import Clip
from asd_recipes.dataset.clip_name import ClipName
from asd_recipes.dataset.clip_table import scan_tables
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.job import Job
from asd_recipes.reproduction.run_results import evaluate_run
from asd_recipes.reproduction.run_store import RunStore
from asd_recipes.scoring.candidate_table import (
    CandidateTable,
    candidate_table,
    read_candidate_table,
    write_candidate_table,
)
from asd_runtime.progress import PlainProgress

KINDS = [(domain, label) for domain in ("source", "target") for label in ("normal", "anomaly")] * 3


def _listed(root: Path) -> list[Clip]:
    """A table of clips whose names repeat across folders."""
    rows = ["file_name,machine,split,domain,label"]
    for day in ("monday", "tuesday"):
        rows += [f"{day}/{n:02d}.wav,pump,train,source,normal" for n in range(3)]
        rows += [f"{day}/new/{n:02d}.wav,pump,test,{domain},{label}" for n, (domain, label) in enumerate(KINDS)]
    rows.append("monday/new/unlike.wav,pump,test,source,normal")
    (root / "metadata.csv").write_text("\n".join(rows) + "\n")
    clips, problems = scan_tables(root, [root / "metadata.csv"])
    assert problems == []
    return clips


def _table(clips: list[Clip]) -> CandidateTable:
    parts = ["validation" if clip.folder == "train" else "test" for clip in clips]
    scores = np.random.default_rng(0).standard_normal(len(clips))
    return candidate_table(clips, parts, {"knn-1-source": scores})


def test_names_that_repeat_become_paths_below_the_table_and_others_stay(tmp_path: Path) -> None:
    table = _table(_listed(tmp_path))
    names = list(zip(table.parts, table.files, strict=True))
    assert len(set(names)) == len(names) == 31
    assert ("validation", "monday/02.wav") in names
    assert ("test", "tuesday/new/11.wav") in names
    assert ("test", "unlike.wav") in names, "the only one of its name"


def test_clips_of_a_dcase_layout_are_named_by_their_file_names(make_bank) -> None:
    """Even in 2020, when training and test clips had the same names."""
    bank = make_bank(machines=("fan",))
    assert _table(list(bank.clips)).files == [clip.path.name for clip in bank.clips]
    name = ClipName("01", 7, label="normal")
    file = "normal_id_01_00000007.wav"
    twins = [Clip("pump", folder, Path("pump", folder, file), name) for folder in ("train", "test")]
    assert _table(twins).files == [file, file]


def test_a_table_is_read_back_bit_for_bit(tmp_path: Path) -> None:
    table = _table(_listed(tmp_path))
    write_candidate_table(tmp_path / "scores.csv", table)
    read = read_candidate_table(tmp_path / "scores.csv")
    assert (read.files, read.parts, read.domains, read.labels) == (
        table.files,
        table.parts,
        table.domains,
        table.labels,
    )
    np.testing.assert_array_equal(read.columns["knn-1-source"], table.columns["knn-1-source"])


@pytest.mark.parametrize(
    ("machine", "repeated", "written"),
    [("pump", False, True), ("pump", True, False), ("pump (left)", False, False)],
    ids=["plain", "names repeat", "machine's name"],
)
def test_a_run_on_names_that_submissions_forbid_is_evaluated_and_says_so(
    machine: str, repeated: bool, written: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = [clip for clip in _listed(tmp_path) if repeated or "monday" in clip.listed_as]
    store, job = RunStore(tmp_path / "run"), Job(machine, "oe")
    write_candidate_table(store.system(machine, job.folder) / "candidates.csv", _table(clips))
    results = evaluate_run(store, load_recipe("smoke"), [job], PlainProgress(), synthetic=False)
    assert [result.row.name for result in results] == ["OE", "OE (1 selected)"]
    assert list((store.root / "metrics").glob("*.json"))
    files = [path.name for path in (store.root / "submissions").rglob("*.csv")]
    said = capsys.readouterr().err
    if written:
        assert sorted(set(files)) == [
            "anomaly_score_pump_section_00_test.csv",
            "decision_result_pump_section_00_test.csv",
        ]
        assert "00.wav," in (store.root / "submissions" / "oe" / files[0]).read_text()
        assert said == ""
    else:
        assert files == []
        assert said.count(f"no submission files for {machine}: ") == 1
