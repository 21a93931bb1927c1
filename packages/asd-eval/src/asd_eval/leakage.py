"""The check that nothing marked as test data, and nothing anomalous, is fitted on.

Standardisers and thresholds are parts of the system: fitted on test clips they know the answer's distribution, and
the system could no longer score one clip alone. Everything with a ``fit`` calls this first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from numpy.typing import ArrayLike

from .checked_columns import checked_labels
from .errors import LeakageError

# section_00_source_test_normal_0001..., id_00 style names carry their split in the folder alone;
# section_00_0001.wav is how the challenge names evaluation test clips.
_TEST_WORD = re.compile(r"(^|[_\W])test([_\W]|$)", re.IGNORECASE)
_EVALUATION_CLIP = re.compile(r"^section_\d+_\d+(\.\w+)?$")
_ANOMALY_WORD = re.compile(r"(^|_)anomaly(_|$)", re.IGNORECASE)


def refuse_test_data(*, names: Sequence[str] | None = None, labels: ArrayLike | None = None) -> None:
    """Pass if clips may be fitted on; otherwise say which may not.

    Args:
        names: (N,) clip names, paths or splits ("train", "test"). A name is marked test by the word "test" in its
            file or directory names, by the challenge's name of an evaluation clip (section_00_0001.wav), and a name
            with the word "anomaly" is refused as well.
        labels: (N,) 0 normal, 1 anomaly; any anomaly is refused.

    Raises:
        LeakageError: naming the first clip at fault and the number of them.
    """
    if names is not None:
        wrong = [str(name) for name in names if _is_test(str(name)) or _ANOMALY_WORD.search(PurePath(str(name)).stem)]
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
    path = PurePath(name)
    return any(_TEST_WORD.search(part) for part in path.parts) or bool(_EVALUATION_CLIP.match(path.name))
