"""How the embedded synthetic data are told from recordings: by a mark in each folder, which a copied folder keeps.

The clips themselves carry none: a wav file that is copied alone, out of its folder, is not known to be synthetic.
"""

from collections.abc import Iterable
from pathlib import Path

RECORD = "synth.json"
"""In the folder of a whole set: what it was made from."""
MARK = ".synthetic"
"""In each folder of a machine and of its clips; hidden, as it is no file of the data set's layout."""
MARK_TEXT = "Synthetic data, made by `asd data synth`. A number made from them says nothing about real machines.\n"


def folders_of(files: Iterable[Path]) -> set[Path]:
    """The folders in which files are; of a link the one in which the file itself is."""
    return {file.resolve().parent if file.is_symlink() else file.parent for file in files}


def is_synthetic(folders: Iterable[Path]) -> bool:
    """Whether one of the folders, or a folder above it, is marked."""
    places = {place.resolve() for place in folders}
    places |= {above for place in places for above in place.parents}
    return any((place / name).is_file() for place in places for name in (RECORD, MARK))
