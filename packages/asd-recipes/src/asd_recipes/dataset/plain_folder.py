"""A plain folder of recordings without a layout, so that it can be checked."""

from pathlib import Path

from asd_recipes.dataset.clip import Clip, DatasetError, NoDatasetError
from asd_recipes.dataset.clip_name import ClipName
from asd_recipes.dataset.scan import Dataset, scan_dataset
from asd_runtime.file_names import printable
from asd_runtime.sound.folder_search import AUDIO_SUFFIXES, search_folder
from asd_runtime.sound.problem import Problem


def scan_any(root: Path) -> Dataset:
    """The result of `scan_dataset`, or for a folder without a layout, every recording in it.

    There the first folder below the root counts as the machine type; labels and domains are unknown.

    Raises:
        DatasetError: the folder has neither a layout nor recordings, or is a parent of a data set's folder.
    """
    if root.is_file() and root.suffix.lower() in AUDIO_SUFFIXES:
        raise DatasetError(f"{root} is a recording. Pass its folder: asd data check {root.parent}.")
    try:
        return scan_dataset(root)
    except NoDatasetError as error:
        dataset = _recordings(root)
        if error.below or not (dataset.clips or dataset.problems):
            raise
        return dataset


def _recordings(root: Path) -> Dataset:
    search = search_folder(root)
    clips, problems = [], list(search.problems)
    for number, path in enumerate(search.recordings, 1):
        below = path.relative_to(root).as_posix()
        if not below.isprintable():
            reason = "the name has an unprintable character. Rename the file"
            problems.append(Problem(printable(str(path)), "wrong name", reason))
            continue
        machine = below.split("/")[0] if "/" in below else printable(root.resolve().name)
        clips.append(Clip(machine, "train", path, ClipName("00", number), listed_as=below))
    return Dataset(root, tuple(clips), tuple(problems), plain=True)
