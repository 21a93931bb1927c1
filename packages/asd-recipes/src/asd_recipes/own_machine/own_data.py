"""Splits one's own recordings into pieces for training and held-out pieces, which set the score's scale and threshold.

Long recordings are cut into pieces; training takes one crop of a piece at a time. The held-out share is counted in
seconds, not in files. With more than ten recordings, whole recordings are held out (`held_out_recordings`). With ten or
fewer, or if one recording has nearly all of the sound, the last part of each recording is held out. Such parts resemble
the training pieces more than a recording from another day does, so the threshold comes out lower.

All held-out pieces have the same length, and `asd score` judges stretches of that length, so that the threshold applies
to them. The length is `PIECE_S`, or less if that would give too few held-out pieces.

No piece holds a part of a gap (`asd_runtime.sound.gaps`): nobody should learn that a machine falls silent.

The network trains on every piece. The inlier models, the scale and the threshold use at most a thousand pieces, evenly
spread: their memory and time grow with the number of pieces, and there may be hours of sound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from asd_features import waveform_statistics
from asd_recipes.dataset.clip import DatasetError
from asd_recipes.own_machine.held_out_recordings import held_out_recordings
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.pieces import SHORTEST_S, Pieces
from asd_recipes.recipe.seeding import derive_seed
from asd_recipes.recipe.settings import Recipe
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.waveforms.waveform_bank import WaveformBank
from asd_runtime.counted import counted
from asd_runtime.sound.problem import Problem

PIECE_S = 10.0
"""Least length of a training piece, as of DCASE's clips; a shorter recording is one piece."""
FEW_RECORDINGS = 10
"""With this many recordings or fewer, parts of recordings are held out, not whole ones."""
MOST_PIECES = 1000
"""Limit for the pieces that inlier models learn from, and for held-out ones; DCASE has as many clips per machine."""
ENOUGH_PIECES = 10
"""Held-out pieces are cut shorter until there are this many: a threshold for one false alarm in ten needs nine."""
_FEWEST_HELD_OUT = 2  # one score has no spread
_OTHERS_VALIDATION = 10  # every tenth piece of another machine, for the validation AUC alone

HeldOut = Literal["time", "recordings"]


@dataclass(frozen=True)
class OwnData:
    """Pieces of recordings, split.

    Attributes:
        prepared: the pieces of `NORMAL` and of the other machines.
        held_out: "time" for the ends of recordings, "recordings" for whole ones.
        held_out_recordings: how many recordings the held-out pieces come from.
        stretch_s: length of each held-out piece.
        recordings: how many normal recordings are used.
        seconds: their total length without gaps.
        problems: recordings that could be read but not used, and those of which gaps are not used.
    """

    prepared: PreparedData
    held_out: HeldOut
    held_out_recordings: int
    stretch_s: float
    recordings: int
    seconds: float
    problems: tuple[Problem, ...]


class NothingUsableError(DatasetError):
    """No recording of the machine, or none of the other machines, can be used.

    Attributes:
        which: "of the normal folder" or "of other sounds".
        left_out: the problems of these recordings.
    """

    def __init__(self, which: str, left_out: Sequence[Problem]) -> None:
        reasons = "; ".join(f"{item.file}: {item.reason}" for item in left_out[:3])
        super().__init__(f"no recording {which} can be used. {reasons or 'There are none.'}")
        self.which, self.left_out = which, left_out


def prepare_own_data(bank: WaveformBank, recipe: Recipe) -> OwnData:
    """Cuts and splits the recordings of a bank.

    Raises:
        DatasetError: nothing usable, nothing to train with, or too little to hold out.
    """
    pieces = Pieces(bank, recipe.audio.sample_rate_hz)
    usable, problems = _usable(pieces, recipe.audio.sample_rate_hz)
    normal = [index for index in usable if bank.clips[index].machine == NORMAL]
    others = [index for index in usable if bank.clips[index].machine != NORMAL]
    if not normal or not others:
        which = "of the normal folder" if not normal else "of other sounds"
        left_out = [item for item in (*bank.problems, *problems) if item.file.startswith(f"{NORMAL}/") != bool(normal)]
        raise NothingUsableError(which, left_out)
    seconds = sum(high - low for index in normal for low, high in pieces.sounding[index]) / recipe.audio.sample_rate_hz
    ends, held_out = _held_out_parts(bank, normal, recipe)
    stretch = _stretch_samples(list(ends.values()), recipe)
    training, validation = _split(pieces, normal, ends, stretch, recipe)
    if not training:
        raise DatasetError(
            f"split.source_share={recipe.split.source_share:g} leaves nothing to train on: "
            f"{counted(len(normal), 'normal recording')}, {seconds:.3g} s in all. Raise it; its usual value is 0.75."
        )
    if len(validation) < _FEWEST_HELD_OUT:
        raise DatasetError(
            f"{counted(len(normal), 'normal recording')}, {seconds:.3g} s in all: enough for "
            f"{counted(len(validation), 'held-out piece')}, but {_FEWEST_HELD_OUT} are needed. Add recordings of "
            f"{2 * recipe.segments.length_s:g} s or more, each of which gives one, or have at least "
            f"{FEW_RECORDINGS + 1} recordings of {recipe.segments.length_s:g} s: then whole ones are held out."
        )
    validation = evenly_spread(validation)
    prepared = _prepared(pieces, training, validation, others, recipe)
    return OwnData(
        prepared=prepared,
        held_out=held_out,
        held_out_recordings=len({pieces.source[piece] for piece in validation}),
        stretch_s=stretch / recipe.audio.sample_rate_hz,
        recordings=len(normal),
        seconds=seconds,
        problems=tuple(problems),
    )


