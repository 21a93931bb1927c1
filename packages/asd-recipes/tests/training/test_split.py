"""The split of Sec. 4.2: exact counts, every attribute value in training, no clip in both parts."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from asd_recipes.dataset.clip import Clip, DatasetError
from asd_recipes.dataset.clip_name import ClipName
from asd_recipes.recipe.settings import Split
from asd_recipes.training.split import split_training_clips
from asd_recipes.waveforms.waveform_bank import WaveformBank


def _bank(source: list[str], target: list[str]) -> WaveformBank:
    names = [ClipName("00", k, "source", "train", "normal", (("v", value),)) for k, value in enumerate(source)]
    names += [ClipName("00", k, "target", "train", "normal", (("v", value),)) for k, value in enumerate(target)]
    clips = tuple(Clip("fan", "train", Path(f"{k}.wav"), name) for k, name in enumerate(names))
    return WaveformBank(clips, tuple(np.zeros(1, np.int16) for _ in clips), (), "")


@pytest.mark.parametrize("seed", range(5))
def test_the_real_numbers_of_clips_give_the_papers_counts(seed: int) -> None:
    bank = _bank(["a"] * 495 + ["b"] * 396 + ["c"] * 99, ["d"] * 5 + ["e"] * 5)
    training, validation = split_training_clips(bank, "fan", Split(), seed=seed)
    assert sorted(training + validation) == list(range(1000))
    domains = Counter(bank.clips[index].name.domain for index in training)
    assert domains == {"source": round(0.85 * 990), "target": 6}
    values = Counter(bank.clips[index].name.attributes[0][1] for index in training)
    for value, clips in (("a", 495), ("b", 396), ("c", 99)):
        assert abs(values[value] - 0.85 * clips) <= 1
    assert {values["d"], values["e"]} == {3}


def test_the_split_depends_only_on_the_seed() -> None:
    bank = _bank(["a", "b"] * 50, ["c"] * 10)
    once, again, other = (split_training_clips(bank, "fan", Split(), seed=seed) for seed in (1, 1, 2))
    assert once == again
    assert once != other


@pytest.mark.parametrize(
    ("split", "source", "rule"),
    [
        (
            Split(source_share=1e-9),
            40,
            r"split\.source_share=1e-09 leaves no source clip .* 0\.013",
        ),
        (Split(target_share=1e-9), 0, r"split\.target_share=1e-09 leaves no target clip of fan for training, of 10"),
    ],
)
def test_a_share_that_leaves_nothing_to_train_on_is_refused(split: Split, source: int, rule: str) -> None:
    with pytest.raises(DatasetError, match=rule):
        split_training_clips(_bank(["a"] * source, ["b"] * 10), "fan", split, seed=0)


def test_a_run_may_do_without_the_target_clips() -> None:
    training, validation = split_training_clips(_bank(["a"] * 40, ["b"] * 10), "fan", Split(target_share=1e-9), seed=0)
    assert max(training) < 40 <= max(validation)
