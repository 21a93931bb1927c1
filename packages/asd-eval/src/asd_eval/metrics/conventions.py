"""Which clips each metric compares: the conventions of the challenge, by name and year.

A convention is data: a list of metrics, each with the domains of its normal and of its anomalous clips, and the
mean that ranks systems. Evaluation, bootstrap and permutation tests all read the same list, so they cannot
disagree about what "AUC (source)" means.

Sources: the official evaluators and baselines of DCASE Task 2, 2020 to 2026; Fujimura 2023, Tables 2 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from asd_eval.errors import ConventionError

SOURCE, TARGET, ANY = ("source",), ("target",), ("source", "target", "")
"""Domains of a metric; "" is a clip of a data set without domains."""

MAX_FPR = 0.1
"""p of the challenge's pAUC, all years."""


@dataclass(frozen=True)
class Metric:
    """One number per section: the AUC, or the pAUC, of some normal clips against some anomalous ones.

    Attributes:
        ranked: whether it is part of the score that ranks systems, or only shown.
    """

    name: str
    kind: Literal["auc", "pauc"]
    normal: tuple[str, ...]
    anomalous: tuple[str, ...]
    ranked: bool = True


@dataclass(frozen=True)
class Convention:
    """What to compute for each section of each machine, and how to average it."""

    name: str
    years: tuple[int, ...]
    metrics: tuple[Metric, ...]
    mean: Literal["harmonic", "arithmetic"]
    says: str

    @property
    def ranked(self) -> tuple[Metric, ...]:
        """The metrics behind the score that ranks systems."""
        return tuple(metric for metric in self.metrics if metric.ranked)


_OFFICIAL = Convention(
    name="official",
    years=(2022, 2023, 2024, 2025, 2026),
    metrics=(
        Metric("AUC (all)", "auc", ANY, ANY, ranked=False),
        Metric("AUC (source)", "auc", SOURCE, ANY),
        Metric("AUC (target)", "auc", TARGET, ANY),
        Metric("pAUC", "pauc", ANY, ANY),
    ),
    mean="harmonic",
    says="normal clips of a domain against the anomalous clips of both domains; pAUC over all clips",
)
_WITHIN_DOMAIN = Convention(
    name="within-domain",
    years=(),
    metrics=(
        Metric("AUC (source)", "auc", SOURCE, SOURCE),
        Metric("AUC (target)", "auc", TARGET, TARGET),
        Metric("pAUC", "pauc", ANY, ANY),
    ),
    mean="harmonic",
    says="normal and anomalous clips of one domain; pAUC over all clips (Fujimura 2023, Tables 2 and 3)",
)
_DCASE2021 = Convention(
    name="dcase2021",
    years=(2021,),
    metrics=(
        Metric("AUC (source)", "auc", SOURCE, SOURCE),
        Metric("AUC (target)", "auc", TARGET, TARGET),
        Metric("pAUC (source)", "pauc", SOURCE, SOURCE),
        Metric("pAUC (target)", "pauc", TARGET, TARGET),
    ),
    mean="harmonic",
    says="each domain alone, AUC and pAUC of both",
)
_DCASE2020 = Convention(
    name="dcase2020",
    years=(2020,),
    metrics=(Metric("AUC", "auc", ANY, ANY), Metric("pAUC", "pauc", ANY, ANY)),
    mean="arithmetic",
    says="each machine id alone, no domains; arithmetic mean",
)

CONVENTIONS = (_OFFICIAL, _WITHIN_DOMAIN, _DCASE2021, _DCASE2020)


def find_convention(name: str | int) -> Convention:
    """The convention of a name ("official", "within-domain", "dcase2021"), or of a year (2021, "2021").

    Raises:
        ConventionError: if there is no such convention; the message lists all.
    """
    word = str(name).strip().lower()
    year = word.removeprefix("dcase")
    for convention in CONVENTIONS:
        if word == convention.name or (year.isdecimal() and int(year) in convention.years):
            return convention
    known = ", ".join(c.name for c in CONVENTIONS)
    raise ConventionError(f"unknown convention {name!r}; choose {known}, or a year from 2020 to 2026.")
