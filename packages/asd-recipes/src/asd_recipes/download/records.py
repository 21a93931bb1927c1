"""The records of DCASE Task 2 for each year, and the names of their zip files.

Record numbers and names are those of the official baselines' download scripts. The development record of 2023 is the
one with the corrected attributes (7690148 and 7690157 have wrong ones). Files, sizes and md5 come from the record
itself; the names here only make it possible to use zip files placed by hand without a network.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from asd_recipes.dataset.dcase2023_facts import DEV_MACHINES, EVAL_MACHINES
from asd_recipes.download.errors import RecordError

SPLITS = ("dev", "additional", "eval")
ZENODO = "https://zenodo.org"

_ARCHIVE_NAME = re.compile(
    r"(?:dev_data|dev|eval_data_train|eval_data_test|eval_data)_(?P<machine>[A-Za-z0-9][A-Za-z0-9_-]*?)(?:_train|_test)?"
    r"(?:_r(?P<revision>\d{1,4}))?\.zip"
)


@dataclass(frozen=True)
class Archive:
    """One zip file. Size in bytes, md5 and address are None if the record was not requested."""

    name: str
    split: str
    machine: str
    size: int | None = None
    md5: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class KnownRecord:
    """A record's number, and its known zip files."""

    number: int
    names: tuple[str, ...]


def _named(number: int, pattern: str, machines: Sequence[str]) -> KnownRecord:
    return KnownRecord(number, tuple(pattern.format(machine) for machine in machines))


_2020 = ("fan", "pump", "slider", "ToyCar", "ToyConveyor", "valve")
_2021 = ("fan", "gearbox", "pump", "slider", "ToyCar", "ToyTrain", "valve")
_2024_SAME = ("AirCompressor", "Scanner", "ToyCircuit", "HoveringDrone", "HairDryer", "ToothBrush", "BrushlessMotor")
_2024_REVISED = ("3DPrinter", "RoboticArm")  # their training clips were replaced after publication
_2025 = ("AutoTrash", "BandSealer", "CoffeeGrinder", "HomeCamera", "Polisher", "ScrewFeeder", "ToyPet", "ToyRCCar")
_2026_DEV = ("ToyCar_r2", "ToyCarEmu", "bearingEmu", "fan", "gearboxEmu", "sliderEmu", "valveEmu")
_2026_EVAL = ("BlowerDustCollector", "Sander", "SewingMachine", "ToothBrush", "ToyDrone")

RECORDS: dict[int, dict[str, KnownRecord]] = {
    2020: {
        "dev": _named(3678171, "dev_data_{}.zip", _2020),
        "additional": _named(3727685, "eval_data_train_{}.zip", _2020),
        "eval": _named(3841772, "eval_data_test_{}.zip", _2020),
    },
    2021: {
        "dev": _named(4562016, "dev_data_{}.zip", _2021),
        "additional": _named(4660992, "eval_data_{}_train.zip", _2021),
        "eval": _named(4884786, "eval_data_{}_test.zip", _2021),
    },
    2022: {
        "dev": _named(6355122, "dev_{}.zip", DEV_MACHINES),
        "additional": _named(6462969, "eval_data_{}_train.zip", DEV_MACHINES),
        "eval": _named(6586456, "eval_data_{}_test.zip", DEV_MACHINES),
    },
    2023: {
        "dev": _named(7882613, "dev_{}.zip", DEV_MACHINES),
        "additional": _named(7830345, "eval_data_{}_train.zip", EVAL_MACHINES),
        "eval": _named(7860847, "eval_data_{}_test.zip", EVAL_MACHINES),
    },
    2024: {
        "dev": _named(10902294, "dev_{}.zip", DEV_MACHINES),
        "additional": KnownRecord(
            11259435,
            (
                *(f"eval_data_{machine}_train.zip" for machine in _2024_SAME),
                *(f"eval_data_{machine}_train_r2.zip" for machine in _2024_REVISED),
            ),
        ),
        "eval": _named(11363076, "eval_data_{}_test.zip", (*_2024_SAME, *_2024_REVISED)),
    },
    2025: {
        "dev": _named(15097779, "dev_{}.zip", DEV_MACHINES),
        "additional": _named(15392814, "eval_data_{}_train.zip", _2025),
        "eval": _named(15519362, "eval_data_{}_test.zip", _2025),
    },
    2026: {
        "dev": _named(19336329, "dev_{}.zip", _2026_DEV),
        "additional": _named(20151556, "eval_data_{}_train.zip", _2026_EVAL),
        "eval": _named(20437238, "eval_data_{}_test.zip", _2026_EVAL),
    },
}

