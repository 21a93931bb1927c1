"""Marks synthetic data with a file in each folder, so that a copied folder keeps its mark.

The clips have no mark: a wav file that is copied without its folder is not recognised as synthetic.
"""

from collections.abc import Iterable
from pathlib import Path

RECORD = "synth.json"
"""File in the folder of the whole set; records what it was made from."""
MARK = ".synthetic"
"""File in each folder of a machine and of its clips; hidden because it is not part of the data set's layout."""
MARK_TEXT = "Synthetic data, made by `asd data synth`. A number made from them says nothing about real machines.\n"


def folders_of(files: Iterable[Path]) -> set[Path]:
    """The folders of files; for a link, the folder of the file that it points to."""
    return {file.resolve().parent if file.is_symlink() else file.parent for file in files}


def is_synthetic(folders: Iterable[Path]) -> bool:
    """Whether one of the folders, or a folder above it, is marked."""
    places = {place.resolve() for place in folders}
    places |= {above for place in places for above in place.parents}
    return any((place / name).is_file() for place in places for name in (RECORD, MARK))
