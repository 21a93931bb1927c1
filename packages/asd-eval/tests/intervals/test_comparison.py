"""Two systems on the same clips: difference, interval, p-value, and DeLong as a second route."""

import numpy as np
import pytest

from asd_eval import bootstrap, compare, delong_interval, delong_test, evaluate, roc_auc
from asd_eval.errors import EvaluationError, InsufficientDataError, UndefinedMetricError


def two_systems(clips=200, gain=1.0, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(clips) % 2
    shared = rng.normal(size=clips) + labels
    columns = {
        "label": labels,
        "domain": np.where(np.arange(clips) % 4 < 2, "source", "target"),
        "machine": ["fan"] * clips,
        "name": [f"clip{i}" for i in range(clips)],
    }
    first = {**columns, "score": shared + 0.3 * rng.normal(size=clips) + gain * labels}
    return first, {**columns, "score": 100 * (shared + 0.3 * rng.normal(size=clips))}


def test_the_difference_is_that_of_the_two_evaluations():
    a, b = two_systems()
    found = compare(a, b, resamples=200)
    first, second = evaluate(a), evaluate(b)
    assert found.official.first == pytest.approx(first.official_score)
    assert found.official.second == pytest.approx(second.official_score)
    assert found.official.difference.value == pytest.approx(first.official_score - second.official_score)
    assert [d.first for d in found.metrics] == [v.value for v in first.sections[0].values]


def test_exchanging_the_systems_turns_the_sign_and_keeps_the_p_value():
    a, b = two_systems(gain=0.4)
    ab, ba = compare(a, b, resamples=400), compare(b, a, resamples=400)
    assert ab.official.difference.value == pytest.approx(-ba.official.difference.value)
    assert ab.official.difference.low == pytest.approx(-ba.official.difference.high, abs=0.01)
    assert ab.official.p_value == pytest.approx(ba.official.p_value, abs=0.05)


def test_a_system_does_not_differ_from_itself_on_another_scale():
    a, _ = two_systems()
    found = compare(a, {**a, "score": np.exp(a["score"])}, resamples=200)
    assert found.official.difference.value == 0.0
    assert (found.official.difference.low, found.official.difference.high) == (0.0, 0.0)
    assert found.official.p_value == 1.0


def test_a_clear_difference_is_found_and_pairing_narrows_its_interval():
    a, b = two_systems(gain=1.0)
    found = compare(a, b, resamples=1000)
    assert found.official.difference.low > 0
    assert found.official.p_value < 0.01
    separate = [bootstrap(t, resamples=1000).official_score for t in (a, b)]
    widths = [i.high - i.low for i in (*separate, found.official.difference)]
    assert widths[2] < 0.8 * np.hypot(*widths[:2])


def test_clips_are_paired_by_name_whatever_their_order():
    a, b = two_systems()
    order = np.random.default_rng(1).permutation(200)
    shuffled = {name: np.asarray(column)[order] for name, column in b.items()}
    assert compare(a, shuffled, resamples=100) == compare(a, b, resamples=100)


def test_the_same_seed_gives_the_same_comparison():
    a, b = two_systems()
    assert compare(a, b, resamples=100, seed=4) == compare(a, b, resamples=100, seed=4)
    assert "permutation test" in str(compare(a, b, resamples=100))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: {k: v[:-1] for k, v in t.items()}, "compare needs the same"),
        (lambda t: {**t, "name": ["x", *t["name"][1:]]}, "no score of fan"),
        (lambda t: {**t, "name": [t["name"][1], *t["name"][1:]]}, "repeat"),
        (lambda t: {**t, "label": 1 - t["label"]}, "different labels"),
        (lambda t: {**t, "machine": ["pump"] * 200}, "no score of fan"),
        (lambda t: {k: v for k, v in {**t, "machine": ["pump"] * 200}.items() if k != "name"}, "different machines"),
        (lambda t: {k: v for k, v in {**t, "domain": ["source"] * 200}.items() if k != "name"}, "different domains"),
    ],
)
def test_tables_of_different_clips_are_refused(change, message):
    a, b = two_systems()
    with pytest.raises(EvaluationError, match=message):
        compare(a, change(b), resamples=100)


def test_a_metric_that_the_clips_do_not_define_cannot_be_compared():
    a, b = ({**t, "domain": ["source"] * 200} for t in two_systems())
    with pytest.raises(UndefinedMetricError, match="target"):
        compare(a, b, resamples=100)


def delong_by_definition(labels, scores):
    normal, anomalous = scores[labels == 0], scores[labels == 1]
    kernel = (anomalous[:, None] > normal) + 0.5 * (anomalous[:, None] == normal)
    return kernel.mean(), kernel.mean(1).var(ddof=1) / len(anomalous) + kernel.mean(0).var(ddof=1) / len(normal)


@pytest.mark.parametrize("levels", [None, 2])
def test_fast_delong_equals_its_definition(levels):
    rng = np.random.default_rng(0)
    labels, scores = np.repeat([0, 1], [40, 25]), rng.normal(size=65)
    scores[labels == 1] += 1
    if levels:
        scores = np.round(scores * levels)
    auc, variance = delong_by_definition(labels, scores)
    interval = delong_interval(labels, scores)
    half = 1.959963984540054 * np.sqrt(variance) / (auc * (1 - auc))
    logit = np.log(auc / (1 - auc))
    assert interval.value == pytest.approx(auc, abs=1e-12)
    assert interval.low == pytest.approx(1 / (1 + np.exp(-(logit - half))), abs=1e-12)
    assert interval.high == pytest.approx(1 / (1 + np.exp(-(logit + half))), abs=1e-12)


def test_delong_and_bootstrap_agree_on_one_auc():
    a, _ = two_systems()
    delong = delong_interval(a["label"], a["score"])
    boot = bootstrap(a["label"], a["score"], convention=2020, resamples=4000).metrics[0].interval
    assert (delong.low, delong.high) == pytest.approx((boot.low, boot.high), abs=0.012)


def test_delongs_test_agrees_with_its_variances_and_with_the_permutation_test():
    a, b = two_systems(gain=0.25)
    found = delong_test(a["label"], a["score"], b["score"])
    assert found.difference.value == pytest.approx(roc_auc(a["label"], a["score"]) - roc_auc(b["label"], b["score"]))
    permuted = compare(a, b, convention=2020, resamples=4000)
    auc = permuted.metrics[0].difference
    assert (found.difference.low, found.difference.high) == pytest.approx((auc.low, auc.high), abs=0.01)


def test_delongs_test_of_a_system_with_itself_finds_nothing():
    a, _ = two_systems()
    found = delong_test(a["label"], a["score"], 2 * a["score"] + 1)
    assert (found.difference.value, found.z, found.p_value) == (0.0, 0.0, 1.0)


def test_a_perfect_auc_still_gets_an_interval_with_width():
    interval = delong_interval([0] * 30 + [1] * 20, range(50))
    assert (interval.value, interval.high) == (1.0, 1.0)
    assert interval.low == pytest.approx(1 - (1 - 0.025 ** (1 / 20)))


def test_delong_needs_two_clips_of_each_class():
    with pytest.raises(InsufficientDataError):
        delong_interval([0, 0, 1], [0.1, 0.2, 0.3])
