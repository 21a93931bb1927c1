"""Metrics for anomalous sound detection. ``__all__`` names all that is public; docs/conventions.md explains it.

Nothing is loaded, NumPy included, before it is used: the import takes a millisecond.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "ensembles.average": ("average_scores",),
    "ensembles.score_ensemble": ("ScoreEnsemble", "average_by_model"),
    "ensembles.z_score": ("ZScoreStandardiser",),
    "evaluation.evaluation": ("Evaluation", "evaluate"),
    "evaluation.official_table": ("official_csv",),
    "evaluation.printed_table": ("official_text",),
    "evaluation.section_result": ("MetricValue", "SectionResult"),
    "inputs.score_table": ("ScoreTable",),
    "intervals.bootstrap": ("Intervals", "MetricInterval", "bootstrap", "bootstrap_auc"),
    "intervals.comparison": ("Comparison", "Difference", "compare"),
    "intervals.delong": ("DeLongTest", "delong_interval", "delong_test"),
    "intervals.interval": ("Interval",),
    "metrics.conventions": ("Convention", "Metric", "find_convention"),
    "metrics.decisions": ("DecisionMetrics", "decision_metrics"),
    "metrics.machine_metrics": ("MachineMetrics", "evaluate_machine", "official_score"),
    "metrics.means": ("harmonic_mean",),
    "metrics.roc": ("partial_auc", "roc_auc", "roc_curve"),
    "submissions.check": ("check_submission",),
    "submissions.directories": ("bootstrap_directory", "compare_directories", "evaluate_directory", "read_scores"),
    "submissions.ground_truth": ("GroundTruth", "read_ground_truth"),
    "submissions.reading": ("RepairWarning", "SectionScores", "Submission", "read_submission"),
    "submissions.writing": ("write_submission",),
    "thresholds.false_alarms": ("FalseAlarmRate", "false_alarm_rate", "false_alarm_threshold"),
    "thresholds.quantiles": ("decide", "gamma_threshold", "quantile_threshold"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = ["errors", *sorted(_MODULE_OF)]


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module(".errors", __name__)
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
