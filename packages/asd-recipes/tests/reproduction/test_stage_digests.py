"""A stage depends on the settings that it reads: on all of them, and on no other."""

import ast
import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.stage_settings import scoring_settings, training_settings
from asd_recipes.recipe.system_variants import SYSTEMS
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.code_digest import SCORING_CODE, TRAINING_CODE, code_digest
from asd_recipes.reproduction.job import Job, jobs_of
from asd_recipes.reproduction.job_context import JobContext
from asd_recipes.reproduction.job_stages import JobStages
from asd_recipes.reproduction.library_versions import TRAINING_LIBRARIES
from asd_recipes.reproduction.run_store import RunStore
from asd_recipes.reproduction.stage_digests import StageDigests
from asd_recipes.training.machine_data import prepare_data
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.waveforms.waveform_bank import WaveformBank
from asd_runtime.progress import PlainProgress

QUIET = PlainProgress(quiet=True)
PAPER = Recipe()
CPU = Device("cpu", "float32", "1 thread")
SETTINGS = ["segments.length_s=1.0", "training.batch_size=4", "training.epochs=1", "joint.epochs=1",
            "training.mixup='constant'", "inlier.components=[1]", "inlier.neighbours=[1]", "spectral.pooling='segment'",
            "log_mel.bands=16", "log_mel.hop_s=0.128", "log_mel.window_s=0.128"]  # fmt: skip
RESOLVED = {"threads", "training.precision"}
"""Read once for a run, where its device is chosen."""
CHANGES_NO_RESULT = {"training.checkpoint_s", "inlier.save"}
OF_MAPS_ALONE = {"flow.maps"}
"""Read for every network; only a flow and the Gaussian see the map."""


@pytest.fixture(scope="module")
def bank(make_bank: Callable[..., WaveformBank]) -> WaveformBank:
    return make_bank(machines=("ToyCar", "fan"), source=6, target=4)


def _leaves(recipe: Recipe) -> list[str]:
    """Names of all settings."""
    names = []
    for field in dataclasses.fields(recipe):
        value = getattr(recipe, field.name)
        inner = dataclasses.fields(value) if dataclasses.is_dataclass(value) else ()
        names += [f"{field.name}.{one.name}" for one in inner] or [field.name]
    return names


