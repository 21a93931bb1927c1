"""How one's own recordings are cut, and which parts are held out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asd_recipes.dataset.clip import Clip, DatasetError
from asd_recipes.dataset.clip_name import ClipName
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.own_data import FEW_RECORDINGS, OwnData, evenly_spread, prepare_own_data
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.waveforms.waveform_bank import WaveformBank
from asd_runtime.sound.gaps import find_gaps

RATE = 1_000
RECIPE = load_recipe(
    "own",
    settings=[
        *(f"{group}.sample_rate_hz={RATE}" for group in ("audio", "segments", "log_mel")),
        "log_mel.low_hz=0.0",
        "log_mel.high_hz=500.0",
    ],
)


def _bank(*seconds: float, attributes: tuple[str, ...] = (), others: int = 3) -> WaveformBank:
    """Recordings whose samples are their own indices, so that a piece shows where it comes from."""
    values = attributes or ("",) * len(seconds)
    clips = [
        Clip(NORMAL, "train", Path(f"{n}.wav"), ClipName("00", n, attributes=(("load", v),) if v else ()), f"{n}.wav")
        for n, v in enumerate(values)
    ]
    clips += [Clip("others1/fan", "train", Path(f"{n}.wav"), ClipName("00", n), f"{n}.wav") for n in range(others)]
    waves = [np.arange(round(RATE * length), dtype=np.float32) for length in (*seconds, *([12.0] * others))]
    return WaveformBank(tuple(clips), tuple(waves), (), "made up")


def _recording(data: OwnData, index: int) -> str:
    """Of a piece, which is named by its recording and the sample that it begins with."""
    name, _, sample = data.prepared.bank.clips[index].listed_as.partition(" from sample ")
    assert data.prepared.bank.waves[index][0] == int(sample)
    return name


def _parts(data: OwnData, which: dict[str, list[int]]) -> dict[str, list[tuple[float, float]]]:
    """(begin, end) in seconds of the pieces of each recording."""
    parts: dict[str, list[tuple[float, float]]] = {}
    for index in which[NORMAL]:
        wave = data.prepared.bank.waves[index]
        place = (float(wave[0]) / RATE, (float(wave[-1]) + 1) / RATE)
        parts.setdefault(_recording(data, index), []).append(place)
    return parts


def _held_out_lengths(data: OwnData) -> set[int]:
    return {len(data.prepared.bank.waves[index]) for index in data.prepared.validation[NORMAL]}


def test_with_few_recordings_the_last_quarter_of_each_is_held_out_in_equal_pieces_and_never_trains() -> None:
    data = prepare_own_data(_bank(10, 60, 33), RECIPE)
    assert data.held_out == "time"
    assert (data.held_out_recordings, data.stretch_s) == (3, 2.5), "of 3 s there would be eight"
    training, validation = (_parts(data, part) for part in (data.prepared.training, data.prepared.validation))
    for name, seconds, pieces in (("0.wav", 10.0, 1), ("1.wav", 60.0, 6), ("2.wav", 33.0, 3)):
        places = training[name] + validation[name]
        assert [begin for begin, _ in places] == [0.0, *(end for _, end in places[:-1])], "no gap and no overlap"
        assert places[-1][1] == seconds
        assert len(validation[name]) == pieces
        assert training[name][-1][1] == pytest.approx(seconds - 2.5 * pieces, abs=1 / RATE)
    assert len(training["1.wav"]) == 4, "45 s in pieces of 10 s and more"
    assert _held_out_lengths(data) == {2500}


@pytest.mark.parametrize(
    ("seconds", "stretch_s", "pieces"),
    [
        ((120.0,) * 3, 7.5, 12),  # pieces of 10 s would be only nine
        ((240.0,) * 3, 10.0, 18),
        ((600.0,), 10.0, 15),
        ((40.0,) * 4, 3.0, 12),  # 10 s of each; a length is a segment and whole hops of 0.5 s
        ((9.0,) * 4, 2.0, 4),  # never less than a segment
        ((12.0,) * 48, 10.0, 12),
        ((6.0,) * 40, 6.0, 10),
    ],
)
def test_held_out_pieces_are_equal_and_ten_seconds_long_or_shorter_if_there_would_be_too_few(
    seconds: tuple[float, ...], stretch_s: float, pieces: int
) -> None:
    data = prepare_own_data(_bank(*seconds), RECIPE)
    assert data.stretch_s == stretch_s
    assert len(data.prepared.validation[NORMAL]) == pieces
    assert _held_out_lengths(data) == {round(stretch_s * RATE)}


def test_a_held_out_part_is_at_least_a_segment_and_a_shorter_recording_only_trains() -> None:
    data = prepare_own_data(_bank(4, 5, 3.9), RECIPE)
    training, validation = (_parts(data, part) for part in (data.prepared.training, data.prepared.validation))
    assert validation == {"0.wav": [(2.0, 4.0)], "1.wav": [(3.0, 5.0)]}
    assert training["2.wav"] == [(0.0, 3.9)]
    assert data.held_out_recordings == 2


def test_with_many_recordings_whole_ones_of_every_attribute_value_are_held_out() -> None:
    values = ("full",) * 8 + ("idle",) * 8
    data = prepare_own_data(_bank(*[12.0] * 16, attributes=values), RECIPE)
    assert data.held_out == "recordings"
    training, validation = (_parts(data, part) for part in (data.prepared.training, data.prepared.validation))
    assert not set(training) & set(validation)
    held_out = [values[int(name.removesuffix(".wav"))] for name in validation]
    assert sorted(held_out) == ["full", "full", "idle", "idle"]
    assert all(places == [(0.0, 12.0)] for places in training.values())
    assert data.held_out_recordings == 4


@pytest.mark.parametrize("seed", range(5))
def test_of_recordings_of_unequal_length_a_share_of_the_seconds_is_held_out(seed: int) -> None:
    """Three recordings of two minutes and nine of four seconds: drawing three files might give only 12 s."""
    recipe = replace(RECIPE, seed=seed)
    data = prepare_own_data(_bank(*[120.0] * 3, *[4.0] * 9), recipe)
    validation = _parts(data, data.prepared.validation)
    held_out_s = sum(120 if int(name.removesuffix(".wav")) < 3 else 4 for name in validation)
    assert data.held_out == "recordings"
    assert 0.2 * data.seconds <= held_out_s <= 0.4 * data.seconds


def test_if_one_recording_has_nearly_all_of_the_sound_the_last_part_of_each_is_held_out() -> None:
    data = prepare_own_data(_bank(600.0, *[4.0] * 11), RECIPE)
    assert data.held_out == "time"
    assert 0.2 * 644 <= sum(map(len, _waves_held_out(data))) / RATE <= 0.3 * 644


def test_recordings_with_an_attribute_value_of_their_own_are_held_out_too() -> None:
    data = prepare_own_data(_bank(*[12.0] * 12, attributes=tuple("abcdefghijkl")), RECIPE)
    assert (data.held_out, data.held_out_recordings) == ("recordings", 3)


def test_a_piece_that_touches_a_gap_sets_no_threshold() -> None:
    bank = _bank(240.0)
    wave = bank.waves[0].copy()
    wave[-25 * RATE :] = 0
    data = prepare_own_data(WaveformBank(bank.clips, (wave, *bank.waves[1:]), (), ""), RECIPE)
    assert data.stretch_s == 6.0
    assert len(data.prepared.validation[NORMAL]) == 5, "ten of 6 s, five of which touch the last 25 s"


def test_no_piece_holds_a_part_of_a_gap_and_the_rest_of_the_recording_trains() -> None:
    bank = _bank(60.0, 60.0)
    wave = bank.waves[0].copy()
    wave[20 * RATE : 21 * RATE] = wave[20 * RATE]
    wave[21 * RATE + 900 : 23 * RATE] = wave[23 * RATE]  # 0.9 s between two gaps is too short to learn from
    fan = bank.waves[2].copy()
    fan[5 * RATE : 6 * RATE] = 0
    data = prepare_own_data(WaveformBank(bank.clips, (wave, bank.waves[1], fan, *bank.waves[3:]), (), ""), RECIPE)
    training = _parts(data, data.prepared.training)["0.wav"]
    blurred = 0.013  # at the edge of a gap in floats
    assert training[0] == pytest.approx((0.0, 20.0), abs=blurred)
    assert training[1][0] == pytest.approx(23.0, abs=2 * blurred)
    used = [data.prepared.bank.waves[i] for group in data.prepared.training.values() for i in group]
    assert all(len(find_gaps(piece, RATE)) == 0 for piece in used)
    assert data.seconds == pytest.approx(117.0, abs=4 * blurred)
    gaps = {problem.file: (problem.kind, problem.severity) for problem in data.problems}
    assert gaps == dict.fromkeys(["normal/train/0.wav", "others1/fan/train/0.wav"], ("dropout", "warning"))


def _waves_held_out(data: OwnData) -> list[np.ndarray]:
    return [data.prepared.bank.waves[index] for index in data.prepared.validation[NORMAL]]


def test_the_boundary_is_at_ten_recordings_and_another_seed_holds_out_others() -> None:
    assert prepare_own_data(_bank(*[5.0] * FEW_RECORDINGS), RECIPE).held_out == "time"
    bank = _bank(*[5.0] * (FEW_RECORDINGS + 10))
    first, again = (prepare_own_data(bank, RECIPE) for _ in range(2))
    other = prepare_own_data(bank, load_recipe("own", settings=[
        *(f"{group}.sample_rate_hz={RATE}" for group in ("audio", "segments", "log_mel")),
        "log_mel.low_hz=0.0", "log_mel.high_hz=500.0", "seed=1"]))  # fmt: skip
    names = [{_recording(data, i) for i in data.prepared.validation[NORMAL]} for data in (first, again, other)]
    assert names[0] == names[1]
    assert names[0] != names[2]


def test_recordings_that_are_too_short_or_constant_are_left_out_and_named() -> None:
    bank = _bank(10, 0.5, 10, 10, 10)
    waves = list(bank.waves)
    waves[2] = np.zeros_like(waves[2])
    waves[3] = np.where(np.arange(len(waves[3])) % RATE < 500, waves[3], 0).astype(np.float32)
    data = prepare_own_data(WaveformBank(bank.clips, tuple(waves), (), ""), RECIPE)
    assert {problem.file: problem.kind for problem in data.problems} == {
        "normal/train/1.wav": "too short",
        "normal/train/2.wav": "constant",
        "normal/train/3.wav": "too short",
    }
    assert set(_parts(data, data.prepared.training)) == {"0.wav", "4.wav"}
    assert data.recordings == 2
    assert data.seconds == 20


def test_every_tenth_piece_of_another_machine_validates_and_does_not_train() -> None:
    prepared = prepare_own_data(_bank(10, 10, others=25), RECIPE).prepared
    training, validation = prepared.training["others1/fan"], prepared.validation["others1/fan"]
    assert (len(training), len(validation)) == (23, 2)
    assert not set(training) & set(validation)


def test_of_hours_of_sound_all_train_the_network_and_evenly_spread_pieces_do_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = prepare_own_data(_bank(1000, 10), RECIPE).prepared
    monkeypatch.setattr("asd_recipes.own_machine.own_data.MOST_PIECES", 20)
    prepared = prepare_own_data(_bank(1000, 10), RECIPE).prepared
    assert prepared.training == whole.training
    assert len(whole.validation[NORMAL]) == 25, "of 10 s; the other recording has none"
    held_out = prepared.validation[NORMAL]
    assert len(held_out) == len(set(held_out)) == 20
    assert set(held_out) <= set(whole.validation[NORMAL])
    assert set(np.diff(held_out)) <= {1, 2}, "evenly spread"
    pieces = evenly_spread(prepared.training[NORMAL])
    assert len(pieces) == 20
    assert set(np.diff(pieces)) <= {3, 4}
    assert evenly_spread(pieces[:7]) == pieces[:7]


@pytest.mark.parametrize(
    ("bank", "message"),
    [
        (_bank(10), "1 normal recording, 10 s in all: enough for 1 held-out piece,"),
        (_bank(3, 3, 3), "enough for 0 held-out pieces"),
        (_bank(0.1), "normal/train/0.wav: 0.1 s; at least 1 s is needed"),
        (_bank(10, 0.5, others=0), "of other sounds"),
    ],
    ids=["one recording", "short ones", "nothing", "no others"],
)
def test_too_little_to_learn_from_is_an_error_that_says_what_is_missing(bank: WaveformBank, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        prepare_own_data(bank, RECIPE)


def test_a_share_that_leaves_nothing_to_train_on_is_refused() -> None:
    recipe = replace(RECIPE, split=replace(RECIPE.split, source_share=1e-9))
    with pytest.raises(DatasetError, match=r"split\.source_share=1e-09 leaves nothing to train on"):
        prepare_own_data(_bank(*[12.0] * (FEW_RECORDINGS + 2)), recipe)


def test_where_recordings_are_too_short_both_ways_out_are_named() -> None:
    with pytest.raises(DatasetError, match=r"s or more, each .* or have at least 11 recordings"):
        prepare_own_data(_bank(*[3.0] * 6), RECIPE)
