"""Bootstrap of AUC and pAUC: asd-eval beside a loop over scikit-learn."""

from collections.abc import Iterator

import measure
import numpy as np
from measure import Row, median_s
from sklearn.metrics import roc_auc_score

from asd_eval import bootstrap_auc, partial_auc, roc_auc

RESAMPLES = 10_000


def rows() -> Iterator[Row]:
    """200 scores, as one domain of a test set has."""
    rng = np.random.default_rng(3)
    labels, in_loop = np.repeat([0, 1], 100), 20 if measure.quick else 200
    scores = rng.standard_normal(200) + labels

    def loop() -> None:
        normal, anomalous = np.flatnonzero(labels == 0), np.flatnonzero(labels)
        for _ in range(in_loop):
            chosen = np.concatenate([rng.choice(normal, 100), rng.choice(anomalous, 100)])
            roc_auc_score(labels[chosen], scores[chosen])
            roc_auc_score(labels[chosen], scores[chosen], max_fpr=0.1)

    error = max(
        abs(roc_auc(labels, scores) - roc_auc_score(labels, scores)),
        abs(partial_auc(labels, scores) - roc_auc_score(labels, scores, max_fpr=0.1)),
    )
    theirs_s = median_s(loop, runs=1, warm_up=False) * RESAMPLES / in_loop
    ours_s = median_s(lambda: bootstrap_auc(labels, scores, resamples=RESAMPLES))
    yield Row(
        step=f"AUC and pAUC, {RESAMPLES} resamples of 200 scores, 1 threads",
        tool=f"scikit-learn loop ({in_loop} resamples, scaled)",
        ours_s=ours_s,
        theirs_s=theirs_s,
        error=f"max \\|difference\\| {error:.1e} of the point values",
        reach_s=0.060,
    )
