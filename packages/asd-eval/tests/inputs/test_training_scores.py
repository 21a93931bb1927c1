"""Everything that is fitted refuses test clips, anomalous clips, and names that are not one per clip."""

import numpy as np
import pytest

from asd_eval import ZScoreStandardiser, false_alarm_threshold, gamma_threshold, quantile_threshold
from asd_eval.errors import LeakageError, LengthError

SCORES = np.random.default_rng(0).gamma(4.0, 2.0, size=30)
TRAINING_NAME = "section_00_source_train_normal_0001_car_A1.wav"
FITS = {
    "standardiser": lambda names: ZScoreStandardiser().fit(SCORES, names=names),
    "gamma": lambda names: gamma_threshold(SCORES, names=names),
    "quantile": lambda names: quantile_threshold(SCORES, names=names),
    "false alarms": lambda names: false_alarm_threshold(SCORES, per_day=1000, clip_s=10.0, names=names),
}

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
@pytest.mark.parametrize("fit", FITS)
def test_nothing_fits_on_clips_marked_test(fit, name):
    with pytest.raises(LeakageError, match="1 of 30"):
        FITS[fit]([TRAINING_NAME] * 29 + [name])


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
@pytest.mark.parametrize("fit", FITS)
def test_training_clips_may_be_fitted_on(fit, name):
    FITS[fit]([name] * 30)


@pytest.mark.parametrize("count", [0, 1, 29, 31])
@pytest.mark.parametrize("fit", FITS)
def test_names_must_be_one_per_training_clip(fit, count):
    with pytest.raises(LengthError, match=f"got {count} names for 30 clips"):
        FITS[fit]([TRAINING_NAME] * count)
