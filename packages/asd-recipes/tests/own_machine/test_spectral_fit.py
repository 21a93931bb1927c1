"""What the spectral statistics of one's own machine learn from: stretches as long as those that are scored."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asd_recipes.bundle.manifest import NORMAL
from asd_recipes.dataset.clip import Clip
from asd_recipes.dataset.clip_name import ClipName
from asd_recipes.own_machine import own_data
from asd_recipes.own_machine.own_data import OwnData, prepare_own_data
from asd_recipes.own_machine.spectral_fit import training_stretches
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.waveforms.waveform_bank import WaveformBank

RECIPE = load_recipe("own")
RATE_HZ = 16_000


def _data(*seconds: float) -> OwnData:
    """Recordings whose samples say where they are from."""
    lengths = [round(RATE_HZ * length_s) for length_s in (*seconds, 4.0)]
    machines = [NORMAL] * len(seconds) + ["saw"]
    clips = [
        Clip(machine, "train", Path(f"{place}.wav"), ClipName("00", place)) for place, machine in enumerate(machines)
    ]
    waves = [np.arange(length, dtype=np.float32) + 1e6 * place for place, length in enumerate(lengths)]
    return prepare_own_data(WaveformBank(tuple(clips), tuple(waves), (), "made up"), RECIPE)


def test_stretches_are_as_long_as_held_out_pieces_and_share_no_sample_with_them_or_each_other() -> None:
    data = _data(30.0, 47.0, 12.5)
    stretches = training_stretches(data, RECIPE)
    samples = round(RATE_HZ * data.stretch_s)
    assert {len(stretch) for stretch in stretches} == {samples}
    heard = np.concatenate(stretches)
    assert len(np.unique(heard)) == len(heard)
    held_out = np.concatenate([data.prepared.bank.waves[piece] for piece in data.prepared.validation[NORMAL]])
    assert not np.isin(heard, held_out).any()
    trained = sum(len(data.prepared.bank.waves[piece]) for piece in data.prepared.training[NORMAL])
    assert len(heard) > 0.7 * trained


def test_a_piece_shorter_than_a_stretch_stays_whole() -> None:
    data = replace(_data(30.0, 12.0), stretch_s=60.0)
    assert [len(stretch) for stretch in training_stretches(data, RECIPE)] == [
        len(data.prepared.bank.waves[piece]) for piece in data.prepared.training[NORMAL]
    ]


def test_of_many_stretches_evenly_spread_ones_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _data(120.0)
    every = [stretch[0] for stretch in training_stretches(data, RECIPE)]
    monkeypatch.setattr(own_data, "MOST_PIECES", 3)
    few = [stretch[0] for stretch in training_stretches(data, RECIPE)]
    assert few == [every[place * len(every) // 3] for place in range(3)]
