"""The spectral statistics of one's own machine: what they learn from, and what they say about shorter recordings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_model import made_up_manifest
from numpy.typing import NDArray

from asd_recipes.dataset.clip import Clip
from asd_recipes.dataset.clip_name import ClipName
from asd_recipes.own_machine import own_data
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.own_data import OwnData, prepare_own_data
from asd_recipes.own_machine.spectral_fit import SpectralFit, scales, training_stretches
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.run_store import RunError
from asd_recipes.waveforms.waveform_bank import WaveformBank
from asd_runtime.model.joined_score import Joined, JoinedDetector, Scale
from asd_runtime.progress import Advance, PlainProgress
from asd_runtime.scoring.scorer import Scorer

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


def _humming(seconds: float, seed: int, *, ticks: float = 0.0) -> NDArray[np.float32]:
    """Noise whose loudness wanders, with a faint tick every 0.2 s if asked for."""
    rng, samples = np.random.default_rng(seed), round(RATE_HZ * seconds)
    every = np.arange(0, samples + 4000, 4000)
    wander = np.interp(np.arange(samples), every, rng.normal(0, 0.3, len(every)))
    wave = 0.1 * np.exp(wander) * rng.standard_normal(samples)
    wave[::3200] += ticks
    return wave.astype(np.float32)


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """Of 60 stretches of 10 s, 40 of which train, with a threshold for one false alarm in ten."""
    recipe = replace(RECIPE, log_mel=replace(RECIPE.log_mel, bands=16, hop_s=0.064))
    data = _data(10.0, 20.0)
    waves = [_humming(10.0, seed) for seed in range(60)]
    clips = tuple(replace(data.prepared.bank.clips[0], listed_as=str(seed)) for seed in range(60))
    bank = WaveformBank(clips, tuple(waves), (), "made up")
    prepared = replace(
        data.prepared, bank=bank, training={NORMAL: list(range(40))}, validation={NORMAL: list(range(40, 60))}
    )
    data = replace(data, prepared=prepared, stretch_s=10.0)
    fit = SpectralFit(tmp_path_factory.mktemp("fit"), data, recipe)
    fit.run(PlainProgress(quiet=True))
    held_out, shorter = fit.held_out_scores(), fit.shorter()
    assert len(shorter) == 19, "0.5 s, 1 s, ... 9.5 s"
    whole = scales([held_out])[0]
    assert whole == Scale(held_out.mean(), held_out.std()), "as ever"
    np.testing.assert_array_equal(held_out, fit.scorer().score_pieces(waves[40:]))
    detector = JoinedDetector(1.0, 1.0, whole.mean, whole.std, shorter)
    alone = Joined({"spectral": detector}, 0.0, 1.0, 1, ())
    threshold = float(np.quantile((held_out - whole.mean) / whole.std, 0.9))
    spectral = replace(fit.scorer(), scales=(*shorter, whole))
    made_up = made_up_manifest()
    manifest = replace(
        made_up,
        front_end=spectral.vectors.front_end,
        joined=alone,
        threshold=replace(made_up.threshold, value=threshold, stretch_s=10.0),
    )
    return Scorer(manifest, "no network", None, spectral)


@pytest.mark.parametrize("seconds", [1.0, 2.0, 3.0, 5.0, 8.0, 10.0])
def test_of_normal_recordings_of_any_length_about_the_promised_share_is_above_the_threshold(
    scorer: Scorer, seconds: float
) -> None:
    scores = np.array([scorer.score_wave(_humming(seconds, seed)).score for seed in range(100, 140)])
    assert np.mean(scores > scorer.manifest.threshold.value) <= 0.3, "a tenth was promised, by twenty pieces"
    assert abs(np.median(scores)) < 1


@pytest.mark.parametrize("seconds", [2.0, 5.0, 10.0])
def test_a_fault_in_a_short_recording_is_above_the_threshold(scorer: Scorer, seconds: float) -> None:
    for seed in range(100, 105):
        assert scorer.score_wave(_humming(seconds, seed, ticks=2.0)).score > scorer.manifest.threshold.value


def test_a_stretch_with_a_gap_is_normal_if_its_sound_is(scorer: Scorer) -> None:
    scores = []
    for seed in range(100, 110):
        wave = _humming(10.0, seed)
        wave[2 * RATE_HZ : 7 * RATE_HZ] = 0
        scored = scorer.score_wave(wave)
        assert scored.gaps_s
        scores.append(scored.score)
    assert abs(np.median(scores)) < 1.5


def test_beginnings_that_tell_nothing_get_the_scale_of_the_next_length() -> None:
    varied, alike = np.array([1.0, 3.0]), np.array([5.0, 5.0])
    assert scales([np.array([7.0]), varied, alike, np.array([]), varied + 1]) == [
        Scale(2.0, 1.0), Scale(2.0, 1.0), Scale(3.0, 1.0), Scale(3.0, 1.0), Scale(3.0, 1.0),
    ]  # fmt: skip


class _Said:
    """Progress that keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def stage(self, name: str, steps: int, *, done: int = 0, in_bytes: bool = False) -> Iterator[Advance]:
        yield lambda more: None


@pytest.mark.parametrize("kind", ["tone", "loop"])
def test_sound_without_variance_leaves_the_detector_out_and_says_so(kind: str, tmp_path: Path) -> None:
    data = _data(10.0, 10.0, 10.0)
    second = np.random.default_rng(0).uniform(-0.1, 0.1, RATE_HZ).astype(np.float32)
    if kind == "tone":
        second = np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    waves = tuple(np.resize(second, len(wave)) for wave in data.prepared.bank.waves)
    bank = replace(data.prepared.bank, waves=waves)
    data = prepare_own_data(bank, RECIPE)
    said, fit = _Said(), SpectralFit(tmp_path, data, RECIPE)
    fit.run(said)
    assert not fit.is_done
    assert [line.endswith("; left out") for line in said.lines] == [True]
    alone = replace(RECIPE, fit=replace(RECIPE.fit, detectors=("spectral",)))
    with pytest.raises(RunError, match=r"sound the same .* Add recordings"):
        replace(fit, recipe=alone).run(said)
