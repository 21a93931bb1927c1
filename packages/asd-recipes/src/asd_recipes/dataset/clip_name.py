"""Parses DCASE Task 2 file names of every year: section, domain, split, label, number and attributes.

| years | labelled | of an evaluation test set |
|---|---|---|
| 2020 | normal_id_01_00000012.wav | id_05_00000012.wav |
| 2021 | section_00_source_train_normal_0012_strength_1_ambient.wav | section_03_source_test_0012.wav |
| 2022 | section_00_source_train_normal_0012_vel_5_loc_A.wav | section_03_test_0012.wav |
| 2023 to 2026 | the same, or _noAttribute in place of the items | section_00_0012.wav |

The directory listings of the official baseline show all of these. For the supplementary clips of 2025 (clean machine
sound, or only noise) sources give different names, such as section_00_machine_0012.wav and
section_00_noise_supplemental_...; there the words "machine" or "clean", or "noise", decide.
"""

import re
from dataclasses import dataclass
from typing import Literal

Domain = Literal["source", "target"]
Label = Literal["normal", "anomaly"]
Supplement = Literal["clean", "noise"]

# At most 12 digits: no clip number has more, and int() raises another error for more than 4300.
_SUFFIX = r"\.(?i:wav|flac)"
_NUMBER = r"(?P<number>[0-9]{1,12})"
_SECTION = r"section_(?P<section>[0-9]{1,4})"
_LABELLED = re.compile(
    rf"{_SECTION}_(?P<domain>source|target)_(?P<split>train|test)_(?P<label>normal|anomaly)"
    rf"_{_NUMBER}(?:_(?P<attributes>.*))?{_SUFFIX}"
)
_UNLABELLED = re.compile(rf"{_SECTION}(?:(?:_(?P<domain>source|target))?_(?P<split>test))?_{_NUMBER}{_SUFFIX}")
_OF_2020 = re.compile(rf"(?:(?P<label>normal|anomaly)_)?id_(?P<section>[0-9]{{1,4}})_{_NUMBER}{_SUFFIX}")
_SUPPLEMENT = re.compile(
    rf"{_SECTION}_(?P<words>[a-z]+(?:_[a-z]+)*)_{_NUMBER}(?:_(?P<attributes>.*))?{_SUFFIX}",
)


class ClipNameError(ValueError):
    """A file name that does not follow the data set's rule."""


@dataclass(frozen=True)
class ClipName:
    """The parts of a file name; domain, split and label are None if the name does not contain them.

    Attributes:
        section: two digits; the machine's id in 2020.
        attributes: (item, value) pairs, such as ("vel", "5"). Text without items, as in 2021 ("strength_1_ambient",
            "A1Spd28VMic1"), is the value of the single item "condition".
        supplement: what a supplementary clip of 2025 holds.
    """

    section: str
    number: int
    domain: Domain | None = None
    split: Literal["train", "test"] | None = None
    label: Label | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    supplement: Supplement | None = None


def parse_clip_name(name: str) -> ClipName:
    """The parts of a DCASE file name of any year.

    Raises:
        ClipNameError: the name has no year's form, an attribute has no value, or a character is unprintable.
    """
    if not name.isprintable():
        raise ClipNameError(f"{name!a} has an unprintable character. Rename the file.")
    match = _UNLABELLED.fullmatch(name) or _LABELLED.fullmatch(name) or _OF_2020.fullmatch(name)
    if match is None:
        raise ClipNameError(
            f"{name!r} is not a clip name; expected section_NN_<source|target>_<train|test>_<normal|anomaly>_NNNN"
            "[_<item>_<value>...].wav, section_NN_NNNN.wav, or <normal|anomaly>_id_NN_NNNNNNNN.wav."
        )
    parts = match.groupdict()
    return ClipName(
        section=parts["section"],
        number=int(parts["number"]),
        domain=parts.get("domain"),  # type: ignore[arg-type]  # the patterns match only these
        split=parts.get("split"),  # type: ignore[arg-type]
        label=parts.get("label"),  # type: ignore[arg-type]
        attributes=_attributes(parts.get("attributes"), name),
    )


def parse_supplement_name(name: str) -> ClipName:
    """The parts of the name of a supplementary clip (2025).

    Raises:
        ClipNameError: no section or number, neither or both of clean and noise, or an unprintable character.
    """
    match = _SUPPLEMENT.fullmatch(name) if name.isprintable() else None
    words = set(match["words"].split("_")) if match else set()
    kinds: list[Supplement] = [kind for kind, signs in _SUPPLEMENT_WORDS if words & signs]
    if match is None or len(kinds) != 1:
        raise ClipNameError(
            f"{name!a} is not the name of a supplementary clip; expected section_NN_<machine|clean|noise>_NNNN"
            "[_<item>_<value>...].wav."
        )
    domains: list[Domain] = [domain for domain in _DOMAINS if domain in words]
    return ClipName(
        section=match["section"],
        number=int(match["number"]),
        domain=domains[0] if len(domains) == 1 else None,
        attributes=_attributes(match["attributes"], name),
        supplement=kinds[0],
    )


_DOMAINS: tuple[Domain, ...] = ("source", "target")
_SUPPLEMENT_WORDS: tuple[tuple[Supplement, frozenset[str]], ...] = (
    ("clean", frozenset({"machine", "clean"})),
    ("noise", frozenset({"noise"})),
)


def _attributes(text: str | None, name: str) -> tuple[tuple[str, str], ...]:
    """'vel_5_loc_A' as (('vel', '5'), ('loc', 'A')); `noAttribute`, used since 2024, gives none."""
    if not text or text == "noAttribute":
        return ()
    parts = text.split("_")
    # The single words of 2021 contain digits; a word without digits is an item whose value is missing.
    if len(parts) % 2 and (len(parts) > 1 or re.search("[0-9]", text)) and "" not in parts:
        return (("condition", text),)
    if len(parts) % 2 or "" in parts:
        raise ClipNameError(f"{name!r}: attributes come in pairs _<item>_<value>; got {text!r}.")
    return tuple(zip(parts[::2], parts[1::2], strict=True))
