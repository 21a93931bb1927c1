"""File names of the DCASE data sets."""

import pytest

from asd_recipes.clip_name import ClipName, ClipNameError, parse_clip_name


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (
            "section_00_source_train_normal_0742_vel_16_loc_A.wav",
            ClipName("00", 742, "source", "train", "normal", (("vel", "16"), ("loc", "A"))),
        ),
        (
            "section_00_target_test_anomaly_0040_volt_1.5_wt_130.wav",
            ClipName("00", 40, "target", "test", "anomaly", (("volt", "1.5"), ("wt", "130"))),
        ),
        (
            "section_00_source_test_anomaly_0022_m-n_W.wav",
            ClipName("00", 22, "source", "test", "anomaly", (("m-n", "W"),)),
        ),
        ("section_02_source_train_normal_0003.wav", ClipName("02", 3, "source", "train", "normal")),
        ("section_00_source_train_normal_0003_noAttribute.flac", ClipName("00", 3, "source", "train", "normal")),
        ("section_00_0123.wav", ClipName("00", 123)),
    ],
)
def test_a_name_says_its_parts(name: str, parts: ClipName) -> None:
    assert parse_clip_name(name) == parts


@pytest.mark.parametrize(
    "name",
    ["", "fan.wav", "section_00_source_train_normal.wav", "section_00_source_train_weird_0001.wav",
     "section_00_source_train_normal_0001_vel.wav", "section_00_source_train_normal_0001_vel_1.mp3",
     "section_xx_source_train_normal_0001.wav"],
)  # fmt: skip
def test_a_name_that_breaks_the_rule_is_refused_by_name(name: str) -> None:
    with pytest.raises(ClipNameError) as caught:
        parse_clip_name(name)
    assert repr(name) in str(caught.value)
