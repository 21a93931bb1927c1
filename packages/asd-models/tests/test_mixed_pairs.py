"""Laws of mixed pairs: what a row holds after `mixup` is what these functions say."""

import pytest
import torch

from asd_models import dominant_values, flow_rows, mixup


def test_the_flow_gets_exactly_the_rows_that_hold_nothing_of_a_pseudo_anomaly() -> None:
    targets = torch.tensor([1.0, 0.0])
    for own in (0, 1):
        for partner in (0, 1):
            for weight in (0.0, 0.3, 1.0):
                pair = torch.stack((targets[own], targets[partner]))
                weights, permutation = torch.tensor([weight, 1.0]), torch.tensor([1, 0])
                # a wave of 1 for each pseudo-anomaly: whatever of it is left in the mix shows
                (mixed,) = mixup((1 - pair)[:, None], weights=weights, permutation=permutation)
                expected = mixed[:, 0] == 0
                assert torch.equal(flow_rows(pair, weights, permutation), expected)


def test_on_a_whole_batch_the_rows_are_those_whose_mixed_label_is_1() -> None:
    generator = torch.Generator().manual_seed(0)
    targets = (torch.rand(500, generator=generator) < 0.6).float()
    weights = torch.rand(500, generator=generator)
    weights[::7], weights[::11] = 1.0, 0.0
    permutation = torch.randperm(500, generator=generator)
    _, label = mixup(torch.zeros(500, 1), targets, weights=weights.clone(), permutation=permutation)
    rows = flow_rows(targets, weights, permutation)
    assert torch.equal(rows, label > 1 - 1e-6)
    assert 0 < rows.sum() < 500


def test_the_dominant_value_is_the_nearer_of_the_two_to_the_mixed_one() -> None:
    generator = torch.Generator().manual_seed(1)
    values, weights = torch.randn(200, generator=generator), torch.rand(200, generator=generator)
    permutation = torch.randperm(200, generator=generator)
    (mixed,) = mixup(values[:, None], weights=weights, permutation=permutation)
    dominant = dominant_values(values, weights, permutation)
    candidates = torch.stack((values, values[permutation]))
    distances = (candidates - mixed[:, 0]).abs()
    nearest = candidates.gather(0, distances.argmin(0)[None])[0]
    assert torch.equal(dominant, nearest)


def test_at_equal_parts_a_sample_keeps_its_own_value() -> None:
    values, half = torch.tensor([3.0, 7.0]), torch.full((2,), 0.5)
    assert torch.equal(dominant_values(values, half, torch.tensor([1, 0])), values)


def test_wrong_arguments_are_named() -> None:
    ones, order = torch.ones(3), torch.arange(3)
    for function in (flow_rows, dominant_values):
        with pytest.raises(ValueError, match=r"weights must be \(3,\)"):
            function(ones, torch.ones(2), order)
        with pytest.raises(ValueError, match=r"permutation must be \(3,\)"):
            function(ones, ones, order[:2])
        with pytest.raises(ValueError, match="weights must be within 0 and 1"):
            function(ones, 2 * ones, order)
        with pytest.raises(TypeError, match="permutation must be integer"):
            function(ones, ones, ones)
    with pytest.raises(ValueError, match="Pass those from before mixup"):
        flow_rows(torch.tensor([1.0, 0.5, 0.0]), ones, order)
