"""A section's clips by domain and label, counted on its sorted distinct scores.

Metrics, resamples and permutations are computed from these counts: a metric adds up the counts of its strata, a
resample draws new counts within each stratum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from asd_eval.inputs.checked_columns import Float64Array, Int64Array, StrArray
from asd_eval.metrics.conventions import MAX_FPR, Metric
from asd_eval.metrics.roc_counts import auc_from_counts, partial_auc_from_counts, score_positions


@dataclass(frozen=True, eq=False)
class Stratum:
    """Clips of one domain and label: their row numbers in the section, (n,)."""

    domain: str
    label: int
    clips: Int64Array


@dataclass(frozen=True, eq=False)
class Section:
    """The order of a section's clips by score.

    Attributes:
        strata: only those that have clips.
        positions: (K, N) position of each clip's score under each of K systems, the highest score first.
        width: number of positions U.
    """

    strata: tuple[Stratum, ...]
    positions: Int64Array
    width: int

    @classmethod
    def from_scores(cls, labels: Int64Array, domains: StrArray, scores: Sequence[Float64Array]) -> Section:
        """A section scored by K systems; they share one set of positions, so their scores must be on one scale."""
        systems, clips = len(scores), len(labels)
        flat, distinct = score_positions(np.concatenate(scores))
        flat, width = merge_runs(flat, np.tile(labels, systems), distinct)
        strata = tuple(
            Stratum(domain, label, np.flatnonzero((domains == domain) & (labels == label)))
            for domain in dict.fromkeys(domains.tolist())
            for label in (0, 1)
            if np.any((domains == domain) & (labels == label))
        )
        return cls(strata, flat.reshape(systems, clips), width)

    def counts(self, system: int = 0) -> list[Float64Array]:
        """(U,) clips at each position, for each stratum."""
        return [
            np.bincount(self.positions[system, s.clips], minlength=self.width).astype(np.float64) for s in self.strata
        ]


def merge_runs(positions: Int64Array, labels: Int64Array, distinct: int) -> tuple[Int64Array, int]:
    """Merge neighbouring scores that only normal clips have, or only anomalous ones.

    An AUC depends only on the order between the classes: it stays the same, with fewer positions to count.

    Returns:
        (N,) new positions and their number.
    """
    normal, anomalous = (np.bincount(positions[labels == label], minlength=distinct) > 0 for label in (0, 1))
    mixed = normal & anomalous
    begins = np.ones(distinct, dtype=bool)
    begins[1:] = mixed[1:] | mixed[:-1] | (normal[1:] != normal[:-1])
    run = np.cumsum(begins) - 1
    return run[positions].astype(np.int64), int(run[-1]) + 1


def metric_from_counts(metric: Metric, strata: Sequence[Stratum], counts: Sequence[Float64Array]) -> Float64Array:
    """A metric from the counts (..., U) of each stratum: (...,), NaN where a class has no clips."""
    normal, anomalous = (
        _total([c for s, c in zip(strata, counts, strict=True) if s.label == label and s.domain in domains], counts[0])
        for label, domains in ((0, metric.normal), (1, metric.anomalous))
    )
    if metric.kind == "auc":
        return auc_from_counts(normal, anomalous)
    return partial_auc_from_counts(normal, anomalous, max_fpr=MAX_FPR)


def why_undefined(metric: Metric, strata: Sequence[Stratum]) -> str:
    """Why a section does not define a metric, or "" if it does."""
    for label, domains, word in ((0, metric.normal, "normal"), (1, metric.anomalous, "anomalous")):
        if not any(s.label == label and s.domain in domains for s in strata):
            where = f" of the {domains[0]} domain" if len(domains) == 1 else ""
            return f"no {word} clips{where}"
    return ""


def _total(parts: Sequence[Float64Array], like: Float64Array) -> Float64Array:
    if not parts:
        return np.zeros_like(like)
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
