"""Metrics for anomalous sound detection. ``__all__`` is the whole promise; docs/conventions.md explains it.

Nothing is loaded, NumPy included, before it is used: the import takes a millisecond.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "bootstrap_intervals": ("Intervals", "MetricInterval", "bootstrap", "bootstrap_auc"),
    "comparison": ("Comparison", "Difference", "compare"),
    "conventions": ("CONVENTIONS", "Convention", "Metric", "find_convention"),
    "decisions": ("DecisionMetrics", "decision_metrics"),
    "delong": ("DeLongTest", "delong_interval", "delong_test"),
    "directories": ("bootstrap_directory", "compare_directories", "evaluate_directory", "read_scores"),
    "ensemble": ("average_ranks", "average_scores", "maximum_scores", "minimum_scores"),
    "evaluation": ("Evaluation", "evaluate"),
    "false_alarms": ("FalseAlarmRate", "false_alarm_rate", "false_alarm_threshold"),
    "ground_truth": ("GroundTruth", "labelled_table", "read_ground_truth"),
    "interval": ("Interval",),
    "leakage": ("refuse_test_data",),
    "machine_metrics": ("MachineMetrics", "evaluate_machine", "official_score"),
    "means": ("arithmetic_mean", "harmonic_mean"),
    "official_table": ("official_csv", "official_rows"),
    "printed_table": ("official_text",),
    "roc": ("partial_auc", "roc_auc", "roc_curve"),
    "score_table": ("ScoreTable",),
    "section_result": ("MetricValue", "SectionResult"),
    "selection": ("select_by_agreement", "select_by_labels"),
    "standardise": (
        "EmpiricalQuantileStandardiser",
        "LocalDensityStandardiser",
        "RobustStandardiser",
        "ZScoreStandardiser",
    ),
    "submission": ("RepairWarning", "SectionScores", "Submission", "read_submission"),
    "submission_check": ("check_submission",),
    "submission_writing": ("write_submission",),
    "thresholds": ("decide", "gamma_threshold", "quantile_threshold"),
    "transductive": ("TransductiveWarning", "transductive_standardise"),
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
