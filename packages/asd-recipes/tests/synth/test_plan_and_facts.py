"""Clip plans follow the names, combinations and proportions of the real data set."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from asd_recipes.dataset.dcase2023_facts import DEV_MACHINES, EVAL_MACHINES, MACHINES
from asd_recipes.recipe.seeding import keyed_generator
from asd_recipes.synth import DatasetSize
from asd_recipes.synth.clip_plan import SEVERITY, plan_machine
from asd_recipes.synth.condition import Condition
from asd_recipes.synth.joint_attributes import SERIES, apportion
from asd_recipes.synth.machines import MODELS
from asd_recipes.synth.slider import STROKE_M


def test_every_table_of_the_reference_sums_to_990_source_and_10_target_clips() -> None:
    assert tuple(MACHINES) == (*DEV_MACHINES, *EVAL_MACHINES)
    for facts in MACHINES.values():
        for item in facts.items:
            assert sum(v.source_train for v in item.values) == 990, (facts.machine, item.item)
            assert sum(v.target_train for v in item.values) == 10, (facts.machine, item.item)
    assert [m for m in MACHINES if MACHINES[m].test.total != 200] == []
    assert [m for m in MACHINES if MACHINES[m].clip_s == 12.0] == ["ToyCar", "ToyTrain"]


@pytest.mark.parametrize("machine", MODELS)
@pytest.mark.parametrize("domain", ["source", "target"])
def test_the_combinations_have_the_marginal_counts_of_the_reference(machine: str, domain: str) -> None:
    for item in MACHINES[machine].items:
        counts: Counter[str] = Counter()
        for series in SERIES[machine, domain]:
            for factor in series.factors:
                for values, count in factor.counts.items():
                    counts[dict(zip(factor.items, values, strict=True)).get(item.item, "")] += count
        for value in item.values:
            expected = value.source_train if domain == "source" else value.target_train
            assert counts[value.value] == expected, (item.item, value.value)


@pytest.mark.parametrize("machine", MODELS)
def test_the_full_size_has_exactly_the_references_training_counts(machine: str) -> None:
    plan = plan_machine(machine, DatasetSize.named("full"), 0)
    assert len({clip.path for clip in plan}) == len(plan) == 1200
    for item in MACHINES[machine].items:
        for domain in ("source", "target"):
            found = Counter(
                dict(clip.attributes)[item.item] for clip in plan if clip.split == "train" and clip.domain == domain
            )
            for value in item.values:
                expected = value.source_train if domain == "source" else value.target_train
                assert found[value.value] == expected, (domain, item.item, value.value)


@pytest.mark.parametrize("machine", MODELS)
def test_the_quick_size_has_every_source_value_and_the_target_keeps_its_own(machine: str) -> None:
    plan = plan_machine(machine, DatasetSize.named("quick"), 3)
    for item in MACHINES[machine].items:
        source = {dict(c.attributes)[item.item] for c in plan if c.domain == "source" and c.split == "train"}
        assert source == {v.value for v in item.values if v.source_train}
        target_test = {dict(c.attributes)[item.item] for c in plan if c.domain == "target" and c.split == "test"}
        assert target_test == {v.value for v in item.values if v.target_train or not v.source_train}
        source_test = {dict(c.attributes)[item.item] for c in plan if c.domain == "source" and c.split == "test"}
        assert source_test <= source


@pytest.mark.parametrize("machine", MODELS)
def test_only_anomalous_test_clips_have_faults_and_all_faults_occur(machine: str) -> None:
    plan = plan_machine(machine, DatasetSize.named("quick"), 0)
    for clip in plan:
        assert (clip.fault is not None) == (clip.label == "anomaly") == (clip.severity > 0.0)
        assert clip.label == "normal" or (clip.split == "test" and SEVERITY[0] <= clip.severity <= SEVERITY[1])
    faults = Counter(clip.fault for clip in plan if clip.fault)
    assert set(faults) == set(MODELS[machine].faults)
    assert max(faults.values()) - min(faults.values()) <= 2


def test_apportioned_counts_sum_to_the_total_and_none_is_zero_if_it_suffices() -> None:
    rng = keyed_generator("test")
    for total in range(1, 60):
        weights = np.array([495.0, 99.0, 3.0, 1.0])
        counts = apportion(total, weights, rng)
        assert counts.sum() == total
        assert counts.min() >= (1 if total >= 4 else 0)


@pytest.mark.parametrize("machine", MODELS)
def test_every_fault_changes_the_sound_and_stays_finite(machine: str) -> None:
    model = MODELS[machine]
    for domain in ("source", "target"):
        attributes = next(c.attributes for c in plan_machine(machine, DatasetSize(1, 1, 1), 0) if c.domain == domain)

        def render(fault: str | None, attributes: tuple[tuple[str, str], ...] = attributes) -> np.ndarray:
            rng = keyed_generator("same clip")
            return model.render(Condition(0, machine, attributes, fault, 1.0 if fault else 0.0, 160_000, rng))

        healthy = render(None)
        for fault in model.faults:
            faulty = render(fault)
            assert faulty.dtype == np.float32
            assert faulty.shape == (160_000,)
            assert np.isfinite(faulty).all()
            assert np.abs(faulty - healthy).max() > 1e-3, fault


@pytest.mark.parametrize("machine", MODELS)
def test_a_healthy_machine_has_the_loudness_that_its_model_states(machine: str) -> None:
    """Otherwise the level would depend on the attributes differently than the signal-to-noise ratio does."""
    model = MODELS[machine]
    for clip in plan_machine(machine, DatasetSize(6, 6, 1), 1)[:12]:
        wave = model.render(clip.condition(1))
        ratio_db = 20.0 * np.log10(np.sqrt(np.mean(wave.astype(np.float64) ** 2)) / model.loudness(clip.condition(1)))
        assert abs(ratio_db) < 1.5, (clip.attributes, ratio_db)


def test_the_tables_paired_speeds_and_accelerations_are_strokes_of_one_length() -> None:
    for domain in ("source", "target"):
        for vel, acceleration in SERIES["slider", domain][1].factors[0].counts:
            assert abs((float(vel) / 1000.0) ** 2 / (float(acceleration) * 9.81) - STROKE_M) < 0.012


@pytest.mark.parametrize("size", [(0, 1, 1), (1, 1, 10_000), (1, -1, 1)])
def test_a_size_outside_the_file_names_range_is_refused(size: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"must lie in [01]\.\.9999"):
        DatasetSize(*size)


def test_an_unknown_size_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="tiny, quick, full"):
        DatasetSize.named("small")
