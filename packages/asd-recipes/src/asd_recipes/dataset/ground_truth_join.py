"""Adds the labels that the organisers publish after a challenge to clips whose names do not contain them.

Clips of an evaluation test set are anonymous, and since 2024 the names of some machines say `noAttribute`. The user
passes the files, of these kinds:

- everything that `asd_eval.read_ground_truth` reads: an official evaluator's folder, ground_truth_*.csv,
  eval_data_list*.csv;
- `attributes_NN_<split>_correspondence.csv` of the official baseline (2024 and 2025), or a folder with such files in
  machine folders. Their columns are `source_file_name,target_file_name`; the first is the full name.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from asd_eval import read_ground_truth
from asd_recipes.dataset.attribute_table import TableError, read_rows
from asd_recipes.dataset.clip import Clip, DatasetError
from asd_recipes.dataset.clip_name import ClipName, ClipNameError, parse_clip_name
from asd_recipes.dataset.scan import Dataset
from asd_runtime.counted import counted
from asd_runtime.sound.problem import Problem

_CORRESPONDENCE = "attributes_*_correspondence.csv"


def join_ground_truth(dataset: Dataset, path: Path) -> Dataset:
    """The data set with labels, domains and attributes from ground-truth files; paths, keys and order do not change.

    If a clip's name and the ground truth disagree, the name wins and the clip is listed in `problems`. Unlabelled test
    clips that the files do not name are listed there too.

    Raises:
        DatasetError: the files name no clip of the data set, or cannot be read.
        EvaluationError: a ground-truth file has the wrong form; names the file and the row.
    """
    known = _correspondence(path) or _evaluator(path)
    clips: list[Clip] = []
    problems: list[Problem] = []
    joined = 0
    for clip in dataset.clips:
        truth = known.get((clip.machine, clip.path.name))
        if truth is None:
            if clip.folder == "test" and clip.name.label is None:
                problems.append(Problem(clip.key, "no ground truth", f"{path} does not name it"))
            clips.append(clip)
        elif said := _contradiction(clip.name, truth):
            problems.append(
                Problem(clip.key, "label disagrees", f"{path} says {said[1]}, the file name says {said[0]}")
            )
            clips.append(clip)
        else:
            joined += 1
            clips.append(replace(clip, name=_completed(clip.name, truth)))
    if not joined:
        raise DatasetError(
            f"{path} names no clip of {dataset.root}. Pass the ground truth of the same year. For correspondence files "
            "pass the folder that holds <machine>/attributes_NN_test_correspondence.csv."
        )
    return replace(dataset, clips=tuple(clips), problems=(*dataset.problems, *problems))


def _completed(name: ClipName, truth: ClipName) -> ClipName:
    return replace(
        name,
        domain=name.domain or truth.domain,
        label=name.label or truth.label,
        attributes=name.attributes or truth.attributes,
    )


def _contradiction(name: ClipName, truth: ClipName) -> tuple[str, str] | None:
    """(value in the name, value in the ground truth) of the first field in which they differ."""
    for said, known in ((name.label, truth.label), (name.domain, truth.domain)):
        if said and known and said != known:
            return said, known
    return None


def _evaluator(path: Path) -> dict[tuple[str, str], ClipName]:
    truth = read_ground_truth(path)
    known: dict[tuple[str, str], ClipName] = {}
    for (machine, section), clips in truth.clips.items():
        full_names = {name: labelled for labelled, name in truth.aliases.get((machine, section), {}).items()}
        for name, (label, domain) in clips.items():
            known[machine, name] = ClipName(
                section=section,
                number=0,
                domain=domain or None,  # type: ignore[arg-type]  # "source", "target" or "", by its reader
                label="anomaly" if label else "normal",
                attributes=_parsed(full_names[name], path).attributes if name in full_names else (),
            )
    return known


def _correspondence(path: Path) -> Mapping[tuple[str, str], ClipName]:
    """Full names by (machine, file name); empty if there are no such files."""
    tables = sorted(path.rglob(_CORRESPONDENCE)) if path.is_dir() else [path] if path.match(_CORRESPONDENCE) else []
    known: dict[tuple[str, str], ClipName] = {}
    for table in tables:
        try:
            rows = read_rows(table)
        except TableError as error:
            raise DatasetError(str(error)) from error
        for row in rows[1:]:
            if len(row) != 2:
                raise DatasetError(
                    f"{table}: rows must be source_file_name,target_file_name; got {counted(len(row), 'cell')}."
                )
            known[table.absolute().parent.name, row[1]] = _parsed(row[0], table)
    return known


def _parsed(name: str, source: Path) -> ClipName:
    try:
        return parse_clip_name(name)
    except ClipNameError as error:
        raise DatasetError(f"{source}: {error}") from error
