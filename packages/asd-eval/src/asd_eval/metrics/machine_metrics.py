"""The three numbers of one machine, and the score that ranks systems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from asd_eval.errors import ConventionError, UndefinedMetricError
from asd_eval.inputs.checked_columns import checked_domains, checked_labels, checked_scores, same_length
from asd_eval.metrics.conventions import find_convention
from asd_eval.metrics.means import harmonic_mean
from asd_eval.metrics.strata import Section, metric_from_counts, why_undefined

_THREE = ("AUC (source)", "AUC (target)", "pAUC")


@dataclass(frozen=True)
class MachineMetrics:
    """AUC of both domains and pAUC of one machine (one section), as fractions, not percent."""

    machine: str
    auc_source: float
    auc_target: float
    pauc: float
    convention: str

    @property
    def hmean(self) -> float:
        """Harmonic mean of the three: the machine's column of the paper's Table 4."""
        return harmonic_mean([self.auc_source, self.auc_target, self.pauc])


def evaluate_machine(
    machine: str,
    labels: ArrayLike,
    scores: ArrayLike,
    domains: ArrayLike,
    *,
    convention: Literal["official", "within-domain"] = "official",
) -> MachineMetrics:
    """AUC source, AUC target and pAUC of one machine.

    "official" (DCASE 2022 to 2026) compares the normal clips of a domain with the anomalous clips of BOTH
    domains; "within-domain" (Fujimura 2023, Tables 2 and 3) with those of that domain alone. pAUC (p = 0.1) is
    over all clips either way. ``evaluate`` does the same for many machines and reports what is missing.

    Args:
        machine: its name.
        labels: (N,) 0 normal, 1 anomaly.
        scores: (N,) anomaly scores.
        domains: (N,) "source" or "target".
        convention: "official" or "within-domain"; for those of 2020 and 2021 use ``evaluate``.

    Raises:
        ConventionError: if the convention ranks by other metrics.
        UndefinedMetricError: if a domain lacks normal clips, or there are no anomalous ones.
        EvaluationError: if an argument is invalid.
    """
    chosen = find_convention(convention)
    names = tuple(metric.name for metric in chosen.ranked)
    if names != _THREE:
        raise ConventionError(
            f"convention {chosen.name} ranks by {', '.join(names)}; evaluate_machine gives {', '.join(_THREE)}. "
            "Use evaluate(), or the convention official or within-domain."
        )
    label, score, domain = checked_labels(labels), checked_scores(scores), checked_domains(domains)
    same_length(labels=label, scores=score, domains=domain)
    clips = Section.from_scores(label, domain, [score])
    values: dict[str, float] = {}
    for metric in chosen.ranked:
        reason = why_undefined(metric, clips.strata)
        if reason:
            raise UndefinedMetricError(f"{machine}: {reason} among {len(label)}; {metric.name} needs both classes.")
        values[metric.name] = float(metric_from_counts(metric, clips.strata, clips.counts()))
    auc_source, auc_target, pauc = (values[name] for name in _THREE)
    return MachineMetrics(machine, auc_source, auc_target, pauc, chosen.name)


def official_score(metrics: Sequence[MachineMetrics]) -> float:
    """Harmonic mean over AUC source, AUC target and pAUC of all machines.

    Raises:
        ScoreError: if there are no machines.
    """
    return harmonic_mean([value for m in metrics for value in (m.auc_source, m.auc_target, m.pauc)])
