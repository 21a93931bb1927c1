"""Standardisers: fitted on training scores alone, one clip at a time, order kept."""

import numpy as np
import pytest

from asd_eval import (
    EmpiricalQuantileStandardiser,
    LocalDensityStandardiser,
    RobustStandardiser,
    TransductiveWarning,
    ZScoreStandardiser,
    refuse_test_data,
    transductive_standardise,
)
from asd_eval.errors import InsufficientDataError, LeakageError, LengthError, NotFittedError, ScoreError

ONE_DIMENSIONAL = [ZScoreStandardiser, RobustStandardiser, EmpiricalQuantileStandardiser]
TRAINING = np.random.default_rng(0).gamma(2.0, size=400)


@pytest.mark.parametrize("kind", ONE_DIMENSIONAL)
def test_a_clips_score_does_not_depend_on_the_other_clips_of_the_call(kind):
    fitted = kind().fit(TRAINING)
    scores = np.array([0.1, 2.0, 5.0, 50.0])
    together = fitted.transform(scores)
    assert together.tolist() == [float(fitted.transform(score)) for score in scores]
    assert fitted.transform(2.0).shape == ()


@pytest.mark.parametrize("kind", ONE_DIMENSIONAL)
def test_order_is_kept_far_beyond_the_training_scores(kind):
    scores = np.linspace(-5, 40, 500)
    assert np.all(np.diff(kind().fit(TRAINING).transform(scores)) > 0)


@pytest.mark.parametrize("kind", ONE_DIMENSIONAL)
def test_the_result_does_not_depend_on_the_scale_of_the_system(kind):
    scores = np.linspace(0, 10, 50)
    plain = kind().fit(TRAINING).transform(scores)
    assert kind().fit(7 * TRAINING - 3).transform(7 * scores - 3) == pytest.approx(plain, abs=1e-9)


def test_training_scores_get_mean_0_and_deviation_1():
    standard = ZScoreStandardiser().fit(TRAINING).transform(TRAINING)
    assert (standard.mean(), standard.std()) == pytest.approx((0, 1), abs=1e-12)


def test_a_few_odd_training_clips_move_the_robust_standardiser_little():
    odd = np.append(TRAINING, [1e6] * 5)
    robust = [RobustStandardiser().fit(x).transform(3.0) for x in (TRAINING, odd)]
    assert robust[0] == pytest.approx(robust[1], rel=0.1)
    assert ZScoreStandardiser().fit(odd).transform(3.0) < 0.01


def test_quantiles_of_training_scores_become_exponential():
    values = EmpiricalQuantileStandardiser().fit(TRAINING).transform(TRAINING)
    assert (values.mean(), values.std()) == pytest.approx((1, 1), abs=0.05)
    assert np.sort(values)[200] == pytest.approx(np.log(2), abs=0.01)


def test_ties_in_training_share_the_middle_of_their_quantiles():
    fitted = EmpiricalQuantileStandardiser().fit([1, 2, 2, 2, 3])
    assert fitted.transform(2.0) == pytest.approx(-np.log(1 - 3 / 6))


def test_local_density_makes_a_sparse_region_comparable_to_a_dense_one():
    rng = np.random.default_rng(0)
    dense, sparse = rng.normal(0, 1, (100, 2)), rng.normal(40, 8, (10, 2))
    training = np.concatenate([dense, sparse])
    distances = np.linalg.norm(training[:, None] - training[None], axis=-1)
    fitted = LocalDensityStandardiser(neighbours=2).fit(distances)
    new = np.concatenate([rng.normal(0, 1, (200, 2)), rng.normal(40, 8, (200, 2))])
    to_training = np.linalg.norm(new[:, None] - training[None], axis=-1)
    raw, scaled = to_training.min(axis=1), fitted.transform(to_training)
    assert raw[200:].mean() > 10 * raw[:200].mean()
    assert scaled[200:].mean() < 2 * scaled[:200].mean()
    assert scaled[3] == fitted.transform(to_training[3])


def test_local_density_reads_no_diagonal():
    distances = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 4.0], [2.0, 4.0, 0.0]])
    a = LocalDensityStandardiser().fit(distances).local_distance_
    b = LocalDensityStandardiser().fit(distances + 9 * np.eye(3)).local_distance_
    assert a.tolist() == b.tolist() == [1.0, 1.0, 2.0]


