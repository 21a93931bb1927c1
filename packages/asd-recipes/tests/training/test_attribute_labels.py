"""Attribute items, joint classes and physical parameters from file names."""

import numpy as np
import pytest

from asd_recipes.dataset.clip_name import ClipName, parse_clip_name
from asd_recipes.training.attribute_labels import attribute_labels, varying_items


def _names(*attributes: str) -> dict[int, ClipName]:
    texts = [f"section_00_source_train_normal_{place:04d}_{text}.wav" for place, text in enumerate(attributes)]
    return {10 * place: parse_clip_name(text) for place, text in enumerate(texts)}


def test_an_item_with_one_value_does_not_vary() -> None:
    names = _names("car_A1_spd_28V_mic_1", "car_B1_spd_28V_mic_1", "car_A1_spd_28V_mic_2")
    assert varying_items(list(names.values())) == ["car", "mic"]
    assert varying_items([parse_clip_name("section_00_source_train_normal_0000_noAttribute.wav")] * 2) == []


def test_the_joint_classes_are_the_combinations_that_occur() -> None:
    labels = attribute_labels(_names("vel_5_loc_B", "vel_5_loc_A", "vel_7_loc_A", "vel_5_loc_A"), None)
    assert labels.classes == ("vel_5_loc_A", "vel_5_loc_B", "vel_7_loc_A")
    # Clips 0, 10, 20, 30; 99 is another machine's, whose labels are zero (Eq. 8).
    expected = [[0, 1, 0], [1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(labels.one_hot([0, 10, 20, 30, 99]), expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["100", "20", "3"], [100, 20, 3]),
        (["0.30", "0.05", "-1"], [0.3, 0.05, -1]),
        (["28V", "31V", "40V"], [28, 31, 40]),
        (["28V", "31A", "40V"], [0, 1, 2]),
        (["28", "31V", "40V"], [0, 1, 2]),
        (["C", "A", "B"], [2, 0, 1]),
        (["A1", "B1", "A2"], [0, 2, 1]),
    ],
)
def test_numbers_of_one_unit_are_parameters_and_categories_are_numbered_in_sorted_order(
    values: list[str], expected: list[float]
) -> None:
    labels = attribute_labels(_names(*(f"x_{value}" for value in values)), "x")
    np.testing.assert_array_equal(labels.parameters([0, 10, 20]), np.float32(expected))
    assert labels.parameters([99]).tolist() == [0.0]
