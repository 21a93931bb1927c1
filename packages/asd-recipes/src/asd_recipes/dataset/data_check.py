"""Checks a data set before a long run: what it holds, and what is wrong with it (`asd data check`)."""

import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median

from asd_recipes.dataset.attribute_table import attribute_problems, words
from asd_recipes.dataset.clip import Clip
from asd_recipes.dataset.data_report import CountLine, DataReport
from asd_recipes.dataset.scan import Dataset
from asd_runtime.file_names import printable
from asd_runtime.sound.folder_search import search_folder
from asd_runtime.sound.problem import Problem
from asd_runtime.sound.recording_findings import Expected, Judgement, judge_recording, level_db

# Domains differ in level if loudness alone separates them: by at least 3 dB, and in nearly all pairs of clips.
_LEVEL_STEP_DB = 3.0
_LEVEL_AUC = 0.9
_FEWEST_FOR_LEVELS = 3


@dataclass(frozen=True)
class _Opened:
    """A clip and its measurements."""

    clip: Clip
    judgement: Judgement
    level_db: float  # -inf for silence, NaN if the clip cannot be read

    @property
    def seconds(self) -> float:
        return 0.0 if self.judgement.measures is None else self.judgement.measures.info.duration_s


def check_dataset(dataset: Dataset, expected: Expected, *, advance: Callable[[int], None]) -> DataReport:
    """Reads every file of a data set once; a file with a problem does not stop the check."""
    opened = list(_open(dataset.clips, expected, advance))
    problems = [*dataset.problems]
    problems += [Problem(dataset.name_of(one.clip), *finding) for one in opened for finding in one.judgement.findings]
    problems += _repeated(dataset, opened)
    if dataset.tables:
        problems += _unlisted(dataset)
    for machine in dataset.machines:
        clips = [one for one in opened if one.clip.machine == machine]
        if not dataset.tables:
            problems += attribute_problems(dataset.root / machine, [one.clip for one in clips])
        problems += _missing(dataset, machine)
        problems += _level_difference(machine, clips)
    root = printable(str(dataset.root))
    counts, totals = (_counts(opened, detailed=detailed) for detailed in (True, False))
    return DataReport(root, counts, totals, problems, plain=dataset.plain)


def _open(clips: Sequence[Clip], expected: Expected, advance: Callable[[int], None]) -> Iterator[_Opened]:
    """Opens the clips in order, several at once: reading waits for the disk, decoding and hashing release the GIL."""
    pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1))
    try:
        judgements = pool.map(lambda clip: judge_recording(clip.path, expected), clips)
        for clip, judgement in zip(clips, judgements, strict=True):
            measures = judgement.measures
            yield _Opened(clip, judgement, math.nan if measures is None else level_db(measures, expected))
            advance(1)
    finally:  # after Ctrl-C, do not read the rest first
        pool.shutdown(cancel_futures=True)


def _repeated(dataset: Dataset, opened: Iterable[_Opened]) -> Iterator[Problem]:
    """Recordings with the same samples as an earlier one; not silent ones, which are reported as silent."""
    first: dict[str, str] = {}
    for one in opened:
        measures = one.judgement.measures
        if measures is None or not math.isfinite(one.level_db):
            continue
        name = dataset.name_of(one.clip)
        if measures.digest in first:
            yield Problem(name, "duplicate content", f"the same samples as {first[measures.digest]}")
        else:
            first[measures.digest] = name


def _unlisted(dataset: Dataset) -> Iterator[Problem]:
    """Recordings in a folder that its metadata.csv does not list; the user's own CSV file may leave some out."""
    if not dataset.root.is_dir():
        return
    search = search_folder(dataset.root)
    yield from search.problems
    listed = {clip.path for clip in dataset.clips}
    for path in search.recordings:
        if path not in listed:
            file = printable(path.relative_to(dataset.root).as_posix())
            yield Problem(file, "not listed", "no metadata.csv lists it")


