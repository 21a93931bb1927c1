"""The bootstrap: equal to a slow loop over the metric, the same for the same seed, and fast."""

import time

import numpy as np
import pytest
from scipy import stats

from asd_eval import bootstrap, bootstrap_auc, compare, delong_interval, evaluate, find_convention, partial_auc, roc_auc
from asd_eval.errors import EvaluationError, UndefinedMetricError
from asd_eval.intervals.interval import LeftOut, bootstrap_interval, influence_of
from asd_eval.intervals.resampling import bootstrap_counts, jackknife_counts, metric_rows, swap_counts
from asd_eval.metrics.strata import Section, merge_runs, metric_from_counts

EXACT = 1e-12
OFFICIAL, PLAIN = find_convention("official"), find_convention(2020)


def make(clips=200, seed=0, levels=None, shift=1.0):
    rng = np.random.default_rng(seed)
    labels = np.arange(clips) % 2
    domains = np.where(np.arange(clips) % 4 < 2, "source", "target")
    scores = rng.normal(size=clips) + shift * labels
    return labels, np.round(scores * levels) / levels if levels else scores, domains


class Recorder:
    """A generator that remembers the draws it hands out, so that a slow loop can repeat them."""

    def __init__(self, seed):
        self.rng, self.draws = np.random.default_rng(seed), []

    def integers(self, *args, **kwargs):
        self.draws.append(self.rng.integers(*args, **kwargs))
        return self.draws[-1]


