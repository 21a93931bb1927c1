"""What a data set holds and what is wrong with it, before it costs an hour: `asd data check`."""

import csv
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from asd_features import AudioError, SampleRateError, read_waveform
from asd_recipes.dataset import Clip, Dataset, Problem, scan_dataset


@dataclass(frozen=True)
class CountLine:
    """How many clips there are of one kind."""

    machine: str
    split: str
    domain: str
    label: str
    attributes: str
    clips: int
    seconds: float


@dataclass(frozen=True)
class DataReport:
    """Counts and findings."""

    root: str
    counts: list[CountLine]
    problems: list[Problem]

    def as_json(self) -> dict[str, Any]:
        """The report for a JSON file."""
        return asdict(self)


def check_dataset(root: Path, *, sample_rate_hz: int = 16_000, advance: Callable[[int], None]) -> DataReport:
    """Opens every file of a data set.

    Raises:
        DatasetError: the folder holds no machine type.
    """
    dataset = scan_dataset(root)
    problems = [*dataset.problems]
    seconds: dict[Clip, float] = {}
    contents: dict[str, str] = {}
    for clip in dataset.clips:
        problem, duration, content = _open(clip, sample_rate_hz)
        if problem is not None:
            problems.append(problem)
        if content and content in contents:
            problems.append(Problem(clip.key, "duplicate content", f"the same samples as {contents[content]}"))
        elif content:
            contents[content] = clip.key
        seconds[clip] = duration
        advance(1)
    problems += _attribute_problems(dataset)
    return DataReport(str(root), _counts(dataset, seconds), problems)


def _open(clip: Clip, sample_rate_hz: int) -> tuple[Problem | None, float, str]:
    """(what is wrong or None, duration in seconds, hash of the samples)."""
    try:
        wave = read_waveform(clip.path, sample_rate_hz=sample_rate_hz)
    except SampleRateError as error:
        return Problem(clip.key, "wrong rate", str(error)), 0.0, ""
    except AudioError as error:
        kind = type(error).__name__.removesuffix("AudioError").removesuffix("Error").lower()
        return Problem(clip.key, kind, str(error)), 0.0, ""
    except OSError as error:
        return Problem(clip.key, "unreadable", str(error)), 0.0, ""
    digest = hashlib.blake2b(wave.samples.tobytes(), digest_size=16).hexdigest()
    return None, len(wave.samples) / sample_rate_hz, digest


def _attribute_problems(dataset: Dataset) -> list[Problem]:
    """Where attributes_00.csv and the file names disagree; a data set without the file is none."""
    problems = []
    for machine in dataset.machines:
        path = dataset.root / machine / "attributes_00.csv"
        if not path.is_file():
            continue
        named = {clip.path.name: clip.name.attributes for clip in dataset.clips if clip.machine == machine}
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))[1:]
        listed_names = {Path(row[0]).name for row in rows if row}
        for clip in dataset.clips:
            if clip.machine == machine and clip.path.name not in listed_names and clip.name.label is not None:
                problems.append(Problem(clip.key, "not listed", "attributes_00.csv does not name it"))
        for row in rows:
            name = Path(row[0]).name if row else ""
            values = [cell for cell in row[1:] if cell]
            listed = tuple(zip(values[::2], values[1::2], strict=False))
            if name and name not in named:
                problems.append(
                    Problem(f"{machine}/attributes_00.csv", "no such clip", f"{row[0]} is listed, not there")
                )
            elif name and listed != named[name] and "noAttribute" not in values:
                reason = f"attributes_00.csv says {_words(listed)}, the name {_words(named[name])}"
                problems.append(Problem(f"{machine}: {name}", "attributes disagree", reason))
    return problems


def _counts(dataset: Dataset, seconds: dict[Clip, float]) -> list[CountLine]:
    clips: Counter[tuple[str, str, str, str, str]] = Counter()
    durations: Counter[tuple[str, str, str, str, str]] = Counter()
    for clip in dataset.clips:
        name = clip.name
        key = (clip.machine, clip.folder, name.domain or "-", name.label or "-", _words(name.attributes))
        clips[key] += 1
        durations[key] += seconds[clip]  # type: ignore[assignment]  # a Counter adds floats as well
    return [CountLine(*key, clips[key], round(durations[key], 3)) for key in sorted(clips)]


def _words(attributes: tuple[tuple[str, str], ...]) -> str:
    return " ".join(f"{item}={value}" for item, value in attributes) or "-"
