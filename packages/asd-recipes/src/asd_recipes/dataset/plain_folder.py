"""A folder of recordings without a layout, as an engineer brings it: to be checked, before anything is known of it."""

from pathlib import Path

from asd_recipes.dataset.clip import Clip, NoDatasetError, Problem
from asd_recipes.dataset.clip_name import ClipName
from asd_recipes.dataset.folder_search import search_folder
from asd_recipes.dataset.scan import Dataset, scan_dataset
from asd_recipes.file_names import printable


def scan_any(root: Path) -> Dataset:
    """What `scan_dataset` gives, or every recording below a folder that has no layout.

    There the first folder below the root stands for the machine type, and nothing is known of labels and domains.

    Raises:
        DatasetError: neither a layout nor any recording, or a folder above a data set.
    """
    try:
        return scan_dataset(root)
    except NoDatasetError as error:
        found = _recordings(root)
        if error.below or not (found.clips or found.problems):
            raise
        return found


def _recordings(root: Path) -> Dataset:
    found = search_folder(root)
    clips, problems = [], list(found.problems)
    for number, path in enumerate(found.recordings, 1):
        below = path.relative_to(root).as_posix()
        if not below.isprintable():
            reason = "the name holds a character that cannot be printed. Rename the file"
            problems.append(Problem(printable(str(path)), "wrong name", reason))
            continue
        machine = below.split("/")[0] if "/" in below else printable(root.resolve().name)
        clips.append(Clip(machine, "train", path, ClipName("00", number), listed_as=below))
    return Dataset(root, tuple(clips), tuple(problems), plain=True)