@pytest.mark.parametrize("levels", [None, 2, 1])
def test_every_resample_equals_a_loop_over_the_slow_metric_ties_included(levels):
    labels, scores, domains = make(80, levels=levels)
    section = Section.from_scores(labels, domains, [scores])
    rng = Recorder(3)
    rows = metric_rows(OFFICIAL.metrics, section.strata, bootstrap_counts(section, 600, rng))[0]
    blocks = [rng.draws[i : i + 4] for i in range(0, len(rng.draws), 4)]
    for resample in (0, 1, 511, 512, 599):
        draws = [draw[resample % 512] for draw in blocks[resample // 512]]
        clips = np.concatenate([s.clips[d] for s, d in zip(section.strata, draws, strict=True)])
        y, x, d = labels[clips], scores[clips], domains[clips]
        slow = [
            roc_auc(y, x),
            *(roc_auc(y[(d == of) | (y == 1)], x[(d == of) | (y == 1)]) for of in ("source", "target")),
            partial_auc(y, x),
        ]
        assert rows[:, resample] == pytest.approx(slow, abs=EXACT)


def test_ten_thousand_resamples_have_the_distribution_of_a_loop_over_the_metric():
    labels, scores, _ = make(200)
    section = Section.from_scores(labels, np.full(200, ""), [scores])
    ours = metric_rows(PLAIN.metrics, section.strata, bootstrap_counts(section, 10_000, np.random.default_rng(0)))[0]
    rng = np.random.default_rng(1)
    loop = []
    for _ in range(1000):
        clips = np.concatenate([rng.choice(np.flatnonzero(labels == label), 100) for label in (0, 1)])
        y, x = labels[clips], scores[clips]
        loop.append([roc_auc(y, x), partial_auc(y, x)])
    for mine, other in zip(ours, np.array(loop).T, strict=True):
        error = other.std() / np.sqrt(1000)
        assert mine.mean() == pytest.approx(other.mean(), abs=4 * error)
        assert mine.std() == pytest.approx(other.std(), rel=0.09)  # four standard errors of the loop


def test_joining_neighbours_of_one_class_changes_no_metric():
    for levels in (None, 1, 3):
        labels, scores, domains = make(60, seed=5, levels=levels)
        section = Section.from_scores(labels, domains, [scores])
        assert section.width <= len(np.unique(scores))
        for metric, value in zip(OFFICIAL.metrics, evaluate(labels, scores, domains).sections[0].values, strict=True):
            assert float(metric_from_counts(metric, section.strata, section.counts())) == value.value
    positions, width = merge_runs(np.array([0, 1, 2, 3, 4]), np.array([1, 1, 0, 0, 1]), 5)
    assert positions.tolist() == [0, 0, 1, 1, 2]
    assert width == 3


def test_many_clips_are_counted_in_blocks_of_bounded_size_with_the_same_result():
    labels, scores, _ = make(40_000)
    section = Section.from_scores(labels, np.full(40_000, ""), [scores])
    blocks = [counts[0][0].shape[0] for counts in bootstrap_counts(section, 10, np.random.default_rng(0))]
    assert blocks == [3, 3, 3, 1]
    auc, _ = bootstrap_auc(labels, scores, resamples=100)
    assert auc.low < auc.value < auc.high < auc.low + 0.02


def test_leaving_one_out_equals_evaluating_without_it():
    labels, scores, domains = make(40, levels=2)
    section = Section.from_scores(labels, domains, [scores])
    stratum = section.strata[1]
    counts = jackknife_counts(section, stratum)[0]
    for row, clip in enumerate(stratum.clips):
        rest = np.arange(40) != clip
        expected = roc_auc(labels[rest], scores[rest])
        assert metric_from_counts(OFFICIAL.metrics[0], section.strata, counts)[row] == pytest.approx(
            expected, abs=EXACT
        )


def test_some_clips_left_out_stand_for_all_of_a_long_stream():
    labels, scores, domains = make(3000)
    section = Section.from_scores(labels, domains, [scores])
    counts = jackknife_counts(section, section.strata[0])[0]
    assert counts[0].shape[0] == 500
    some = metric_from_counts(OFFICIAL.metrics[0], section.strata, counts)
    rest = [np.arange(3000) != clip for clip in section.strata[0].clips]
    every = np.array([roc_auc(labels[keep], scores[keep]) for keep in rest])
    assert some.std() == pytest.approx(every.std(), rel=0.02)
    assert some.mean() == pytest.approx(every.mean(), abs=1e-6)


def test_swapping_keeps_the_two_systems_together_the_same():
    labels, first, domains = make(60, levels=2)
    second = make(60, seed=9, levels=2)[1]
    section = Section.from_scores(labels, domains, [first, second])
    for a, b in swap_counts(section, 700, np.random.default_rng(0)):
        for stratum, (x, y) in enumerate(zip(a, b, strict=True)):
            together = section.counts(0)[stratum] + section.counts(1)[stratum]
            assert np.array_equal(x + y, np.broadcast_to(together, x.shape))


def test_the_same_seed_gives_the_same_intervals_and_another_seed_others():
    labels, scores, domains = make()
    a, b, c = (bootstrap(labels, scores, domains, resamples=300, seed=s) for s in (1, 1, 2))
    assert a == b
    assert a != c


def test_an_interval_holds_its_value_and_is_wider_at_higher_confidence():
    labels, scores, domains = make()
    narrow, wide = (bootstrap(labels, scores, domains, resamples=500, confidence=c) for c in (0.8, 0.99))
    for a, b in zip(narrow.metrics, wide.metrics, strict=True):
        assert b.interval.low < a.interval.low < a.interval.value < a.interval.high < b.interval.high
    assert narrow.official_score.value == evaluate(labels, scores, domains).official_score


def test_intervals_do_not_depend_on_a_monotone_map_of_the_scores():
    labels, scores, domains = make(levels=4)
    assert bootstrap(labels, np.exp(scores), domains, resamples=300) == bootstrap(
        labels, scores, domains, resamples=300
    )


def test_the_interval_of_a_mean_with_known_skewness_moves_towards_the_tail():
    rng = np.random.default_rng(0)
    sample = rng.exponential(size=60)
    means = rng.choice(sample, (4000, 60)).mean(axis=1)
    without = (sample.sum() - sample) / 59
    interval = bootstrap_interval(
        lambda x: x[0, 0], np.array([[sample.mean()]]), means[None, None],
        [LeftOut(slice(0, 1), without[None, None], 60)], confidence=0.95,
    )  # fmt: skip
    low, high = np.quantile(means, [0.025, 0.975])
    assert interval.low > low - 0.02
    assert interval.high > high
    assert interval.high - interval.value > interval.value - interval.low


def test_a_biased_distribution_is_shifted_twice_its_bias_and_scaled_to_the_jackknifes_deviation():
    values = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000) + 0.5
    clips = 10
    balanced = 0.3 * np.repeat([-2.0, -1.0, 0.0, 1.0, 2.0], 2)
    interval = bootstrap_interval(
        lambda x: x[0, 0], np.zeros((1, 1)), values[None, None], [LeftOut(slice(0, 1), balanced[None, None], clips)],
        confidence=0.9,
    )  # fmt: skip
    deviation = np.sqrt((clips - 1) / clips * np.sum(balanced**2))
    freedom = 2 / ((stats.kurtosis(balanced, fisher=False) - (clips - 3) / (clips - 1)) / clips)
    tail = stats.t.ppf(0.95, freedom) * deviation
    assert deviation != pytest.approx(1.0, abs=0.1)
    assert (interval.low, interval.high) == pytest.approx((0.5 - 1.0 - tail, 0.5 - 1.0 + tail), abs=0.02)


def influence(values, clips):
    return influence_of(
        lambda x: x[0, 0], np.zeros((1, 1)), [LeftOut(slice(0, 1), np.array(values)[None, None], clips)]
    )


def test_normally_distributed_influence_has_a_degree_of_freedom_less_than_clips_and_a_heavy_tail_far_fewer():
    rng = np.random.default_rng(0)
    normal, heavy = rng.normal(size=(2000, 40)), rng.exponential(size=(2000, 40)) ** 2
    # The sample's kurtosis is a little too small for few clips, so the degrees are a little too many.
    assert np.median([influence(x, 40).freedom for x in normal]) == pytest.approx(39, rel=0.25)
    assert np.median([influence(x, 40).freedom for x in heavy]) < 8


def test_degrees_of_freedom_tell_how_much_the_variance_of_a_mean_varies_from_sample_to_sample():
    rng = np.random.default_rng(1)
    samples = rng.exponential(size=(4000, 400))
    left_out = (samples.sum(axis=1)[:, None] - samples) / 399
    found = [influence(x, 400) for x in left_out]
    variances = samples.var(axis=1, ddof=1) / 400
    assert [f.deviation**2 for f in found] == pytest.approx(variances, rel=1e-6)
    # A variance with so many degrees of freedom varies by 2 / freedom, relatively squared.
    assert np.median([f.freedom for f in found]) == pytest.approx(2 * variances.mean() ** 2 / variances.var(), rel=0.25)


def test_the_interval_of_an_auc_is_as_wide_as_delongs():
    labels, scores, _ = make(400)
    auc, _ = bootstrap_auc(labels, scores)
    delong = delong_interval(labels, scores)
    assert auc.high - auc.low == pytest.approx(delong.high - delong.low, rel=0.03)


def test_every_clip_is_drawn_equally_often():
    labels, scores = np.zeros(12, dtype=np.int64), np.arange(12.0)
    labels[::2] = 1  # alternating, so that no two clips share a position
    section = Section.from_scores(labels, np.full(12, ""), [scores])
    drawn = sum(
        c.sum(axis=0) for (system,) in bootstrap_counts(section, 6000, np.random.default_rng(0)) for c in system
    )
    assert drawn == pytest.approx(np.full(12, 6000), rel=0.06)


def test_a_missing_domain_leaves_out_its_metrics_and_the_official_score_with_the_reason():
    labels, scores, _ = make()
    found = bootstrap(labels, scores, np.full(200, "source"), resamples=100)
    missing = {m.metric: m.reason for m in found.metrics if m.interval is None}
    assert missing == {"AUC (target)": "no normal clips of the target domain"}
    assert found.official_score is None
    assert "official score: missing" in str(found)


def test_one_machine_without_a_domain_leaves_the_other_machines_mean():
    labels, scores, domains = make(400)
    machines = np.repeat(["a", "b"], 200)
    domains[200:] = "source"
    found = bootstrap(labels, scores, domains, machines, resamples=100)
    means = dict(found.machines)
    assert means["b"] is None
    alone = bootstrap(labels[:200], scores[:200], domains[:200], "a", resamples=100)
    assert means["a"] == alone.official_score


def test_a_perfect_system_has_no_spread_and_the_interval_says_so():
    auc, _ = bootstrap_auc([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6], resamples=100)
    assert (auc.low, auc.high, auc.method) == (1.0, 1.0, "no spread in the resamples")


def test_one_clip_of_a_class_does_not_break_the_jackknife():
    auc, _ = bootstrap_auc([0] * 20 + [1], [*range(20), 15.5], resamples=200)
    assert auc.low < auc.value < auc.high


@pytest.mark.parametrize(("resamples", "confidence"), [(10, 0.95), (0, 0.95), (1000, 0.0), (1000, 1.0), (1000, 95)])
def test_unusable_settings_are_refused(resamples, confidence):
    with pytest.raises(EvaluationError):
        bootstrap_auc([0, 1], [0.1, 0.2], resamples=resamples, confidence=confidence)


@pytest.mark.parametrize(
    "wrong",
    [{"seed": -1}, {"seed": 1.5}, {"seed": None}, {"resamples": 100.5}, {"resamples": 99}, {"resamples": "many"}],
)
def test_a_wrong_seed_or_number_of_resamples_is_named(wrong):
    labels, scores, domains = make(80)
    table = {"label": labels, "score": scores, "domain": domains}
    for call in (lambda **knobs: bootstrap(table, **knobs), lambda **knobs: compare(table, table, **knobs)):
        with pytest.raises(EvaluationError, match=f"{next(iter(wrong))} must be an int"):
            call(**wrong)


def test_an_auc_without_anomalies_has_no_interval():
    with pytest.raises(UndefinedMetricError, match="no anomalous clips"):
        bootstrap_auc([0, 0], [0.1, 0.2], resamples=100)


@pytest.mark.timed
def test_ten_thousand_resamples_of_two_hundred_scores_take_milliseconds():
    # 60 ms is the promise on one idle core. This machine may be slower and busy: four times that does not go red for
    # nothing, and still tells it from a loop over scikit-learn, which is a thousand times slower (the slow test below).
    labels, scores, _ = make(200, shift=0.0)
    bootstrap_auc(labels, scores, resamples=200)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        bootstrap_auc(labels, scores, resamples=10_000)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.24


@pytest.mark.timed
@pytest.mark.slow
def test_ten_thousand_resamples_equal_a_loop_over_scikit_learn_and_are_a_thousand_times_as_fast():
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    for name, levels in (("all different", None), ("ties", 2)):
        labels, scores, _ = make(200, levels=levels)
        section = Section.from_scores(labels, np.full(200, ""), [scores])
        rng = Recorder(0)
        ours = metric_rows(PLAIN.metrics, section.strata, bootstrap_counts(section, 10_000, rng))[0]
        draws = [np.concatenate(rng.draws[stratum::2]) for stratum in (0, 1)]
        start = time.perf_counter()
        loop = np.empty((2, 10_000))
        for resample in range(10_000):
            clips = np.concatenate([s.clips[d[resample]] for s, d in zip(section.strata, draws, strict=True)])
            y, x = labels[clips], scores[clips]
            loop[:, resample] = metrics.roc_auc_score(y, x), metrics.roc_auc_score(y, x, max_fpr=0.1)
        slow = time.perf_counter() - start
        fast = []
        for _ in range(9):
            start = time.perf_counter()
            bootstrap_auc(labels, scores, resamples=10_000)
            fast.append(time.perf_counter() - start)
        error = np.abs(ours - loop).max()
        print(
            f"\n{name}: AUC and pAUC of 200 scores, 10,000 resamples: {1e3 * np.median(fast):.1f} ms "
            f"(best {1e3 * min(fast):.1f}); scikit-learn loop {slow:.1f} s; largest difference {error:.1e}"
        )
        assert error < EXACT
        assert slow > 100 * min(fast)
