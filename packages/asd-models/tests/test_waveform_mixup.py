"""Laws of mixup: identity at weight 1, labels follow waves, and Beta variates that depend only on the generator."""

import math
from typing import Any

import pytest
import torch

from asd_models import mixup, mixup_probability, mixup_weights


def test_weight_1_is_identity_and_weight_0_is_the_partner() -> None:
    waves, machine, attribute = torch.randn(6, 50), torch.rand(6), torch.rand(6, 3)
    partner = torch.randperm(6)
    kept = mixup(waves, machine, attribute, weights=torch.ones(6), permutation=partner)
    swapped = mixup(waves, machine, attribute, weights=torch.zeros(6), permutation=partner)
    for before, after, other in zip((waves, machine, attribute), kept, swapped, strict=True):
        assert torch.equal(after, before)
        assert torch.equal(other, before[partner])


def test_labels_follow_the_same_weight_as_waves() -> None:
    waves = torch.randn(8, 20)
    weights = mixup_weights(8, generator=torch.Generator().manual_seed(0))
    mixed, first_sample, cube = mixup(
        waves, waves[:, 0].clone(), waves[:, :12].reshape(8, 2, 6), weights=weights, permutation=torch.randperm(8)
    )
    assert torch.equal(first_sample, mixed[:, 0])
    assert torch.equal(cube.reshape(8, 12), mixed[:, :12])


def test_mixing_with_oneself_changes_nothing_but_rounding() -> None:
    waves = torch.randn(5, 9)
    (mixed,) = mixup(waves, weights=torch.full((5,), 0.3), permutation=torch.arange(5))
    torch.testing.assert_close(mixed, waves)


def test_labels_stay_within_0_and_1_and_one_hot_rows_sum_to_1() -> None:
    generator = torch.Generator().manual_seed(1)
    labels = torch.eye(4)[torch.randint(4, (500,), generator=generator)]
    weights = mixup_weights(500, generator=generator)
    _, mixed = mixup(torch.zeros(500, 1), labels, weights=weights, permutation=torch.randperm(500))
    assert mixed.min() >= 0
    assert mixed.max() <= 1
    torch.testing.assert_close(mixed.sum(1), torch.ones(500))


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_weights_have_the_moments_of_a_beta_distribution(alpha: float, tolerances: Any) -> None:
    weights = mixup_weights(200_000, alpha=alpha, generator=torch.Generator().manual_seed(2)).double()
    assert weights.min() >= 0
    assert weights.max() <= 1
    assert weights.mean().item() == pytest.approx(0.5, abs=tolerances.moment_absolute)
    assert weights.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), abs=tolerances.moment_absolute)
    fourth = ((weights - 0.5) ** 4).mean().item()  # of a symmetric Beta: 3 / (16 (2a + 1)(2a + 3))
    assert fourth == pytest.approx(3 / (16 * (2 * alpha + 1) * (2 * alpha + 3)), abs=tolerances.moment_absolute)


def test_weights_stay_finite_where_gamma_variates_nearly_vanish() -> None:
    weights = mixup_weights(100_000, alpha=0.02, generator=torch.Generator().manual_seed(0))
    assert torch.isfinite(weights).all()


def test_weights_are_a_function_of_the_generator_alone() -> None:
    first = mixup_weights(64, generator=torch.Generator().manual_seed(9))
    state = torch.random.get_rng_state()
    torch.manual_seed(123)
    torch.rand(7)
    generator = torch.Generator().manual_seed(9)
    assert torch.equal(first, mixup_weights(64, generator=generator))
    assert not torch.equal(first, mixup_weights(64, generator=generator)), "the generator moves on"
    torch.random.set_rng_state(state)
    mixup_weights(64, generator=generator)
    assert torch.equal(state, torch.random.get_rng_state()), "the global generator is left alone"


def test_the_probability_falls_from_1_to_0_along_a_cosine() -> None:
    values = [mixup_probability(step, 100) for step in range(101)]
    assert values[0] == 1
    assert values[100] == 0
    assert values == sorted(values, reverse=True)
    assert values[50] == pytest.approx(0.5)
    assert all(a + b == pytest.approx(1) for a, b in zip(values, reversed(values), strict=True))
    assert values[25] == pytest.approx(0.5 + math.sqrt(0.5) / 2)


def test_the_other_schedules_are_constant() -> None:
    assert {mixup_probability(step, 3, schedule="constant") for step in range(4)} == {1.0}
    assert {mixup_probability(step, 3, schedule="off") for step in range(4)} == {0.0}


def test_wrong_arguments_are_named() -> None:
    generator = torch.Generator()
    with pytest.raises(ValueError, match="alpha must be above 0"):
        mixup_weights(3, alpha=0, generator=generator)
    with pytest.raises(ValueError, match="batch must be 0 or more"):
        mixup_weights(-1, generator=generator)
    with pytest.raises(ValueError, match="step must be within"):
        mixup_probability(4, 3)
    with pytest.raises(ValueError, match="schedule must be"):
        mixup_probability(1, 3, schedule="linear")  # type: ignore[arg-type]
    waves, order = torch.zeros(3, 5), torch.arange(3)
    with pytest.raises(ValueError, match=r"weights must be \(3,\)"):
        mixup(waves, weights=torch.ones(2), permutation=order)
    with pytest.raises(ValueError, match=r"permutation must be \(3,\)"):
        mixup(waves, weights=torch.ones(3), permutation=order[:2])
    with pytest.raises(ValueError, match=r"labels\[0\] must have 3 rows"):
        mixup(waves, torch.ones(4), weights=torch.ones(3), permutation=order)
    for wrong in (1.5, -0.1, math.nan):
        with pytest.raises(ValueError, match="weights must be within 0 and 1"):
            mixup(waves, weights=torch.tensor([0.0, 1.0, wrong]), permutation=order)
    for partner in (3, -1):
        with pytest.raises(ValueError, match="permutation must be within 0 and 2"):
            mixup(waves, weights=torch.ones(3), permutation=torch.tensor([0, 1, partner]))
    for strange in (torch.ones(3, dtype=torch.bool), torch.zeros(3)):
        with pytest.raises(TypeError, match="permutation must be integer"):
            mixup(waves, weights=torch.ones(3), permutation=strange)
    with pytest.raises(TypeError, match=r"Pass labels\[1\]\.float\(\)"):
        mixup(waves, torch.ones(3), torch.ones(3, dtype=torch.int64), weights=torch.ones(3), permutation=order)
