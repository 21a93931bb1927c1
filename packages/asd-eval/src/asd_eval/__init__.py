"""Metrics for anomalous sound detection. ``__all__`` is the whole promise; see docs/conventions.md."""

from .conventions import Convention, Metric, find_convention
from .ensemble import average_ranks, average_scores, maximum_scores, minimum_scores
from .leakage import refuse_test_data
from .machine_metrics import MachineMetrics, evaluate_machine, official_score
from .means import arithmetic_mean, harmonic_mean
from .roc_auc import partial_auc, roc_auc, roc_curve
from .standardise import (
    EmpiricalQuantileStandardiser,
    LocalDensityStandardiser,
    RobustStandardiser,
    ZScoreStandardiser,
)

__version__ = "0.1.0"

__all__ = [
    "Convention",
    "EmpiricalQuantileStandardiser",
    "LocalDensityStandardiser",
    "MachineMetrics",
    "Metric",
    "RobustStandardiser",
    "ZScoreStandardiser",
    "arithmetic_mean",
    "average_ranks",
    "average_scores",
    "evaluate_machine",
    "find_convention",
    "harmonic_mean",
    "maximum_scores",
    "minimum_scores",
    "official_score",
    "partial_auc",
    "refuse_test_data",
    "roc_auc",
    "roc_curve",
]
