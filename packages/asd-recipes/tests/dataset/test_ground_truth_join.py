"""Ground truth is added to anonymous clips, in each of its published forms."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from asd_eval.errors import EvaluationError
from asd_recipes.dataset.clip import DatasetError
from asd_recipes.dataset.clip_name import parse_clip_name
from asd_recipes.dataset.ground_truth_join import join_ground_truth
from asd_recipes.dataset.scan import Dataset, scan_dataset
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.reproduce import Reproduction
from asd_recipes.reproduction.run_store import RunStore
from asd_recipes.synth import DatasetSize, write_dataset
from asd_runtime.progress import PlainProgress

_TRUTH = {
    "section_00_0000.wav": "section_00_source_test_normal_0003_speed_1000.wav",
    "section_00_0001.wav": "section_00_target_test_anomaly_0007_speed_1200.wav",
    "section_00_0002.wav": "section_00_source_test_anomaly_0001_speed_1500.wav",
}


@pytest.fixture
def anonymous(tmp_path: Path) -> Dataset:
    for name in ["train/section_00_source_train_normal_0000_speed_1000.wav", *[f"test/{name}" for name in _TRUTH]]:
        path = tmp_path / "data" / "shaker" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return scan_dataset(tmp_path / "data")


def _write(path: Path, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")


def _data_list(folder: Path) -> Path:
    _write(folder / "eval_data_list_2023.csv", "shaker", *[f"{name},{labelled}" for name, labelled in _TRUTH.items()])
    return folder / "eval_data_list_2023.csv"


def _evaluator(folder: Path) -> Path:
    """The folder of an official evaluator of 2023 or later."""
    file = "ground_truth_shaker_section_00_test.csv"
    known = {name: parse_clip_name(labelled) for name, labelled in _TRUTH.items()}
    label_rows = [f"{name},{int(clip.label == 'anomaly')}" for name, clip in known.items()]
    domain_rows = [f"{name},{int(clip.domain == 'target')}" for name, clip in known.items()]
    _write(folder / "ground_truth_data" / file, *label_rows)
    _write(folder / "ground_truth_domain" / file, *domain_rows)
    _write(folder / "ground_truth_attributes" / file, *[f"{name},{labelled}" for name, labelled in _TRUTH.items()])
    return folder


def _correspondence(folder: Path) -> Path:
    rows = [f"{labelled},{name}" for name, labelled in _TRUTH.items()]
    path = folder / "eval_data" / "shaker" / "attributes_00_test_correspondence.csv"
    _write(path, "source_file_name,target_file_name", *rows)
    return folder


def _correspondence_file(folder: Path) -> Path:
    return _correspondence(folder) / "eval_data" / "shaker" / "attributes_00_test_correspondence.csv"


@pytest.mark.parametrize("form", [_data_list, _evaluator, _correspondence, _correspondence_file])
def test_each_form_gives_label_domain_and_attributes(
    anonymous: Dataset, tmp_path: Path, form: Callable[[Path], Path]
) -> None:
    truth = form(tmp_path / "truth")
    joined = join_ground_truth(anonymous, truth)
    assert joined.problems == ()
    assert [clip.key for clip in joined.clips] == [clip.key for clip in anonymous.clips]
    for clip in joined.clips:
        if clip.folder == "test":
            said = parse_clip_name(_TRUTH[clip.path.name])
            assert (clip.name.label, clip.name.domain) == (said.label, said.domain)
            # The data list has the labelled clip's name, and so its attributes too.
            assert clip.name.attributes == said.attributes
            assert clip.name.number == parse_clip_name(clip.path.name).number


def test_ground_truth_makes_a_machine_scorable(anonymous: Dataset, tmp_path: Path) -> None:
    assert len(anonymous.missing_for_scores("shaker")) == 4
    joined = join_ground_truth(anonymous, _data_list(tmp_path))
    assert joined.missing_for_scores("shaker") == ["normal test clips of the target domain"]


def test_2020_and_2021_are_joined_by_id_and_by_domain(tmp_path: Path) -> None:
    for file in ("pump/test/id_05_00000000.wav", "fan/source_test/section_03_source_test_0004.wav"):
        path = tmp_path / "data" / file
        path.parent.mkdir(parents=True)
        path.touch()
    rows = ["pump", "id_05_00000000.wav,anomaly_id_05_00000012.wav,1", "fan"]
    rows += ["section_03_source_test_0004.wav,section_03_source_test_normal_0001.wav"]
    _write(tmp_path / "eval_data_list.csv", *rows)
    joined = join_ground_truth(scan_dataset(tmp_path / "data"), tmp_path / "eval_data_list.csv")
    assert {(clip.machine, clip.name.domain, clip.name.label) for clip in joined.clips} == {
        ("pump", None, "anomaly"),
        ("fan", "source", "normal"),
    }


def test_hidden_attributes_of_training_clips_come_back(tmp_path: Path) -> None:
    hidden = "section_00_source_train_normal_0977_noAttribute.wav"
    path = tmp_path / "data" / "bearing" / "train" / hidden
    path.parent.mkdir(parents=True)
    path.touch()
    table = tmp_path / "truth" / "bearing" / "attributes_00_train_correspondence.csv"
    full = "section_00_source_train_normal_0977_pro_B_vel_8_loc_D.wav"
    _write(table, "source_file_name,target_file_name", f"{full},{hidden}")
    (clip,) = join_ground_truth(scan_dataset(tmp_path / "data"), tmp_path / "truth").clips
    assert clip.name.attributes == (("pro", "B"), ("vel", "8"), ("loc", "D"))


def test_a_clip_that_the_files_do_not_name_is_reported(anonymous: Dataset, tmp_path: Path) -> None:
    truth = _data_list(tmp_path)
    truth.write_text(truth.read_text().rsplit("\n", 2)[0] + "\n")
    joined = join_ground_truth(anonymous, truth)
    assert [(problem.file, problem.kind) for problem in joined.problems] == [
        ("shaker/test/section_00_0002.wav", "no ground truth")
    ]


def test_a_disagreement_of_name_and_ground_truth_is_reported_and_the_name_wins(tmp_path: Path) -> None:
    name = "section_00_source_test_normal_0000.wav"
    path = tmp_path / "data" / "fan" / "test" / name
    path.parent.mkdir(parents=True)
    path.touch()
    (path.parent / "section_00_0000.wav").touch()
    rows = ["fan", f"{name},section_00_source_test_anomaly_0000.wav"]
    _write(tmp_path / "a.csv", *rows, "section_00_0000.wav,section_00_target_test_anomaly_0000.wav")
    joined = join_ground_truth(scan_dataset(tmp_path / "data"), tmp_path / "a.csv")
    assert [problem.kind for problem in joined.problems] == ["label disagrees"]
    assert [clip.name.label for clip in joined.clips] == ["anomaly", "normal"]


def test_ground_truth_of_other_clips_is_refused(anonymous: Dataset, tmp_path: Path) -> None:
    _write(tmp_path / "a.csv", "grinder", "section_00_0000.wav,section_00_source_test_normal_0003.wav")
    with pytest.raises(DatasetError, match="names no clip"):
        join_ground_truth(anonymous, tmp_path / "a.csv")


def test_a_missing_ground_truth_file_is_refused(anonymous: Dataset, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no such"):
        join_ground_truth(anonymous, tmp_path / "nowhere")


def test_a_run_takes_published_labels_of_anonymous_test_clips(tmp_path: Path) -> None:
    """`asd reproduce --ground-truth`: an evaluation set gives the tables that the same set with full names gives."""
    quiet = PlainProgress(quiet=True)
    named, anonymous, truth = tmp_path / "named", tmp_path / "anonymous", tmp_path / "truth"
    write_dataset(named, size=DatasetSize.named("tiny"), seed=2, machines=["fan"])
    shutil.copytree(named, anonymous)
    rows = []
    for number, path in enumerate(sorted((anonymous / "fan" / "test").glob("*.wav"))):
        hidden = path.rename(path.with_name(f"section_00_{number:04d}.wav"))
        rows.append((hidden.name, int("anomaly" in path.name), int("target" in path.name)))
    for folder, place in (("ground_truth_data", 1), ("ground_truth_domain", 2)):
        lines = "".join(f"{row[0]},{row[place]}\n" for row in rows)
        (truth / folder).mkdir(parents=True)
        (truth / folder / "ground_truth_fan_section_00_test.csv").write_text(lines)
    recipe = load_recipe("smoke", settings=["threads=1"])
    tables = []
    for data, ground_truth in ((named, None), (anonymous, truth)):
        store = RunStore(tmp_path / f"run-{data.name}")
        run = Reproduction(
            recipe, data, store, tmp_path / f"bank-{data.name}", "cpu", [], ["autoencoder"], 1, ground_truth
        )
        tables.append(run.run(quiet).tables.lines)
    assert tables[0] == tables[1]
