"""scikit-learn's own checks of its estimators' interface."""

from collections.abc import Callable
from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from asd_inlier import GaussianMixtureInlier, MahalanobisKNN

# Checks that an estimator fails, with the reason. None fails today.
EXPECTED_FAILURES: dict[str, dict[str, str]] = {"GaussianMixtureInlier": {}, "MahalanobisKNN": {}}


@parametrize_with_checks(
    [MahalanobisKNN(), MahalanobisKNN(neighbours=2, backend="numpy"), GaussianMixtureInlier(components=2)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES[type(estimator).__name__],
)
def test_scikit_learns_checks_pass(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)
