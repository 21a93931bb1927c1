"""`--others`: machines that only serve as pseudo-anomalies are in every training, and nowhere else."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from asd_recipes.commands.run_folders import bank_folder, run_name, synthetic_data, synthetic_others
from asd_recipes.dataset.clip import DatasetError
from asd_recipes.recipe.seeding import derive_seed
from asd_recipes.recipe.system_variants import variant_of
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.reproduce import Reproduction, RunResult
from asd_recipes.reproduction.run_store import RunError, RunStore
from asd_recipes.synth import DatasetSize, write_dataset
from asd_recipes.training.balanced_sampler import Batch
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.machine_data import prepare_data
from asd_recipes.training.network_training import NetworkTraining
from asd_recipes.waveforms.device_choice import choose_device
from asd_runtime.progress import PlainProgress

QUIET = PlainProgress(quiet=True)
SETTINGS = ["threads=1", "segments.length_s=1.0", "training.epochs=1", "inlier.components=[1]", "inlier.neighbours=[1]"]
TIMES = {"timings.jsonl"}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two factories that both have a bearing; the second has training clips alone."""
    root = tmp_path_factory.mktemp("others")
    write_dataset(root / "data", size=DatasetSize(4, 4, 1), seed=1, machines=["bearing", "fan"])
    write_dataset(root / "more", size=DatasetSize(4, 2, 0), seed=2, machines=["bearing", "valve"])
    return root


def _run(places: Path, out: Path, *others: Path, bank: str = "bank") -> RunResult:
    recipe = load_recipe("smoke", settings=SETTINGS)
    run = Reproduction(
        recipe,
        places / "data",
        RunStore(out),
        places / bank,
        device="cpu",
        systems=["oe"],
        jobs=1,
        others=others,
    )
    out.mkdir(exist_ok=True)
    return run.run(QUIET)


@pytest.fixture(scope="module")
def with_others(places: Path) -> RunResult:
    return _run(places, places / "with", places / "more", bank="bank-with")


def _bytes(folder: Path) -> dict[str, bytes]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in TIMES]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_other_machines_are_no_targets_and_have_neither_folders_nor_rows(with_others: RunResult) -> None:
    assert {job.machine for job in with_others.jobs} == {"bearing", "fan"}
    folders = {path.name for path in with_others.folder.iterdir() if path.is_dir()}
    assert folders - {"metrics", "submissions", "plots"} == {"bearing", "fan"}
    columns = {column for line in with_others.tables.lines for column in line.values}
    assert columns == {"bearing", "fan", "hmean", "official"}
    files = _bytes(with_others.folder)
    assert [name for name, content in files.items() if b"others1/" in content] == ["data.json"]


def test_the_heading_counts_them_and_still_says_synthetic(with_others: RunResult) -> None:
    assert with_others.tables.heading.startswith(
        "SYNTHETIC DATA (36 clips of 4 machine types, 2 of them only as pseudo-anomalies, seed 0)."
    )


def test_synthetic_others_of_recordings_are_called_synthetic_and_nothing_else_is(places: Path, tmp_path: Path) -> None:
    data = tmp_path / "recordings"
    shutil.copytree(places / "data", data, ignore=shutil.ignore_patterns(".synthetic", "synth.json"))
    (tmp_path / "run").mkdir()
    recipe, store = load_recipe("smoke", settings=SETTINGS), RunStore(tmp_path / "run")
    systems = ["spectral-statistics"]
    run = Reproduction(recipe, data, store, tmp_path / "bank", "cpu", systems=systems, jobs=1, others=[places / "more"])
    assert run.run(QUIET).tables.heading == (
        f"Data: {data}, SYNTHETIC others {places / 'more'} (36 clips of 4 machine types, 2 of them only as "
        "pseudo-anomalies, seed 0). The paper's rows are of the DCASE 2023 development set."
    )


def test_a_machine_of_the_others_cannot_be_asked_for(places: Path, tmp_path: Path) -> None:
    run = Reproduction(
        load_recipe("smoke"), places / "data", RunStore(tmp_path), tmp_path / "bank", machines=["others1/valve"],
        others=[places / "more"],
    )  # fmt: skip
    with pytest.raises(DatasetError, match="has no machine others1/valve; it has bearing, fan"):
        run.run(QUIET)


