"""How many normal stretches are above a threshold, compared to SciPy and to thresholds set by random scores."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_model import made_up_manifest
from scipy import stats

from asd_recipes.scoring.held_out_threshold import threshold_of
from asd_runtime.model.manifest import Threshold
from asd_runtime.model.threshold_trust import threshold_trust, trust_in_words


def _threshold(rule: str, false_alarms: float) -> Threshold:
    return Threshold(1.0, 10.0, rule, false_alarms, 0.0, 0.5, 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "false_alarms", "pieces", "rank"),
    [("largest", 0.1, 1, 1), ("largest", 0.1, 4, 4), ("quantile", 0.1, 9, 9), ("quantile", 0.1, 25, 24),
     ("quantile", 0.3, 1000, 701), ("quantile", 0.001, 1000, 1000),
     # 150 * (1 - 0.18) is one bit above 123, and 50 * (1 - 0.42) above 29.
     ("quantile", 0.18, 149, 123), ("quantile", 0.42, 49, 29)],
)  # fmt: skip
def test_the_share_above_has_the_beta_distribution_of_an_order_statistic(
    rule: str, false_alarms: float, pieces: int, rank: int
) -> None:
    trust = threshold_trust(_threshold(rule, false_alarms), pieces)
    share = stats.beta(pieces + 1 - rank, rank)
    assert trust.expected == pytest.approx(share.mean(), rel=1e-12)
    assert (trust.low, trust.high) == pytest.approx(tuple(share.ppf([0.05, 0.95])), rel=1e-6)


@pytest.mark.parametrize(("false_alarms", "pieces"), [(0.1, 9), (0.1, 25), (0.18, 149), (0.42, 49), (0.5, 4)])
def test_the_trust_is_in_the_rank_that_the_threshold_has(false_alarms: float, pieces: int) -> None:
    threshold = threshold_of(np.arange(1.0, pieces + 1), false_alarms, stretch_s=10.0)  # its value is its rank
    above = pieces + 1 - threshold.value
    assert threshold_trust(threshold, pieces).expected == pytest.approx(above / (pieces + 1), rel=1e-12)


@pytest.mark.parametrize("pieces", [4, 9, 25])
def test_the_expected_share_of_new_scores_is_above_a_threshold(pieces: int) -> None:
    """For uniform scores the share above a threshold is 1 minus the threshold."""
    rng = np.random.default_rng(pieces)
    set_by = [threshold_of(rng.random(pieces), 0.1, stretch_s=10.0) for _ in range(4000)]
    shares = np.array([1 - threshold.value for threshold in set_by])
    trust = threshold_trust(set_by[0], pieces)
    assert shares.mean() == pytest.approx(trust.expected, rel=0.05)
    assert np.mean((trust.low < shares) & (shares < trust.high)) == pytest.approx(0.9, abs=0.02)


def test_the_sentence_says_what_set_the_threshold_and_what_to_expect() -> None:
    manifest = made_up_manifest()
    training = replace(manifest.training, held_out_pieces=4, held_out_recordings=3)
    assert trust_in_words(replace(manifest, training=training)) == (
        "The threshold 1.25 was set by 4 held-out pieces of 3 s from 3 recordings: expect about one in 5 normal "
        "stretches of 3 s above it "
        "(90 % interval: 1.3 to 53 %; asked for: at most 10 %)."
    )