def evenly_spread(pieces: Sequence[int]) -> list[int]:
    """At most `MOST_PIECES` of the pieces, evenly spread from first to last."""
    count = min(len(pieces), MOST_PIECES)
    return [pieces[place * len(pieces) // count] for place in range(count)]


def _usable(pieces: Pieces, rate_hz: int) -> tuple[list[int], list[Problem]]:
    usable, problems = [], []
    bank = pieces.bank
    for index, (clip, wave, parts) in enumerate(zip(bank.clips, bank.waves, pieces.sounding, strict=True)):
        left_s = (len(wave) - sum(high - low for low, high in parts)) / rate_hz
        if wave.min() == wave.max():
            problems.append(Problem(clip.key, "constant", "all samples are equal: nothing was recorded"))
        elif len(wave) < SHORTEST_S * rate_hz:
            reason = f"{len(wave) / rate_hz:.3g} s; at least {SHORTEST_S:g} s is needed"
            problems.append(Problem(clip.key, "too short", reason))
        elif not parts:
            reason = f"between gaps, in which nothing changes, no part has {SHORTEST_S:g} s"
            problems.append(Problem(clip.key, "too short", reason))
        else:
            usable.append(index)
            if left_s > 0:
                reason = f"{left_s:.3g} s of it, in gaps, where nothing changes, or between two of them"
                problems.append(Problem(clip.key, "dropout", reason))
    return usable, problems


def _held_out_parts(bank: WaveformBank, normal: Sequence[int], recipe: Recipe) -> tuple[dict[int, int], HeldOut]:
    """How many samples at the end of each recording may be held out: whole recordings, or a part of each."""
    if len(normal) > FEW_RECORDINGS:
        whole = _whole_recordings(bank, normal, recipe)
        wanted = (1 - recipe.split.source_share) * sum(len(bank.waves[index]) for index in normal)
        if sum(whole.values()) >= wanted / 2:  # false if one recording has nearly all of the sound
            return whole, "recordings"
    return _last_parts(bank, normal, recipe), "time"


def _last_parts(bank: WaveformBank, normal: Sequence[int], recipe: Recipe) -> dict[int, int]:
    """The held-out share of each recording, at least one segment; 0 if the recording is too short for that."""
    segment = recipe.segments.length_samples
    parts = {}
    for index in normal:
        length = len(bank.waves[index])
        part = max(length - round(recipe.split.source_share * length), segment)
        parts[index] = part if length - part >= segment else 0
    return parts


def _whole_recordings(bank: WaveformBank, normal: Sequence[int], recipe: Recipe) -> dict[int, int]:
    """The length of each recording that is drawn, 0 for the others."""
    segment, lengths = recipe.segments.length_samples, {index: len(bank.waves[index]) for index in normal}
    able = [index for index in normal if lengths[index] >= segment]
    drawn = held_out_recordings(
        {index: lengths[index] for index in able},
        {index: bank.clips[index].name.attributes for index in normal},
        share=1 - recipe.split.source_share,
        rng=np.random.default_rng(derive_seed(recipe.seed, "held out")),
    )
    return {index: lengths[index] if index in drawn else 0 for index in normal}


def _stretch_samples(parts: Sequence[int], recipe: Recipe) -> int:
    """The greatest piece length up to `PIECE_S` at which the parts give enough pieces; one segment if none does.

    It is one segment plus a whole number of hops, so that a piece has the same segments as a stretch.
    """
    segment, hop, most = recipe.segments.length_samples, recipe.segments.hop_samples, _piece_samples(recipe)
    lengths = {min(most, part // count) for part in parts for count in range(1, ENOUGH_PIECES + 1)}
    for length in sorted({segment + (n - segment) // hop * hop for n in lengths if n >= segment}, reverse=True):
        if sum(part // length for part in parts) >= ENOUGH_PIECES:
            return length
    return segment


def _split(
    pieces: Pieces, normal: Sequence[int], ends: Mapping[int, int], stretch: int, recipe: Recipe
) -> tuple[list[int], list[int]]:
    """(training, held-out) pieces: of each recording the end is held out, and the rest trains.

    A recording that is held out whole never trains, even where its pieces do not fill it.
    """
    training: list[int] = []
    validation: list[int] = []
    for index in normal:
        length, count = len(pieces.bank.waves[index]), ends[index] // stretch
        if ends[index] < length:
            training += pieces.cut(index, length - count * stretch, _piece_samples(recipe))
        validation += pieces.cut_from_the_end(index, count, stretch)
    return training, validation


def _piece_samples(recipe: Recipe) -> int:
    return max(round(PIECE_S * recipe.audio.sample_rate_hz), recipe.segments.length_samples)


def _prepared(
    pieces: Pieces, training: list[int], validation: list[int], others: Sequence[int], recipe: Recipe
) -> PreparedData:
    training_pieces, validation_pieces = {NORMAL: training}, {NORMAL: validation}
    for machine in sorted({pieces.bank.clips[index].machine for index in others}):
        cut: list[int] = []
        for index in others:
            if pieces.bank.clips[index].machine == machine:
                cut += pieces.cut(index, len(pieces.bank.waves[index]), _piece_samples(recipe))
        validation_pieces[machine] = cut[_OTHERS_VALIDATION - 1 :: _OTHERS_VALIDATION]
        training_pieces[machine] = sorted(set(cut) - set(validation_pieces[machine]))
    bank = WaveformBank(tuple(pieces.clips), tuple(pieces.waves), (), pieces.bank.digest)
    statistics = {
        name: waveform_statistics([bank.waves[index] for index in indices]) for name, indices in training_pieces.items()
    }
    return PreparedData(bank, training_pieces, validation_pieces, statistics)
