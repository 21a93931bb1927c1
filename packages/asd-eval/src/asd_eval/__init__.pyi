"""Types of the lazily imported front door; a test holds it equal to ``__init__.py``."""

from . import errors as errors
from .ensembles.average import average_scores as average_scores
from .ensembles.score_ensemble import ScoreEnsemble as ScoreEnsemble
from .ensembles.score_ensemble import average_by_model as average_by_model
from .ensembles.z_score import ZScoreStandardiser as ZScoreStandardiser
from .evaluation.evaluation import Evaluation as Evaluation
from .evaluation.evaluation import evaluate as evaluate
from .evaluation.official_table import official_csv as official_csv
from .evaluation.printed_table import official_text as official_text
from .evaluation.section_result import MetricValue as MetricValue
from .evaluation.section_result import SectionResult as SectionResult
from .inputs.score_table import ScoreTable as ScoreTable
from .intervals.bootstrap import Intervals as Intervals
from .intervals.bootstrap import MetricInterval as MetricInterval
from .intervals.bootstrap import bootstrap as bootstrap
from .intervals.bootstrap import bootstrap_auc as bootstrap_auc
from .intervals.comparison import Comparison as Comparison
from .intervals.comparison import Difference as Difference
from .intervals.comparison import compare as compare
from .intervals.delong import DeLongTest as DeLongTest
from .intervals.delong import delong_interval as delong_interval
from .intervals.delong import delong_test as delong_test
from .intervals.interval import Interval as Interval
from .metrics.conventions import Convention as Convention
from .metrics.conventions import Metric as Metric
from .metrics.conventions import find_convention as find_convention
from .metrics.decisions import DecisionMetrics as DecisionMetrics
from .metrics.decisions import decision_metrics as decision_metrics
from .metrics.machine_metrics import MachineMetrics as MachineMetrics
from .metrics.machine_metrics import evaluate_machine as evaluate_machine
from .metrics.machine_metrics import official_score as official_score
from .metrics.means import harmonic_mean as harmonic_mean
from .metrics.roc import partial_auc as partial_auc
from .metrics.roc import roc_auc as roc_auc
from .metrics.roc import roc_curve as roc_curve
from .submissions.check import check_submission as check_submission
from .submissions.directories import bootstrap_directory as bootstrap_directory
from .submissions.directories import compare_directories as compare_directories
from .submissions.directories import evaluate_directory as evaluate_directory
from .submissions.directories import read_scores as read_scores
from .submissions.ground_truth import GroundTruth as GroundTruth
from .submissions.ground_truth import read_ground_truth as read_ground_truth
from .submissions.reading import RepairWarning as RepairWarning
from .submissions.reading import SectionScores as SectionScores
from .submissions.reading import Submission as Submission
from .submissions.reading import read_submission as read_submission
from .submissions.writing import write_submission as write_submission
from .thresholds.false_alarms import FalseAlarmRate as FalseAlarmRate
from .thresholds.false_alarms import false_alarm_rate as false_alarm_rate
from .thresholds.false_alarms import false_alarm_threshold as false_alarm_threshold
from .thresholds.quantiles import decide as decide
from .thresholds.quantiles import gamma_threshold as gamma_threshold
from .thresholds.quantiles import quantile_threshold as quantile_threshold

__version__: str
__all__: list[str]
