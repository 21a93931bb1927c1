"""What a DCASE file name says: section, domain, split, label, number and attributes.

`section_00_source_train_normal_0012_vel_5_loc_A.wav`, as in the 2022 and 2023 challenges; clips of an evaluation test
set are `section_00_0012.wav` and say neither domain nor label.
"""

import re
from dataclasses import dataclass
from typing import Literal

Domain = Literal["source", "target"]
Label = Literal["normal", "anomaly"]

_LABELLED = re.compile(
    r"section_(?P<section>\d+)_(?P<domain>source|target)_(?P<split>train|test)_(?P<label>normal|anomaly)"
    r"_(?P<number>\d+)(?:_(?P<attributes>.+))?\.(?i:wav|flac)"
)
_UNLABELLED = re.compile(r"section_(?P<section>\d+)_(?P<number>\d+)\.(?i:wav|flac)")


class ClipNameError(ValueError):
    """A file name that does not follow the data set's rule."""


@dataclass(frozen=True)
class ClipName:
    """The parts of a file name; domain, split and label are None where the name does not say them."""

    section: str
    number: int
    domain: Domain | None = None
    split: Literal["train", "test"] | None = None
    label: Label | None = None
    attributes: tuple[tuple[str, str], ...] = ()


def parse_clip_name(name: str) -> ClipName:
    """The parts of a DCASE file name.

    Raises:
        ClipNameError: the name follows neither the labelled nor the unlabelled form, or an attribute has no value.
    """
    if match := _UNLABELLED.fullmatch(name):
        return ClipName(match["section"], int(match["number"]))
    match = _LABELLED.fullmatch(name)
    if match is None:
        raise ClipNameError(
            f"{name!r} is not a clip name; expected section_NN_<source|target>_<train|test>_<normal|anomaly>_NNNN"
            "[_<item>_<value>...].wav, or section_NN_NNNN.wav."
        )
    return ClipName(
        section=match["section"],
        number=int(match["number"]),
        domain=match["domain"],  # type: ignore[arg-type]  # the pattern admits these alone
        split=match["split"],  # type: ignore[arg-type]
        label=match["label"],  # type: ignore[arg-type]
        attributes=_attributes(match["attributes"], name),
    )


def _attributes(text: str | None, name: str) -> tuple[tuple[str, str], ...]:
    """'vel_5_loc_A' as (('vel', '5'), ('loc', 'A')); `noAttribute`, used since 2024, as none."""
    if text is None or text == "noAttribute":
        return ()
    parts = text.split("_")
    if len(parts) % 2:
        raise ClipNameError(f"{name!r}: attributes come in pairs _<item>_<value>; got {text!r}.")
    return tuple(zip(parts[::2], parts[1::2], strict=True))