@contextmanager
def _recorded(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The settings of this recipe that the block reads."""
    read: set[str] = set()
    places = {id(recipe): ""}
    for field in dataclasses.fields(recipe):
        if dataclasses.is_dataclass(value := getattr(recipe, field.name)):
            places[id(value)] = f"{field.name}."
    names = set(_leaves(recipe))

    def reading(instance: object, name: str) -> Any:
        if (place := places.get(id(instance))) is not None and f"{place}{name}" in names:
            read.add(f"{place}{name}")
        return object.__getattribute__(instance, name)

    with monkeypatch.context() as patched:
        for kind in {Recipe, *(type(getattr(recipe, field.name)) for field in dataclasses.fields(recipe))} - {int}:
            patched.setattr(kind, "__getattribute__", reading)
        yield read


@pytest.mark.parametrize(("system", "start"), [*((system, "random") for system in SYSTEMS), ("oe-flow", "oe")])
def test_the_stages_read_the_settings_that_the_table_declares_and_no_others(
    system: str, start: str, bank: WaveformBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = load_recipe("smoke", settings=[*SETTINGS, f"joint.start={start}"])
    with _recorded(recipe, monkeypatch) as of_split:
        data = prepare_data(bank, recipe)
    assert of_split == {"seed", "split.source_share", "split.target_share"}
    stages, job = JobStages(recipe, data, CPU), jobs_of(data, ["ToyCar"], [system])[0]
    if job.needs_oe(recipe):
        stages.train(Job("ToyCar", "oe"), tmp_path / "oe", QUIET)
    training, scoring = set(training_settings(recipe, system)), set(scoring_settings(recipe, system, "ToyCar"))
    harmless = CHANGES_NO_RESULT | (set() if "flow" in system or system == "full-gaussian" else OF_MAPS_ALONE)
    with _recorded(recipe, monkeypatch) as read:
        if job.trains:
            stages.train(job, tmp_path / job.folder, QUIET)
    learns = of_split if job.trains and system != "random-encoder" else set()
    assert (read | learns) - harmless == training - RESOLVED
    with _recorded(recipe, monkeypatch) as read:
        stages.score(job, tmp_path / job.folder, QUIET)
    assert (read | of_split) - harmless <= training | scoring
    assert scoring - RESOLVED <= read | of_split


TRAINED = {"oe", "oe-flow", "oe-dflow", "serialoe-flow", "serialoe-dflow"}
FLOWS = TRAINED - {"oe"}
NETWORKS = TRAINED | {"random-encoder"}
OE_AND_GAUSSIAN = {"oe", "full-gaussian"}
MAPPED = NETWORKS | {"full-gaussian"}
NOTHING: set[str] = set()
WITH_INLIER_MODELS = {"oe", "oe-flow", "oe-dflow", "random-encoder"}
FULL = set(SYSTEMS)
REDONE = {  # pattern of settings: which systems train again, which score again
    "seed": (FULL - {"spectral-statistics", "full-gaussian"}, FULL),
    "threads": (NETWORKS | {"autoencoder"}, FULL),
    "split.*": (TRAINED | {"autoencoder"}, FULL),
    "*.sample_rate_hz": (TRAINED, MAPPED | {"spectral-statistics"}),
    "audio.*": (NOTHING, NOTHING),  # the samples count
    "synthetic.*": (NOTHING, NOTHING),
    "fit.*": (NOTHING, NOTHING),
    "segments.length_s": (TRAINED, MAPPED),
    "segments.overlap": (NOTHING, MAPPED),
    "log_mel.*": (TRAINED, MAPPED | {"spectral-statistics"}),
    "high_pass.*": (NOTHING, MAPPED),
    "weighting.machines": (NOTHING, MAPPED),
    "training.epochs": ({"oe"}, OE_AND_GAUSSIAN),
    "training.learning_rate": ({"oe"}, OE_AND_GAUSSIAN),
    "training.schedule": ({"oe"}, OE_AND_GAUSSIAN),
    "training.batch_size": (TRAINED, TRAINED | {"full-gaussian"}),
    "training.weight_decay": (TRAINED, TRAINED | {"full-gaussian"}),
    "training.mixup": (TRAINED, TRAINED | {"full-gaussian"}),
    "training.mixup_alpha": (TRAINED, TRAINED | {"full-gaussian"}),
    "training.compile": (TRAINED, TRAINED | {"full-gaussian"}),
    "training.standardise": (TRAINED, MAPPED),
    "training.precision": (TRAINED, MAPPED),
    "training.encoder_weights": (NETWORKS, MAPPED),
    "training.checkpoint_s": (NOTHING, NOTHING),
    "joint.attribute_weight": ({"serialoe-flow", "serialoe-dflow"}, {"serialoe-flow", "serialoe-dflow"}),
    "joint.*": (FLOWS, FLOWS),
    "flow.dependent_channels": ({"oe-dflow", "serialoe-dflow"}, {"oe-dflow", "serialoe-dflow"}),
    "flow.centred_parameter": ({"oe-dflow", "serialoe-dflow"}, {"oe-dflow", "serialoe-dflow"}),
    "flow.log_determinant": (NOTHING, {"oe-flow", "serialoe-flow", "serialoe-dflow"}),
    "flow.maps": (FLOWS, FLOWS | {"full-gaussian"}),
    "flow.*": (FLOWS, FLOWS),
    "inlier.save": (NOTHING, NOTHING),  # but where the models are wanted and missing: test_taken_stages
    "inlier.selected": (NOTHING, NOTHING),
    "inlier.*": (NOTHING, WITH_INLIER_MODELS),
    "autoencoder.mahalanobis": (NOTHING, {"autoencoder"}),
    "autoencoder.*": ({"autoencoder"}, {"autoencoder"}),
    "spectral.*": (NOTHING, {"spectral-statistics"}),
}
"""What a changed setting redoes, said independently of the table; the first pattern counts that fits a setting."""


def _other(recipe: Recipe, name: str, weights: Path) -> Any:
    """Another value that the setting takes."""
    group, _, last = name.rpartition(".")
    value, hint = attrgetter(name)(recipe), get_type_hints(type(attrgetter(group)(recipe) if group else recipe))[last]
    chosen = {"audio.channel": "mean", "training.encoder_weights": str(weights), "training.batch_size": 6,
              "training.precision": "bfloat16", "spectral.rank_decay": 0.5, "weighting.machines": ("fan",),
              "spectral.statistics": ("mean",), "fit.detectors": ("oe",), "log_mel.window_s": 0.128,
              "log_mel.power": 2.0, "inlier.training_data": ("source",)}  # fmt: skip
    if name in chosen:
        return chosen[name]
    if get_origin(hint) is Literal:
        return next(option for option in get_args(hint) if option != value)
    if isinstance(value, tuple):
        return (*value, 3)
    return not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else 0.9 * value + 0.01


def _changed(recipe: Recipe, name: str, weights: Path) -> Recipe:
    """The recipe with another value of one setting; the three sample rates change together."""
    rates = [key for key in _leaves(recipe) if key.endswith("sample_rate_hz")]
    values = {key: _other(recipe, key, weights) for key in (rates if name in rates else [name])}
    groups = {key.partition(".")[0] for key in values if "." in key}
    changes = {
        group: replace(getattr(recipe, group), **{
            key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{group}.")
        })
        for group in groups
    }  # fmt: skip
    return replace(recipe, **(changes or values))


def _digests(bank: WaveformBank, recipe: Recipe) -> dict[str, tuple[str, str]]:
    """Digests of training and scoring of each system of ToyCar."""
    data = prepare_data(bank, recipe)
    device = Device("cpu", "bfloat16" if recipe.training.precision == "bfloat16" else "float32",
                    f"{recipe.threads} threads")  # fmt: skip
    digests = StageDigests(recipe, data, device)
    found = {}
    for job in jobs_of(data, ["ToyCar"], SYSTEMS):
        trained = digests.training(job)
        found[job.system] = (trained, digests.scoring(job, trained=trained))
    return found


@pytest.mark.parametrize("name", ["training.epochs", "training.learning_rate", "training.schedule"])
def test_what_starts_from_oe_trains_again_when_oe_does(name: str, bank: WaveformBank, tmp_path: Path) -> None:
    recipe = load_recipe("smoke", settings=["training.precision=float32", "joint.start=oe"])
    before, now = _digests(bank, recipe), _digests(bank, _changed(recipe, name, tmp_path))
    assert {system for system in FULL if before[system][0] != now[system][0]} == TRAINED | {"full-gaussian"}


@pytest.mark.parametrize("name", _leaves(Recipe()))
def test_a_setting_changed_alone_redoes_what_it_must_and_nothing_more(
    name: str, bank: WaveformBank, tmp_path: Path
) -> None:
    recipe = load_recipe("smoke", settings=["training.precision=float32", "joint.start=random"])
    (weights := tmp_path / "weights.safetensors").write_bytes(b"some")
    other = _changed(recipe, name, weights)
    assert other != recipe
    before, now = _digests(bank, recipe), _digests(bank, other)
    trained, scored = next(redone for pattern, redone in REDONE.items() if fnmatchcase(name, pattern))
    trains = FULL - {"spectral-statistics", "full-gaussian"}
    assert {system for system in trains if before[system][0] != now[system][0]} == trained
    assert {system for system in FULL if before[system][1] != now[system][1]} == scored


def _training_and_scoring(bank: WaveformBank, recipe: Recipe = PAPER) -> tuple[str, str]:
    return _digests(bank, recipe)["oe-flow"]


def test_the_content_of_a_file_of_weights_counts_and_not_its_path(bank: WaveformBank, tmp_path: Path) -> None:
    found = []
    for name, content in (("one", b"some"), ("two", b"some"), ("two", b"other")):
        (tmp_path / name).write_bytes(content)
        recipe = load_recipe("smoke", settings=[f"training.encoder_weights={tmp_path / name}"])
        found.append(_training_and_scoring(bank, recipe))
    assert found[0] == found[1]
    assert not set(found[1]) & set(found[2])


def test_a_replaced_file_of_weights_redoes_the_network_and_what_rests_on_it(bank: WaveformBank, tmp_path: Path) -> None:
    """Also where the run was killed after a job without weights was begun, before OE was trained."""
    (weights := tmp_path / "weights").write_bytes(b"some")
    recipe = load_recipe("smoke", settings=[f"training.encoder_weights={weights}"])
    data, oe, gaussian = prepare_data(bank, recipe), Job("ToyCar", "oe"), Job("ToyCar", "full-gaussian")

    def context(run: str) -> JobContext:
        return JobContext(RunStore(tmp_path / run), recipe, data, CPU, synthetic=True)

    def train(context: JobContext, *jobs: Job) -> None:
        for job in jobs:
            context.begin_training(job)
            if job.trains:
                (context.folder(job) / "weights.safetensors").write_bytes(weights.read_bytes())
            context.note_trained(job)

    train(context("killed"), gaussian)
    train(context("whole"), oe, gaussian)
    weights.write_bytes(b"other")
    assert context("whole").stale(oe)
    assert not context("whole").trained(oe)
    train(context("new"), oe, gaussian)
    for run in ("killed", "whole"):
        train(context(run), oe)
        assert not context(run).trained(gaussian)
        train(context(run), gaussian)
        assert context(run).scoring_digest(gaussian) == context("new").scoring_digest(gaussian)


def _renamed(bank: WaveformBank, folder: str, **changes: Any) -> WaveformBank:
    """The bank with something else known of its first clip of a folder."""
    clips = list(bank.clips)
    place = bank.select(machine="ToyCar", folder=folder)[0]
    clips[place] = replace(clips[place], name=replace(clips[place].name, **changes))
    return replace(bank, clips=tuple(clips))


def test_samples_and_attributes_change_the_training_and_labels_of_test_clips_the_scores(bank: WaveformBank) -> None:
    training, scoring = _training_and_scoring(bank)
    other = _training_and_scoring(replace(bank, digest="other samples"))
    assert other[0] != training
    other = _training_and_scoring(_renamed(bank, "train", attributes=(("spd", "7"),)))
    assert other[0] != training
    other = _training_and_scoring(_renamed(bank, "test", label="anomaly", number=77))
    assert other[0] == training
    assert other[1] != scoring


def test_other_code_and_other_libraries_give_other_digests(bank: WaveformBank, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _training_and_scoring(bank)
    module = "asd_recipes.reproduction.stage_digests"
    with monkeypatch.context() as patched:
        patched.setattr(
            f"{module}.code_digest", lambda modules: "new" if "asd_recipes.scoring" in modules else code_digest(modules)
        )
        now = _training_and_scoring(bank)
    assert now[0] == before[0], "what scores trains nothing"
    assert now[1] != before[1]
    with monkeypatch.context() as patched:
        patched.setattr(f"{module}.processor", lambda: ["another", "AVX2"])
        assert not set(_training_and_scoring(bank)) & set(before), "another processor has other last bits"
    with monkeypatch.context() as patched:
        patched.setattr(f"{module}.library_versions", lambda names: {"torch": "3.0"})
        now = _training_and_scoring(bank)
    assert now[0] != before[0]


def test_a_digest_of_code_changes_with_a_byte_of_a_package_or_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some_package" / "room").mkdir(parents=True)
    (tmp_path / "some_package" / "__init__.py").write_text("")
    (tmp_path / "some_package" / "room" / "part.py").write_text("x = 1")
    (tmp_path / "some_module.py").write_text("y = 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    names, found = ("some_package", "some_module"), []
    for path in ("some_package/room/part.py", "some_package/core.so", "some_module.py", "some_package/notes.txt"):
        code_digest.cache_clear()
        found.append(code_digest(names))
        (tmp_path / path).write_text("z = 2")
    code_digest.cache_clear()
    found.append(code_digest(names))
    assert len(set(found)) == 4
    assert found[-1] == found[-2], "text is not code"


def test_what_the_code_of_trainings_imports_counts_for_trainings_also_where_it_is_imported_late() -> None:
    """Our packages and the libraries that compute, found in the text of the rooms and of what they take from ours."""
    seen: set[str] = set()
    wanted = [f"asd_recipes.{room}" for room in ("training", "waveforms")]
    while wanted:
        if (module := wanted.pop()) not in seen:
            seen.add(module)
            if module.startswith(("asd_recipes.", "asd_runtime.")) or module == "asd_inlier.shrunk_whitening":
                wanted += _imported_by(module)
    packages = {module.partition(".")[0] for module in seen}
    assert {"asd_inlier", "asd_models", "sklearn", "torch", "numpy"} <= packages, "the search finds them"
    assert {name for name in packages if name.startswith("asd_")} <= {*TRAINING_CODE, "asd_recipes", "asd_runtime"}
    rooms = {module for module in seen if module.startswith("asd_runtime.") and module.count(".") > 1}
    assert {".".join(module.split(".")[:2]) for module in rooms} <= set(TRAINING_CODE)
    computing = {"sklearn": "scikit-learn", "torch": "torch", "numpy": "numpy", "scipy": "scipy", "faiss": "faiss-cpu"}
    assert {computing[name] for name in packages & computing.keys()} <= set(TRAINING_LIBRARIES)


def _imported_by(module: str) -> set[str]:
    """The modules that the files of a module or room import, late ones too."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return set()
    files = Path(spec.origin).parent.glob("*.py") if spec.submodule_search_locations else [Path(spec.origin)]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return named | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


@pytest.mark.parametrize("modules", [TRAINING_CODE, SCORING_CODE])
def test_the_code_that_counts_is_there(modules: tuple[str, ...]) -> None:
    assert len(code_digest(modules)) == 64
