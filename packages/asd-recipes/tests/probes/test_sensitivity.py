"""The rule that joins detectors, and what it promises."""

import numpy as np
import pytest

from asd_recipes.probes.sensitivity import sensitivity, weights_of
from asd_runtime.model.joined_score import chance


def test_a_sensitivity_is_the_mean_rise_of_limited_scores() -> None:
    normal, pieces = np.array([0.5, -4.0]), np.array([0, 0, 1])
    probed = np.array([1.5, 100.0, -2.0])  # rises of 1, of 2.5 up to 3, and of 1 from -3
    assert sensitivity(normal, probed, pieces) == pytest.approx((1 + 2.5 + 1) / 3)


def test_weights_are_in_proportion_to_what_chance_does_not_explain() -> None:
    weights = weights_of({"oe": chance(16) + 0.5, "spectral": chance(16) + 1.5}, 16)
    assert weights == pytest.approx({"oe": 0.25, "spectral": 0.75})
    assert chance(16) == 0.25


def test_two_equal_detectors_have_equal_weights() -> None:
    assert weights_of({"oe": 1.3, "spectral": 1.3}, 9) == {"oe": 0.5, "spectral": 0.5}


def test_a_detector_that_hears_no_more_than_chance_has_no_weight() -> None:
    assert weights_of({"oe": chance(9), "spectral": 2.0}, 9) == {"oe": 0.0, "spectral": 1.0}
    assert weights_of({"oe": -2.0, "spectral": 2.0}, 9) == {"oe": 0.0, "spectral": 1.0}


def test_where_none_hears_anything_all_weigh_alike() -> None:
    assert weights_of({"oe": 0.0, "spectral": -1.0}, 9) == {"oe": 0.5, "spectral": 0.5}
    assert weights_of({"spectral": 0.0}, 9) == {"spectral": 1.0}


def test_a_deaf_detector_has_the_sensitivity_0_to_the_last_bit() -> None:
    """Whatever it says about the pieces themselves."""
    normal, pieces = np.random.default_rng(0).standard_normal(7), np.arange(30) % 7
    assert sensitivity(normal, normal[pieces], pieces) == 0.0
