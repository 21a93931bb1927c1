"""Lists the clips of a data set in any layout, and the files that are not clips.

Three layouts are recognised: the DCASE folders of all years (`dcase_layout`), a folder with a `metadata.csv` as on the
Hugging Face hub, and a CSV file of paths and labels (`clip_table`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asd_recipes.dataset.clip import Clip, DatasetError
from asd_recipes.dataset.clip_table import metadata_tables, scan_tables
from asd_recipes.dataset.dcase_layout import closed_folders, machine_folders, scan_machine
from asd_recipes.dataset.synthetic_mark import folders_of, is_synthetic
from asd_runtime.file_names import printable
from asd_runtime.sound.problem import Problem


@dataclass(frozen=True)
class Dataset:
    """Clips sorted by machine, folder and name, and the files that are not clips.

    Attributes:
        root: the folder or CSV file that was scanned.
        tables: the CSV files that list the clips; empty if there are only folders and names.
        plain: whether it is a folder without a layout, so that only the recordings are known.
    """

    root: Path
    clips: tuple[Clip, ...]
    problems: tuple[Problem, ...]
    tables: tuple[Path, ...] = ()
    plain: bool = False

    @property
    def machines(self) -> list[str]:
        return sorted({clip.machine for clip in self.clips})

    @property
    def synthetic(self) -> bool:
        """Whether `asd data synth` made the data set or a part of it."""
        return is_synthetic([self.root, *folders_of(clip.path for clip in self.clips)])

    def name_of(self, clip: Clip) -> str:
        """The name of a clip in findings; without a layout, its path as the user gave it."""
        return printable(str(clip.path)) if self.plain else clip.key

    def missing_for_scores(self, machine: str) -> list[str]:
        """What a machine lacks to be trained and evaluated; such a machine only serves as pseudo-anomalies."""
        clips = [clip for clip in self.clips if clip.machine == machine]
        missing = [] if any(clip.folder == "train" for clip in clips) else ["normal training clips"]
        test_kinds = {(clip.name.domain, clip.name.label) for clip in clips if clip.folder == "test"}
        for domain in ("source", "target"):
            for label in ("normal", "anomaly"):
                if (domain, label) not in test_kinds:
                    missing.append(f"{label} test clips of the {domain} domain")
        return missing

    def scorable_machines(self) -> list[str]:
        """Machines that can be trained and evaluated."""
        return [machine for machine in self.machines if not self.missing_for_scores(machine)]


def scan_dataset(root: Path, *, machines: Sequence[str] | None = None) -> Dataset:
    """Lists the clips of a data set; opens none of them.

    Args:
        root: folder with one folder per machine type, or with a metadata.csv; or a CSV file of paths and labels.
        machines: only these machine types.

    Raises:
        DatasetError: no such folder or file, no machine type in it, a table without a column of paths, or a requested
            machine type that does not exist.
    """
    if root.is_file():
        tables = [root]
    elif root.is_dir():
        tables = metadata_tables(root)
    else:
        raise DatasetError(
            f"{root} does not exist. Pass the folder that holds one folder per machine type, or a CSV file of clips."
        )
    if tables:
        clips, problems = scan_tables(root, tables)
        available = sorted({clip.machine for clip in clips})
    else:
        available = sorted(machine_folders(root))
    if unknown := sorted(set(machines or ()) - set(available)):
        raise DatasetError(f"{root} has no machine {', '.join(unknown)}; it has {', '.join(available)}.")
    wanted = list(machines or available)
    if tables:
        return Dataset(root, tuple(clip for clip in clips if clip.machine in wanted), tuple(problems), tuple(tables))
    scans = [scan_machine(root, machine) for machine in wanted]
    return Dataset(
        root,
        tuple(clip for scan in scans for clip in scan[0]),
        (*closed_folders(root), *(problem for scan in scans for problem in scan[1])),
    )
