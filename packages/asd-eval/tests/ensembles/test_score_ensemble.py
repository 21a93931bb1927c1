"""An ensemble is the mean of standardised scores, to the last bit, whoever computes it."""

import numpy as np
import pytest

from asd_eval import ScoreEnsemble, ZScoreStandardiser, average_by_model, average_scores
from asd_eval.errors import LengthError, ScoreError

RNG = np.random.default_rng(0)
TRAINING = {name: RNG.gamma(2.0, size=50) * scale for name, scale in (("knn-1", 1.0), ("knn-2", 30.0), ("gmm", 400.0))}
TEST = {name: RNG.gamma(2.0, size=9) * scale for name, scale in (("knn-1", 1.0), ("knn-2", 30.0), ("gmm", 400.0))}


def test_the_score_is_the_mean_of_the_models_standardised_scores_to_the_last_bit():
    by_hand = average_scores([ZScoreStandardiser().fit(TRAINING[name]).transform(TEST[name]) for name in TEST])
    assert ScoreEnsemble.fit(TRAINING).score(TEST).tolist() == by_hand.tolist()


def test_no_model_outweighs_another_by_its_scale():
    louder = ScoreEnsemble.fit(TRAINING | {"gmm": 1e6 * TRAINING["gmm"]})
    expected = ScoreEnsemble.fit(TRAINING).score(TEST)
    assert louder.score(TEST | {"gmm": 1e6 * TEST["gmm"]}) == pytest.approx(expected, abs=1e-9)


def test_a_clips_score_does_not_depend_on_the_other_clips():
    ensemble = ScoreEnsemble.fit(TRAINING)
    alone = ensemble.score({name: values[:1] for name, values in TEST.items()})
    assert alone == pytest.approx(ensemble.score(TEST)[:1], abs=1e-12)


def test_scores_of_some_of_the_models_are_standardised_in_the_order_given():
    found = ScoreEnsemble.fit(TRAINING).standardise({"gmm": TEST["gmm"], "knn-1": TEST["knn-1"]})
    assert list(found) == ["gmm", "knn-1"]


def test_trainings_are_averaged_over_the_models_that_all_of_them_have():
    found = average_by_model([{"a": [1.0, 2.0], "b": [0.0, 0.0]}, {"b": [2.0, 4.0], "a": [3.0, 2.0], "c": [9.0, 9.0]}])
    assert {name: values.tolist() for name, values in found.items()} == {"a": [2.0, 2.0], "b": [1.0, 2.0]}
    assert list(found) == ["a", "b"]


def test_an_unknown_model_is_named():
    with pytest.raises(ScoreError, match="'gmm-2'"):
        ScoreEnsemble.fit(TRAINING).score({"gmm-2": [1.0]})


def test_models_of_other_clips_or_none_are_refused():
    ensemble = ScoreEnsemble.fit(TRAINING)
    with pytest.raises(LengthError):
        ensemble.score({"knn-1": [1.0], "knn-2": [1.0, 2.0]})
    with pytest.raises(ScoreError, match="at least one"):
        ensemble.score({})