def _missing(dataset: Dataset, machine: str) -> Iterator[Problem]:
    """Splits, domains and labels for which a machine has no clip."""
    clips = [clip for clip in dataset.clips if clip.machine == machine]
    training = [clip.name for clip in clips if clip.folder == "train"]
    test = [clip.name for clip in clips if clip.folder == "test"]
    if not test and all(name.label is None for name in training):
        return  # a folder without a layout: nothing is known, so nothing can be missing
    missing: list[str] = []
    if not test:
        missing = ["test clips: it can only serve as pseudo-anomalies"]
    elif all(name.label is None for name in test):
        reason = "the test clips' names contain no labels; add them with --ground-truth"
        yield Problem(machine, "no ground truth", reason)
        missing = [] if training else ["normal training clips"]
    elif any(name.domain for name in test):
        missing = dataset.missing_for_scores(machine)
    else:  # as in 2020, or in a table without domains
        labels = {name.label for name in test}
        missing = [] if training else ["normal training clips"]
        missing += [f"{label} test clips" for label in ("normal", "anomaly") if label not in labels]
    domains = {name.domain for name in training}
    if "source" in domains and "target" not in domains:
        missing.append("training clips of the target domain")
    if domains == {"target"}:
        reason = (
            "all training clips are of the target domain, none of the source: inlier models can only be fitted on "
            "these clips, and no pseudo-target data can be made"
        )
        yield Problem(machine, "missing in a split", reason)
    if missing:
        yield Problem(machine, "missing in a split", f"no {', no '.join(missing)}")


def _level_difference(machine: str, opened: Sequence[_Opened]) -> Iterator[Problem]:
    """A finding if the level alone separates a machine's normal clips of the two domains."""
    normal = [one for one in opened if one.clip.name.label == "normal" and math.isfinite(one.level_db)]
    source, target = ([one.level_db for one in normal if one.clip.name.domain == name] for name in ("source", "target"))
    if min(len(source), len(target)) < _FEWEST_FOR_LEVELS:
        return
    step = median(target) - median(source)
    above = sum((high > low) + (high == low) / 2 for high in target for low in source) / (len(source) * len(target))
    if abs(step) >= _LEVEL_STEP_DB and max(above, 1 - above) >= _LEVEL_AUC:
        reason = (
            f"normal clips of the target domain differ by {step:+.1f} dB (AUC {max(above, 1 - above):.2f}): a system "
            "may learn loudness; standardise each clip, or check the recording chain"
        )
        yield Problem(machine, "level differs by domain", reason)


def _counts(opened: Sequence[_Opened], *, detailed: bool) -> list[CountLine]:
    """Counts of clips by kind; without attributes in the kind, how many values each item has."""
    groups: dict[tuple[str, ...], list[_Opened]] = defaultdict(list)
    for one in opened:
        name = one.clip.name
        kind = (
            one.clip.machine,
            name.section,
            one.clip.folder,
            name.domain or "-",
            name.label or name.supplement or "-",
        )
        groups[(*kind, words(name.attributes) if detailed else "")].append(one)
    lines = []
    for (machine, section, split, domain, label, said), members in sorted(groups.items()):
        levels = [one.level_db for one in members if math.isfinite(one.level_db)]
        lines.append(
            CountLine(
                machine=machine,
                section=section,
                split=split,
                domain=domain,
                label=label,
                attributes=said or _values(members),
                clips=len(members),
                seconds=round(sum(one.seconds for one in members), 3),
                level_db=round(median(levels), 1) if levels else None,
            )
        )
    return lines


def _values(opened: Sequence[_Opened]) -> str:
    """'vel: 4, loc: A' where item vel has four values and loc one."""
    values: dict[str, set[str]] = defaultdict(set)
    for one in opened:
        for item, value in one.clip.name.attributes:
            values[item].add(value)
    return (
        ", ".join(
            f"{item}: {len(distinct) if len(distinct) > 1 else min(distinct)}" for item, distinct in values.items()
        )
        or "-"
    )
