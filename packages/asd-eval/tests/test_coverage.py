"""Intervals hold the truth as often as they say: simulated test sets with known metrics.

Each system's scores in a stratum are normally distributed, or rounded to a coarse grid so that most are tied. The
truth is computed on the distributions themselves. The default test is a short run; the full one, a thousand
simulated test sets per case, is marked slow and prints its table.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from asd_eval import bootstrap, compare, delong_interval, find_convention, harmonic_mean
from asd_eval.roc_counts import auc_from_counts
from asd_eval.strata import Stratum, metric_from_counts

CONVENTION = find_convention("official")
STRATA = (("source", 0), ("source", 1), ("target", 0), ("target", 1))
LEVEL = 0.95
PROMISED = (0.93, 0.97)
RESAMPLES = 1000


@dataclass(frozen=True)
class Machine:
    """Means of the scores of source normal, source anomalous, target normal, target anomalous clips."""

    means: tuple[float, float, float, float]


@dataclass(frozen=True)
class Case:
    machines: tuple[Machine, ...]
    clips: int
    grid: float = 0.0  # scores are rounded to its multiples


MEDIUM, HIGH, LOW = Machine((0.0, 1.0, 0.4, 1.3)), Machine((0.0, 2.2, 0.4, 2.6)), Machine((0.0, 0.2, 0.4, 0.6))
CASES = {
    "medium": Case((MEDIUM,), 50),
    "high": Case((HIGH,), 50),
    "low": Case((LOW,), 50),
    "many ties": Case((MEDIUM,), 50, grid=0.5),
    "three machines": Case((MEDIUM, HIGH, LOW), 50),
    "25 clips": Case((MEDIUM,), 25),
}


def true_metrics(machine, grid):
    step = grid or 0.002
    levels = np.arange(9.0, -7.0, -step)  # highest first
    upper, lower = levels + step / 2, levels - step / 2
    weights = [stats.norm.cdf(upper - m) - stats.norm.cdf(lower - m) for m in machine.means]
    strata = [Stratum(domain, label, np.arange(1)) for domain, label in STRATA]
    return [float(metric_from_counts(metric, strata, weights)) for metric in CONVENTION.metrics]


def simulated(case, rng):
    labels = np.tile(np.repeat([0, 1], case.clips), 2 * len(case.machines))
    domains = np.tile(np.repeat(["source", "target"], 2 * case.clips), len(case.machines))
    machines = np.repeat([str(i) for i in range(len(case.machines))], 4 * case.clips)
    means = np.concatenate([np.repeat(machine.means, case.clips) for machine in case.machines])
    scores = rng.normal(size=len(labels)) + means
    scores = np.round(scores / case.grid) * case.grid if case.grid else scores
    return {"label": labels, "score": scores, "domain": domains, "machine": machines}


def coverage_of_metrics(case, simulations, seed):
    truths = np.array([true_metrics(machine, case.grid) for machine in case.machines])
    truth = np.append(truths.ravel(), harmonic_mean(truths[:, 1:].ravel()))
    rng = np.random.default_rng(seed)
    held = np.zeros(len(truth))
    for simulation in range(simulations):
        found = bootstrap(simulated(case, rng), resamples=RESAMPLES, seed=simulation)
        intervals = [metric.interval for metric in found.metrics] + [found.official_score]
        held += [interval.low <= value <= interval.high for interval, value in zip(intervals, truth, strict=True)]
    names = [f"{m.name} {i}" for i in range(len(case.machines)) for m in CONVENTION.metrics] + ["official score"]
    return dict(zip(names, held / simulations, strict=True))


def coverage_of_the_difference(simulations, seed):
    """Two systems that share half of their noise; returns coverage, and how often p < 0.05 under no difference."""
    better, worse, clips = MEDIUM, LOW, 50
    truth = harmonic_mean(true_metrics(better, 0)[1:]) - harmonic_mean(true_metrics(worse, 0)[1:])
    rng = np.random.default_rng(seed)
    held = rejected = 0
    labels, domains = np.tile(np.repeat([0, 1], clips), 2), np.repeat(["source", "target"], 2 * clips)
    for simulation in range(simulations):
        shared, *own = rng.normal(size=(4, 4 * clips))
        means = [np.repeat(m.means, clips) for m in (better, worse, better)]
        a, b, c = (
            {"label": labels, "domain": domains, "score": mean + (shared + noise) / np.sqrt(2)}
            for mean, noise in zip(means, own, strict=True)
        )
        difference = compare(a, b, resamples=RESAMPLES, seed=simulation).official.difference
        held += difference.low <= truth <= difference.high
        rejected += compare(a, c, resamples=200, seed=simulation).official.p_value < 0.05
    return held / simulations, rejected / simulations


def coverage_of_delong(simulations, seed, means=(0.0, 1.0), clips=50):
    truth = stats.norm.cdf((means[1] - means[0]) / np.sqrt(2))
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], clips)
    held = 0
    for _ in range(simulations):
        interval = delong_interval(labels, rng.normal(size=2 * clips) + np.repeat(means, clips))
        held += interval.low <= truth <= interval.high
    return held / simulations


def test_the_simulated_truth_is_the_closed_form_of_the_binormal_auc():
    a, b, c, d = MEDIUM.means
    expected = np.mean([stats.norm.cdf((x - a) / np.sqrt(2)) for x in (b, d)])
    assert true_metrics(MEDIUM, 0)[1] == pytest.approx(expected, abs=1e-6)
    grid = np.arange(-8, 9)[::-1]
    tied = [stats.norm.cdf(grid + 0.5 - m) - stats.norm.cdf(grid - 0.5 - m) for m in (a, c, b, d)]
    assert float(auc_from_counts(tied[0] + tied[1], tied[2] + tied[3])) == pytest.approx(
        true_metrics(MEDIUM, 1.0)[0], abs=1e-6
    )


@pytest.mark.parametrize("name", ["medium", "many ties"])
def test_intervals_hold_the_truth_about_as_often_as_they_say(name):
    simulations = 120
    noise = 3 * np.sqrt(LEVEL * (1 - LEVEL) / simulations)
    found = coverage_of_metrics(CASES[name], simulations, seed=1)
    for metric, coverage in found.items():
        assert PROMISED[0] - noise < coverage, (metric, coverage)
    # With so few simulations a single metric may well always hold; all of them together, and wider intervals, may not.
    assert np.mean(list(found.values())) < PROMISED[1] + noise / 3


def test_delongs_interval_holds_the_truth_as_often_as_it_says():
    assert 0.935 < coverage_of_delong(2000, seed=1) < 0.97


def test_the_interval_of_a_difference_and_the_permutation_test_keep_their_levels():
    held, rejected = coverage_of_the_difference(50, seed=1)
    assert held > 0.85  # 0.95 less three standard errors of 50 simulations
    assert rejected <= 0.14  # 0.05 and the same


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_intervals_hold_93_to_97_percent_of_a_thousand_simulated_truths(name):
    found = coverage_of_metrics(CASES[name], 1000, seed=2023)
    print(f"\n{name}: " + ", ".join(f"{metric} {100 * coverage:.1f} %" for metric, coverage in found.items()))
    # one in twenty-five of so many columns lies 1.5 standard errors (0.7 %) outside by chance
    assert all(PROMISED[0] - 0.01 <= coverage <= PROMISED[1] + 0.01 for coverage in found.values())
    assert PROMISED[0] <= np.mean(list(found.values())) <= PROMISED[1]


@pytest.mark.slow
def test_differences_hold_93_to_97_percent_of_a_thousand_simulated_truths():
    held, rejected = coverage_of_the_difference(1000, seed=2023)
    print(f"\ndifference of official scores: {100 * held:.1f} %; p < 0.05 without a difference: {100 * rejected:.1f} %")
    assert PROMISED[0] <= held <= PROMISED[1]
    assert 0.03 <= rejected <= 0.07


@pytest.mark.slow
@pytest.mark.parametrize(("means", "clips"), [((0.0, 1.0), 50), ((0.0, 2.5), 50), ((0.0, 1.0), 15)])
def test_delong_holds_93_to_97_percent_of_simulated_truths(means, clips):
    held = coverage_of_delong(5000, seed=2023, means=means, clips=clips)
    print(f"\nDeLong, means {means}, {clips} clips a class: {100 * held:.1f} %")
    assert PROMISED[0] <= held <= PROMISED[1] + 0.005
