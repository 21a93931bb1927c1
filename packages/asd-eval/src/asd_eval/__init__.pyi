"""Types of the lazily imported front door; a test holds it equal to ``__init__.py``."""

from . import errors as errors
from .bootstrap_intervals import (
    Intervals as Intervals,
)
from .bootstrap_intervals import (
    MetricInterval as MetricInterval,
)
from .bootstrap_intervals import (
    bootstrap as bootstrap,
)
from .bootstrap_intervals import (
    bootstrap_auc as bootstrap_auc,
)
from .comparison import (
    Comparison as Comparison,
)
from .comparison import (
    Difference as Difference,
)
from .comparison import (
    compare as compare,
)
from .conventions import (
    CONVENTIONS as CONVENTIONS,
)
from .conventions import (
    Convention as Convention,
)
from .conventions import (
    Metric as Metric,
)
from .conventions import (
    find_convention as find_convention,
)
from .decisions import (
    DecisionMetrics as DecisionMetrics,
)
from .decisions import (
    decision_metrics as decision_metrics,
)
from .delong import (
    DeLongTest as DeLongTest,
)
from .delong import (
    delong_interval as delong_interval,
)
from .delong import (
    delong_test as delong_test,
)
from .directories import (
    bootstrap_directory as bootstrap_directory,
)
from .directories import (
    compare_directories as compare_directories,
)
from .directories import (
    evaluate_directory as evaluate_directory,
)
from .directories import (
    read_scores as read_scores,
)
from .ensemble import (
    average_ranks as average_ranks,
)
from .ensemble import (
    average_scores as average_scores,
)
from .ensemble import (
    maximum_scores as maximum_scores,
)
from .ensemble import (
    minimum_scores as minimum_scores,
)
from .evaluation import (
    Evaluation as Evaluation,
)
from .evaluation import (
    evaluate as evaluate,
)
from .false_alarms import (
    FalseAlarmRate as FalseAlarmRate,
)
from .false_alarms import (
    false_alarm_rate as false_alarm_rate,
)
from .false_alarms import (
    false_alarm_threshold as false_alarm_threshold,
)
from .ground_truth import (
    GroundTruth as GroundTruth,
)
from .ground_truth import (
    labelled_table as labelled_table,
)
from .ground_truth import (
    read_ground_truth as read_ground_truth,
)
from .interval import Interval as Interval
from .leakage import refuse_test_data as refuse_test_data
from .machine_metrics import (
    MachineMetrics as MachineMetrics,
)
from .machine_metrics import (
    evaluate_machine as evaluate_machine,
)
from .machine_metrics import (
    official_score as official_score,
)
from .means import (
    arithmetic_mean as arithmetic_mean,
)
from .means import (
    harmonic_mean as harmonic_mean,
)
from .official_table import (
    official_csv as official_csv,
)
from .official_table import (
    official_rows as official_rows,
)
from .printed_table import (
    official_text as official_text,
)
from .roc import (
    partial_auc as partial_auc,
)
from .roc import (
    roc_auc as roc_auc,
)
from .roc import (
    roc_curve as roc_curve,
)
from .score_table import ScoreTable as ScoreTable
from .section_result import (
    MetricValue as MetricValue,
)
from .section_result import (
    SectionResult as SectionResult,
)
from .selection import (
    select_by_agreement as select_by_agreement,
)
from .selection import (
    select_by_labels as select_by_labels,
)
from .standardise import (
    EmpiricalQuantileStandardiser as EmpiricalQuantileStandardiser,
)
from .standardise import (
    LocalDensityStandardiser as LocalDensityStandardiser,
)
from .standardise import (
    RobustStandardiser as RobustStandardiser,
)
from .standardise import (
    ZScoreStandardiser as ZScoreStandardiser,
)
from .submission import (
    RepairWarning as RepairWarning,
)
from .submission import (
    SectionScores as SectionScores,
)
from .submission import (
    Submission as Submission,
)
from .submission import (
    read_submission as read_submission,
)
from .submission_check import (
    check_submission as check_submission,
)
from .submission_writing import (
    write_submission as write_submission,
)
from .thresholds import (
    decide as decide,
)
from .thresholds import (
    gamma_threshold as gamma_threshold,
)
from .thresholds import (
    quantile_threshold as quantile_threshold,
)
from .transductive import (
    TransductiveWarning as TransductiveWarning,
)
from .transductive import (
    transductive_standardise as transductive_standardise,
)

__version__: str
__all__: list[str]
