"""File names of the DCASE data sets."""

import pytest

from asd_recipes.dataset.clip_name import ClipName, ClipNameError, parse_clip_name, parse_supplement_name


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
        # 2020: ids, no domains
        ("normal_id_01_00000349.wav", ClipName("01", 349, label="normal")),
        ("anomaly_id_04_00000264.wav", ClipName("04", 264, label="anomaly")),
        ("id_05_00000514.wav", ClipName("05", 514)),
        # 2021: attributes without items, none in the test set, a domain in the evaluation test set
        (
            "section_00_source_train_normal_0000_strength_1_ambient.wav",
            ClipName("00", 0, "source", "train", "normal", (("condition", "strength_1_ambient"),)),
        ),
        (
            "section_00_source_train_normal_0000_0_g_25_mm_2000_mV_none.wav",
            ClipName("00", 0, "source", "train", "normal", (("condition", "0_g_25_mm_2000_mV_none"),)),
        ),
        (
            "section_00_source_train_normal_0025_A1Spd28VMic1.wav",
            ClipName("00", 25, "source", "train", "normal", (("condition", "A1Spd28VMic1"),)),
        ),
        ("section_02_target_test_anomaly_0099.wav", ClipName("02", 99, "target", "test", "anomaly")),
        ("section_05_target_test_0199.wav", ClipName("05", 199, "target", "test")),
        # 2022: the evaluation test set says test, and no domain
        ("section_03_test_0199.wav", ClipName("03", 199, split="test")),
    ],
)
def test_a_name_is_split_into_its_parts(name: str, parts: ClipName) -> None:
    assert parse_clip_name(name) == parts


@pytest.mark.parametrize(
    "name",
    ["", "fan.wav", "section_00_source_train_normal.wav", "section_00_source_train_weird_0001.wav",
     "section_00_source_train_normal_0001_vel.wav", "section_00_source_train_normal_0001_vel_1.mp3",
     "section_xx_source_train_normal_0001.wav", "section_00_source_train_normal_0001_vel__loc_A.wav",
     "section_00_source_train_normal_0001_vel_5_.wav",
     "normal_id_xx_00000001.wav", "section_00_source_0001.wav", "section_00_train_0001.wav",
     "section_00_machine_0001.wav", "section_00_\u0661.wav", f"section_00_{'9' * 5000}.wav",
     "section_00_source_train_normal_0001_vel_5.wav\n"],
)  # fmt: skip
def test_a_name_that_breaks_the_rule_is_refused_by_name(name: str) -> None:
    with pytest.raises(ClipNameError) as caught:
        parse_clip_name(name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("section_00_machine_0001_.wav", ClipName("00", 1, supplement="clean")),
        (
            "section_00_machine_source_0000_noAttribute.wav",
            ClipName("00", 0, "source", supplement="clean"),
        ),
        (
            "section_00_source_supplemental_machine_0012_vel_5.wav",
            ClipName("00", 12, "source", attributes=(("vel", "5"),), supplement="clean"),
        ),
        ("section_00_noise_supplemental_normal_0099.wav", ClipName("00", 99, supplement="noise")),
        ("section_00_source_target_noise_0099.wav", ClipName("00", 99, supplement="noise")),
    ],
)
def test_a_supplementary_name_says_clean_or_noise(name: str, parts: ClipName) -> None:
    assert parse_supplement_name(name) == parts


@pytest.mark.parametrize(
    "name",
    ["section_00_0001.wav", "section_00_source_train_normal_0001.wav", "section_00_clean_noise_0001.wav",
     "machine_0001.wav", "section_00_machine.wav", "section_00_noise_0001.mp3"],
)  # fmt: skip
def test_a_supplementary_name_with_neither_or_both_is_refused(name: str) -> None:
    with pytest.raises(ClipNameError, match="machine"):
        parse_supplement_name(name)