def test_a_run_with_other_others_is_another_run(with_others: RunResult, places: Path, tmp_path: Path) -> None:
    without = _run(places, tmp_path / "run")
    told, untold = (json.loads((run.folder / "data.json").read_text()) for run in (with_others, without))
    assert told["others"] == ["others1/bearing", "others1/valve"]
    assert told["data_sha256"] != untold["data_sha256"]
    weights = [(run.folder / "fan" / "oe" / "weights.safetensors").read_bytes() for run in (with_others, without)]
    assert weights[0] != weights[1]
    with pytest.raises(RunError, match="differs in data, others"):
        _run(places, tmp_path / "run", places / "more", bank="bank-with")
    recipe, data = load_recipe("smoke"), places / "data"
    names = {run_name("smoke", recipe, data, others) for others in ([], [places / "more"], [places / "data"])}
    banks = {bank_folder(tmp_path, data, recipe, others) for others in ([], [places / "more"], [places / "data"])}
    assert len(names) == len(banks) == 3


def test_other_machines_are_pseudo_anomalies_of_a_data_set_with_one_machine(places: Path, tmp_path: Path) -> None:
    write_dataset(tmp_path / "data", size=DatasetSize(4, 4, 1), seed=3, machines=["fan"])
    recipe, store = load_recipe("smoke", settings=SETTINGS), RunStore(tmp_path / "run")
    run = Reproduction(recipe, tmp_path / "data", store, tmp_path / "bank", device="cpu", systems=["oe"])
    (tmp_path / "run").mkdir()
    with pytest.raises(DatasetError, match="only one machine type"):
        run.run(QUIET)
    store.clear()
    assert not replace(run, bank=tmp_path / "both", others=[places / "more"]).run(QUIET).problems


def test_the_pseudo_anomalous_half_draws_evenly_from_all_thirteen(
    make_bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seven = ("bearing", "fan", "gearbox", "slider", "ToyCar", "ToyTrain", "valve")
    machines = (*seven, *(f"others1/{name}" for name in seven))
    recipe = load_recipe("smoke", settings=[*SETTINGS, "training.batch_size=8"])
    data = prepare_data(make_bank(machines=machines, source=26, target=0), recipe)
    drawn: Counter[str] = Counter()

    def read(self: TrainingCrops, batch: Batch, rng: object) -> object:
        if rng is not None:  # a training batch
            drawn.update(self.data.bank.clips[index].machine for index in batch.pseudo_anomalous)
        return whole(self, batch, rng)

    whole = TrainingCrops.read
    monkeypatch.setattr(TrainingCrops, "read", read)
    crops = TrainingCrops(data, recipe, choose_device("cpu", "float32", threads=1))
    NetworkTraining("fan", "OE", "oe", variant_of("oe"), None, crops).run(tmp_path, QUIET)
    assert set(drawn) == set(machines) - {"fan"}
    assert sum(drawn.values()) == len(data.training["fan"])
    assert max(drawn.values()) - min(drawn.values()) <= 1


@pytest.mark.parametrize("profile", ["quick", "paper", "smoke", "own"])
def test_without_data_a_second_factory_serves_where_the_profile_says_so(
    profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has another seed, the same size, and training clips alone."""
    made: list[tuple[Path, DatasetSize, int]] = []
    monkeypatch.setattr(
        "asd_recipes.synth.write_dataset", lambda folder, size, seed, **_: made.append((folder, size, seed))
    )
    recipe = load_recipe(profile, settings=["seed=3"])
    first = synthetic_data(tmp_path, recipe, QUIET)
    others = synthetic_others(tmp_path, recipe, QUIET)
    whole = DatasetSize.named(recipe.synthetic.size)
    assert made[0] == (first, whole, 3)
    assert others == [folder for folder, _, _ in made[1:]]
    if profile in ("quick", "paper"):
        assert others != [first]
        assert made[1][1:] == (replace(whole, test_per_class=0), derive_seed(3, "other factory"))
    else:
        assert not others


def test_a_copy_of_the_data_set_is_refused_as_other_machines_and_both_recordings_are_named(
    places: Path, tmp_path: Path
) -> None:
    shutil.copytree(places / "data", tmp_path / "copy")
    with pytest.raises(DatasetError, match="has the same samples as") as refused:
        _run(places, tmp_path / "run", tmp_path / "copy", bank="bank-copy")
    assert str(tmp_path / "copy") in str(refused.value)
    assert str(places / "data") in str(refused.value)
