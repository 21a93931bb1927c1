"""The check that nothing marked as test data, and nothing anomalous, is fitted on.

Standardisers and thresholds are parts of the system: fitted on test clips they know the answer's distribution, and
the system could no longer score one clip alone. Everything with a ``fit`` calls this first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PureWindowsPath

from numpy.typing import ArrayLike

from .checked_columns import checked_labels
from .errors import LeakageError, LengthError

# section_00_source_test_normal_0001..., id_00 style names carry their split in the folder alone;
# section_00_0001.wav is how the challenge names evaluation test clips.
_TEST_WORD = re.compile(r"(^|[_\W])test([_\W]|$)", re.IGNORECASE)
_EVALUATION_CLIP = re.compile(r"^section_\d+_\d+(\.\w+)?$")
_ANOMALY_WORD = re.compile(r"(^|_)anomaly(_|$)", re.IGNORECASE)


def refuse_test_data(
    *, names: Sequence[str] | None = None, labels: ArrayLike | None = None, clips: int | None = None
) -> None:
    """Pass if clips may be fitted on; otherwise say which may not.

    Args:
        names: (N,) clip names, paths or splits ("train", "test"). A name is marked test by the word "test" in its
            file name, by "test" as the last of the folders called "train" or "test" above it, and by the challenge's
            name of an evaluation clip (section_00_0001.wav). A file name with the word "anomaly" is refused as well.
        labels: (N,) 0 normal, 1 anomaly; any anomaly is refused.
        clips: N, to be compared with the number of names.

    Raises:
        LeakageError: naming the first clip at fault and the number of them.
        LengthError: if there are more or fewer names than clips.
    """
    if names is not None:
        if clips is not None and len(names) != clips:
            raise LengthError(f"names must be one per training clip; got {len(names)} names for {clips} clips.")
        wrong = [name for name in map(str, names) if _is_test(name) or _ANOMALY_WORD.search(_path(name).stem)]
        if wrong:
            raise LeakageError(
                f"{wrong[0]!r} is marked test or anomalous ({len(wrong)} of {len(names)} are): fit on normal "
                "training clips alone. Test-set statistics are only to be had as transductive_standardise()."
            )
    if labels is not None:
        anomalies = int(checked_labels(labels).sum())
        if anomalies:
            raise LeakageError(f"{anomalies} labels are anomalous: fit on normal training clips alone.")


def _is_test(name: str) -> bool:
    path = _path(name)
    splits = [part.lower() for part in path.parts[:-1] if part.lower() in ("train", "test")]
    return splits[-1:] == ["test"] or bool(_TEST_WORD.search(path.name)) or bool(_EVALUATION_CLIP.match(path.name))


def _path(name: str) -> PureWindowsPath:
    # It takes both kinds of slashes, wherever the list of names was written.
    return PureWindowsPath(name)