@pytest.mark.parametrize("kind", ONE_DIMENSIONAL)
@pytest.mark.parametrize("scores", [[], [1.0, np.nan], [2.0] * 9, [[1.0, 2.0]], ["x"]])
def test_training_scores_without_a_scale_are_refused(kind, scores):
    with pytest.raises(ScoreError):
        kind().fit(scores)


def test_a_robust_scale_of_zero_names_the_way_out():
    with pytest.raises(ScoreError, match="ZScoreStandardiser"):
        RobustStandardiser().fit([1.0] * 9 + [2.0])


@pytest.mark.parametrize(
    ("distances", "error"),
    [
        (np.ones((2, 3)), ScoreError),
        (np.ones(3), ScoreError),
        (-np.ones((3, 3)), ScoreError),
        (np.full((3, 3), np.nan), ScoreError),
        (np.zeros((3, 3)), ScoreError),
        (np.ones((1, 1)), InsufficientDataError),
    ],
)
def test_distances_that_define_no_density_are_refused(distances, error):
    with pytest.raises(error):
        LocalDensityStandardiser().fit(distances)


def test_distances_to_other_training_clips_are_refused():
    fitted = LocalDensityStandardiser().fit(np.ones((3, 3)))
    with pytest.raises(ScoreError, match=r"\(Q, 3\)"):
        fitted.transform(np.ones((2, 4)))
    with pytest.raises(ScoreError, match="neighbours"):
        LocalDensityStandardiser(neighbours=0)


@pytest.mark.parametrize("kind", [*ONE_DIMENSIONAL, LocalDensityStandardiser])
def test_transform_before_fit_is_refused(kind):
    with pytest.raises(NotFittedError, match="fit"):
        kind().transform([1.0])


TEST_NAMES = [
    "section_00_source_test_normal_0001_car_A1.wav",
    "section_00_0001.wav",
    "data/fan/test/normal_id_00_00000001.wav",
    "test",
    "fan/train/section_00_source_train_anomaly_0001.wav",
    "data/train/section_00_source_test_normal_0001.wav",
    "train/fan/TEST/section_00_source_train_normal_0001.wav",
    r"D:\data\fan\test\normal_id_00_00000001.wav",
]


@pytest.mark.parametrize("name", TEST_NAMES)
@pytest.mark.parametrize("kind", ONE_DIMENSIONAL)
def test_nothing_fits_on_clips_marked_test(kind, name):
    names = ["section_00_source_train_normal_0001_car_A1.wav"] * 2 + [name]
    with pytest.raises(LeakageError, match="1 of 3"):
        kind().fit([1.0, 2.0, 3.0], names=names)
    with pytest.raises(LeakageError):
        LocalDensityStandardiser().fit(1 - np.eye(3), names=names)


@pytest.mark.parametrize(
    "name",
    [
        "section_00_source_train_normal_0362_car_C2_spd_31V_mic_1.wav",
        "train",
        "latest/a.wav",
        "/mnt/test_rig/data/train/section_00_source_train_normal_0001.wav",
        "/data/test/round_2/train/section_00_source_train_normal_0001.wav",
        r"D:\anomaly test\train\section_00_source_train_normal_0001.wav",
    ],
)
def test_training_clips_may_be_fitted_on(name):
    refuse_test_data(names=[name], labels=[0])


@pytest.mark.parametrize("names", [["train"], [], ["train"] * 4])
def test_names_must_be_one_per_training_clip(names):
    for kind in ONE_DIMENSIONAL:
        with pytest.raises(LengthError, match=f"got {len(names)} names for 3 clips"):
            kind().fit([1.0, 2.0, 3.0], names=names)
    with pytest.raises(LengthError, match="for 3 clips"):
        LocalDensityStandardiser().fit(1 - np.eye(3), names=names)


def test_an_anomalous_label_is_a_leak():
    with pytest.raises(LeakageError, match="1 labels"):
        refuse_test_data(labels=[0, 1])


def test_test_set_statistics_come_with_a_warning_and_only_so():
    scores = np.array([1.0, 2.0, 4.0])
    with pytest.warns(TransductiveWarning, match="transductive"):
        standard = transductive_standardise(scores)
    assert standard == pytest.approx((scores - scores.mean()) / scores.std())
    with pytest.raises(ScoreError):
        transductive_standardise([1.0, 1.0])
