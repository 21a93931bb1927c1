"""Precision, recall and F1 of yes-or-no decisions, as the official evaluator prints them."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from asd_eval.inputs.checked_columns import checked_labels, same_length

DECISION_METRICS = ("precision", "recall", "F1 score")
"""Their names in tables, the evaluator's."""


@dataclass(frozen=True)
class DecisionMetrics:
    """How good decisions are.

    Precision is 0.0 if no clip was called anomalous, recall if no clip is anomalous, and both enter means as 0.0, where
    an AUC would be missing. This is the official evaluator's rule.
    """

    precision: float
    recall: float
    f1: float


def decision_metrics(labels: ArrayLike, decisions: ArrayLike) -> DecisionMetrics:
    """Precision, recall and F1.

    Args:
        labels: (N,) 0 normal, 1 anomaly.
        decisions: (N,) 1 where the system says anomaly.

    Raises:
        LabelError, LengthError: if they are not 0 or 1, or not equally long.
    """
    label, decision = checked_labels(labels), checked_labels(decisions, name="decisions")
    same_length(labels=label, decisions=decision)
    hits = float(np.sum((label == 1) & (decision == 1)))
    # The evaluator's guards: 0 / epsilon is 0 where no clip was called anomalous, or none is.
    precision = hits / max(float(decision.sum()), sys.float_info.epsilon)
    recall = hits / max(float(label.sum()), sys.float_info.epsilon)
    f1 = 2.0 * precision * recall / max(precision + recall, sys.float_info.epsilon)
    return DecisionMetrics(precision, recall, f1)
