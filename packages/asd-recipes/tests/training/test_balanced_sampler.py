"""The sampler's laws: half target, half others; an epoch is one pass; the others take turns."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_recipes.training.balanced_sampler import batches_per_epoch, epoch_batches


@given(
    targets=st.integers(1, 200), others=st.lists(st.integers(1, 60), min_size=1, max_size=6), half=st.integers(1, 64)
)
def test_an_epoch_is_one_pass_with_as_many_pseudo_anomalies(targets: int, others: list[int], half: int) -> None:
    pool = {f"m{k}": list(range(1000 * (k + 1), 1000 * (k + 1) + n)) for k, n in enumerate(others)}
    batches = list(epoch_batches(range(targets), pool, batch_size=2 * half, rng=np.random.default_rng(targets)))
    assert len(batches) == batches_per_epoch(targets, 2 * half)
    assert sorted(index for batch in batches for index in batch.target) == list(range(targets))
    assert all(len(batch.target) == len(batch.pseudo_anomalous) for batch in batches)
    sizes = [len(batch.target) for batch in batches]
    assert max(sizes) <= half
    assert max(sizes) - min(sizes) <= 1, "no ragged last batch"
    drawn = Counter(index // 1000 for batch in batches for index in batch.pseudo_anomalous)
    counts = [drawn.get(k + 1, 0) for k in range(len(others))]
    assert max(counts) - min(counts) <= 1


def test_no_pseudo_anomaly_comes_twice_before_all_have_come_once() -> None:
    batches = epoch_batches(range(30), {"a": [1, 2, 3], "b": [4, 5, 6]}, batch_size=60, rng=np.random.default_rng(0))
    drawn = Counter(index for batch in batches for index in batch.pseudo_anomalous)
    assert set(drawn.values()) == {5}


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_batches(seed: int) -> None:
    once, again = (
        list(epoch_batches(range(50), {"a": range(100, 120)}, batch_size=16, rng=np.random.default_rng(seed)))
        for _ in range(2)
    )
    assert once == again