# md5 of the 2023 files, so that zips placed by hand are checked without a network.
_MD5_2023 = {
    "dev": (
        "8a813bc8d8f156b5395bfccdfac7673c 9348591e96fb0ad499a1e33b082562fc b6e55f6a31faa0fc8569ec0afdd53ccf "
        "b3f8dee36b4718c36d659a4fd1c4afe0 4e3bf15f4101ed4ed4f1fecde2e2b2a3 6b02a6c65eebb3b8b1ae59a6b25bb897 "
        "b2051a2022eadb53cd97581120811cae"
    ),
    "additional": (
        "9274dfe63de028743823f1123f8b4b47 17569c1f9df23621a0dbabc430684a35 35f821b5645b731fb5a1750e33b95fc3 "
        "7fea367d1384a1521ae24f72203238de 9332822f3e47afd984c01f2ecb5ca3af b1fd3ab7de7561290df2d477de1c9d33 "
        "1c8de33d9a8c7850a1f7aaddb97d87be"
    ),
    "eval": (
        "2a8e8f39f6584ab366a8f4da52d4d7a6 631b3e1608b6077772829a6e68c82c77 ba98c98caa96051ec80e24e44b8fca56 "
        "fdae7b8d1f4cadb2bea88bc93e2367db 62f5f5043d8fb3a305b1c2e1025872de f5639bf58c47169c622751f19c6fc321 "
        "a32524fd8c45b574a560685b38acc4e1"
    ),
}
KNOWN_MD5: dict[int, dict[str, str]] = {
    2023: {
        name: md5
        for split, sums in _MD5_2023.items()
        for name, md5 in zip(RECORDS[2023][split].names, sums.split(), strict=True)
    }
}


def dataset_year(name: str) -> int:
    """'dcase2023' as 2023.

    Raises:
        RecordError: no such data set.
    """
    years = {f"dcase{year}": year for year in RECORDS}
    if name not in years:
        raise RecordError(f"no data set {name!r}; there are {', '.join(years)}.")
    return years[name]


def known_record(year: int, split: str) -> KnownRecord:
    """The record of a year's split.

    Raises:
        RecordError: no such split.
    """
    if split not in SPLITS:
        raise RecordError(f"dcase{year} has no split {split!r}; there are {', '.join(SPLITS)}.")
    return RECORDS[year][split]


def machine_of(name: str) -> tuple[str, int] | None:
    """(machine type, revision) from a zip file's name; None if it is not a machine's zip file."""
    match = _ARCHIVE_NAME.fullmatch(name)
    return None if match is None else (match["machine"], int(match["revision"] or 1))


def newest_archives(archives: Sequence[Archive]) -> list[Archive]:
    """One zip file for each machine type: the highest revision (`..._r2.zip`) if there are several."""
    newest: dict[str, tuple[int, Archive]] = {}
    for archive in archives:
        named = machine_of(archive.name)
        assert named is not None
        if named[0] not in newest or named[1] > newest[named[0]][0]:
            newest[named[0]] = (named[1], archive)
    return [archive for _, archive in newest.values()]


def known_archives(year: int, split: str) -> list[Archive]:
    """The zip files of a split that are known without requesting the record."""
    sums = KNOWN_MD5.get(year, {})
    archives = []
    for name in known_record(year, split).names:
        named = machine_of(name)
        assert named is not None
        archives.append(Archive(name, split, named[0], md5=sums.get(name)))
    return archives
