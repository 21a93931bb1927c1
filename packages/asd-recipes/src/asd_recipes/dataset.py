"""The clips of a data set in the DCASE layout: `<root>/<machine>/{train,test}/*.wav`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asd_recipes.clip_name import ClipName, ClipNameError, parse_clip_name

AUDIO_SUFFIXES = (".wav", ".flac")


class DatasetError(ValueError):
    """A folder that is not a data set in the DCASE layout, or lacks what a run needs."""


@dataclass(frozen=True)
class Clip:
    """One recording of a data set."""

    machine: str
    folder: str  # "train" or "test"
    path: Path
    name: ClipName

    @property
    def key(self) -> str:
        """Unique in the data set: names repeat across machine types."""
        return f"{self.machine}/{self.folder}/{self.path.name}"


@dataclass(frozen=True)
class Problem:
    """A file that cannot be used, and why."""

    file: str
    kind: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """Clips sorted by machine, folder and name, and the files that could not be taken."""

    root: Path
    clips: tuple[Clip, ...]
    problems: tuple[Problem, ...]

    @property
    def machines(self) -> list[str]:
        return sorted({clip.machine for clip in self.clips})

    @property
    def synthetic(self) -> bool:
        """Whether `asd data synth` made it."""
        return is_synthetic(self.root)

    def missing_for_scores(self, machine: str) -> list[str]:
        """What a machine lacks to be trained and evaluated; the others serve as pseudo-anomalies."""
        clips = [clip for clip in self.clips if clip.machine == machine]
        missing = [] if any(clip.folder == "train" for clip in clips) else ["normal training clips"]
        there = {(clip.name.domain, clip.name.label) for clip in clips if clip.folder == "test"}
        for domain in ("source", "target"):
            for label in ("normal", "anomaly"):
                if (domain, label) not in there:
                    missing.append(f"{label} test clips of the {domain} domain")
        return missing

    def scorable_machines(self) -> list[str]:
        """Machines that lack nothing."""
        return [machine for machine in self.machines if not self.missing_for_scores(machine)]


def is_synthetic(root: Path) -> bool:
    """Whether a folder is a data set of `asd data synth`, which leaves a manifest."""
    return (root / "synth.json").is_file()


def scan_dataset(root: Path, *, machines: Sequence[str] | None = None) -> Dataset:
    """Lists the clips below a folder; opens none of them.

    Args:
        root: folder that holds a folder for each machine type.
        machines: take these machine types alone.

    Raises:
        DatasetError: no such folder, no machine type in it, or a machine type asked for that is not there.
    """
    if not root.is_dir():
        raise DatasetError(f"{root} is not a folder. Pass the folder that holds one folder for each machine type.")
    found = sorted(entry.name for entry in root.iterdir() if (entry / "train").is_dir() or (entry / "test").is_dir())
    if not found:
        below = sorted({str(path.parent.parent) for path in root.glob("*/*/train")} | _nested(root))
        hint = f" Did you mean {below[0]}?" if below else " Expected <machine>/train/*.wav and <machine>/test/*.wav."
        raise DatasetError(f"{root} holds no machine type.{hint}")
    if unknown := sorted(set(machines or ()) - set(found)):
        raise DatasetError(f"{root} has no machine {', '.join(unknown)}; it has {', '.join(found)}.")
    clips: list[Clip] = []
    problems: list[Problem] = []
    for machine in machines or found:
        for folder in ("train", "test"):
            for path in sorted((root / machine / folder).glob("[!.]*")):
                _take(path, machine, folder, clips, problems)
    return Dataset(root, tuple(clips), tuple(problems))


def _nested(root: Path) -> set[str]:
    return {str(path.parent.parent) for path in root.glob("*/*/*/train")}


def _take(path: Path, machine: str, folder: str, clips: list[Clip], problems: list[Problem]) -> None:
    file = f"{machine}/{folder}/{path.name}"
    if path.suffix.lower() not in AUDIO_SUFFIXES:
        problems.append(Problem(file, "not audio", "neither .wav nor .flac"))
        return
    try:
        name = parse_clip_name(path.name)
    except ClipNameError as error:
        problems.append(Problem(file, "wrong name", str(error)))
        return
    if name.split is not None and name.split != folder:
        problems.append(Problem(file, "wrong folder", f"the name says {name.split}, the folder {folder}"))
    elif folder == "train" and name.label != "normal":
        problems.append(Problem(file, "wrong label", "a training clip must be normal and say so in its name"))
    else:
        clips.append(Clip(machine, folder, path, name))
