"""Choose the members of an ensemble: with development labels, as the paper does, or without any.

Numbers of an ensemble on the very clips that chose its members flatter it; report others, or the label-free choice
beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .checked_columns import checked_scores
from .errors import EvaluationError, LengthError, UndefinedMetricError
from .evaluation import evaluate
from .ranks import midranks
from .score_table import ScoreTable


def select_by_labels(
    members: Mapping[str, ScoreTable | Mapping[str, Any]], *, size: int, convention: str | int = "official"
) -> tuple[str, ...]:
    """The ``size`` members with the best official score on labelled development clips, best first.

    Args:
        members: name and table (as for ``evaluate``) of each member.
        size: how many to choose; the paper's ensembles have twenty.
        convention: name or year.

    Raises:
        UndefinedMetricError: if a member's clips do not define the score.
        EvaluationError: if there are fewer than ``size`` members.
    """
    _check_size(size, len(members))
    scores = {}
    for name, table in members.items():
        score = evaluate(table, convention=convention).official_score
        if score is None:
            raise UndefinedMetricError(f"the clips of {name!r} do not define every metric of {convention}.")
        scores[name] = score
    return tuple(sorted(scores, key=lambda name: -scores[name])[:size])


def select_by_agreement(members: Mapping[str, ArrayLike], *, size: int) -> tuple[str, ...]:
    """The ``size`` members that agree best with the others on unlabelled clips, best first.

    Agreement is Spearman's correlation of a member's scores with the mean rank of all other members. It finds the
    members that err alone; it cannot know whether the majority is right.

    Args:
        members: name and scores (N,) of each member, for the same clips. Held-out normal training clips will do.
        size: how many to choose.

    Raises:
        EvaluationError: if there are fewer than ``size`` members, or fewer than three; if lengths differ or a
            member gives all clips the same score.
    """
    _check_size(size, len(members))
    if len(members) < 3:
        raise EvaluationError(f"agreement needs at least 3 members; got {len(members)}.")
    scores = {name: checked_scores(values, name=name) for name, values in members.items()}
    if len({len(values) for values in scores.values()}) > 1:
        raise LengthError(f"members must score the same clips; got lengths {[len(v) for v in scores.values()]}.")
    ranks = np.array([midranks(values) for values in scores.values()])
    constant = [name for name, row in zip(scores, ranks, strict=True) if np.ptp(row) == 0.0]
    if constant:
        raise EvaluationError(f"{constant[0]!r} gives all clips the same score; leave it out.")
    total = ranks.sum(axis=0)
    agreement = {
        name: float(np.corrcoef(row, total - row)[0, 1]) if np.ptp(total - row) > 0 else -1.0
        for name, row in zip(scores, ranks, strict=True)
    }
    return tuple(sorted(agreement, key=lambda name: -agreement[name])[:size])


def _check_size(size: int, members: int) -> None:
    if not 1 <= size <= members:
        raise EvaluationError(f"size must be 1 to {members}, the number of members; got {size}.")
