"""Which parts of one's own recordings train and which are held out: for the scale of the scores and the threshold.

Long recordings are cut into pieces, of which training takes one crop at a time. With more than ten recordings, a share
of the recordings (`split.source_share`, drawn evenly over the attribute values) trains and the others are held out
whole. With ten or fewer none can be spared: of each, the last part is held out, in pieces of one segment, the most that
it gives. Such pieces are like those that trained, more than another day's recording is; the threshold is the lower
for it.

The network trains on every piece. Of more than a thousand, evenly spread ones do for the inlier models, and for scale
and threshold: what these keep and compare grows with their number, and hours of sound must not fill the memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from asd_features import waveform_statistics
from asd_recipes.bundle.manifest import NORMAL
from asd_recipes.dataset.clip import Clip, DatasetError, Problem
from asd_recipes.recipe.seeding import derive_seed
from asd_recipes.recipe.settings import Recipe
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.training.split import stratified_draw
from asd_recipes.waveforms.waveform_bank import Samples, WaveformBank

PIECE_S = 10.0
"""Pieces are at least so long, as the clips of DCASE are, where a recording is."""
FEW_RECORDINGS = 10
"""Up to so many, parts of recordings are held out, and not whole ones."""
MOST_PIECES = 1000
"""That inlier models learn from, and that are held out; as many as DCASE has training clips of a machine."""
SHORTEST_S = 1.0
"""What is shorter is left out: repeated to fill a segment, it would teach its own repetition."""
_FEWEST_HELD_OUT = 2  # one score has no spread
_OTHERS_VALIDATION = 10  # every tenth piece of another machine, for the validation AUC alone

HeldOut = Literal["time", "recordings"]


@dataclass(frozen=True)
class OwnData:
    """Pieces of recordings, split.

    Attributes:
        prepared: of pieces: `NORMAL` and the other machines.
        held_out: the ends of all recordings, or whole recordings.
        recordings: normal recordings used.
        seconds: their length.
        problems: recordings that could be read and not be used.
    """

    prepared: PreparedData
    held_out: HeldOut
    recordings: int
    seconds: float
    problems: tuple[Problem, ...]


def prepare_own_data(bank: WaveformBank, recipe: Recipe) -> OwnData:
    """Cuts and splits the recordings of a bank.

    Raises:
        DatasetError: nothing usable, or too little to hold out.
    """
    usable, problems = _usable(bank, recipe.audio.sample_rate_hz)
    normal = [index for index in usable if bank.clips[index].machine == NORMAL]
    others = [index for index in usable if bank.clips[index].machine != NORMAL]
    if not normal or not others:
        which = "of the normal folder" if not normal else "of other sounds"
        left_out = [item for item in (*bank.problems, *problems) if item.file.startswith(f"{NORMAL}/") != bool(normal)]
        reasons = "; ".join(f"{item.file}: {item.reason}" for item in left_out[:3])
        raise DatasetError(f"no recording {which} can be used. {reasons or 'There are none.'}")
    pieces = _Pieces(bank)
    held_out: HeldOut = "time" if len(normal) <= FEW_RECORDINGS else "recordings"
    split = _split_in_time if held_out == "time" else _split_by_recording
    training, validation = split(pieces, normal, recipe)
    if len(validation) < _FEWEST_HELD_OUT:
        raise DatasetError(
            f"{len(normal)} normal recordings give {len(validation)} pieces to hold out; {_FEWEST_HELD_OUT} are the "
            f"least: add recordings, or longer ones; of {2 * recipe.segments.length_s:g} s and more each gives one."
        )
    prepared = _prepared(pieces, training, evenly_spread(validation), others, recipe)
    seconds = sum(len(bank.waves[index]) for index in normal) / recipe.audio.sample_rate_hz
    return OwnData(prepared, held_out, len(normal), seconds, tuple(problems))


def evenly_spread(pieces: Sequence[int]) -> list[int]:
    """At most `MOST_PIECES` of them, from first to last."""
    count = min(len(pieces), MOST_PIECES)
    return [pieces[place * len(pieces) // count] for place in range(count)]


class _Pieces:
    """Collects pieces of a bank's recordings as clips of their own."""

    def __init__(self, bank: WaveformBank) -> None:
        self.bank = bank
        self.clips: list[Clip] = []
        self.waves: list[Samples] = []

    def cut(self, index: int, start: int, stop: int, least: int) -> list[int]:
        """Cuts samples start to stop into equal pieces of at least so many samples, or leaves them whole."""
        wave = self.bank.waves[index]
        edges = np.linspace(start, stop, max(1, (stop - start) // least) + 1).astype(int)
        first = len(self.clips)
        clip = self.bank.clips[index]
        name = clip.listed_as or clip.path.name
        self.clips += [replace(clip, listed_as=f"{name} from sample {low}") for low in edges[:-1]]
        self.waves += [wave[low:high] for low, high in pairwise(edges)]
        return list(range(first, len(self.clips)))


def _usable(bank: WaveformBank, rate_hz: int) -> tuple[list[int], list[Problem]]:
    usable, problems = [], []
    for index, (clip, wave) in enumerate(zip(bank.clips, bank.waves, strict=True)):
        if len(wave) < SHORTEST_S * rate_hz:
            reason = f"{len(wave) / rate_hz:.3g} s where {SHORTEST_S:g} s are the least"
            problems.append(Problem(clip.key, "too short", reason))
        elif wave.min() == wave.max():
            problems.append(Problem(clip.key, "constant", "all samples are equal: nothing was recorded"))
        else:
            usable.append(index)
    return usable, problems


def _split_in_time(pieces: _Pieces, normal: Sequence[int], recipe: Recipe) -> tuple[list[int], list[int]]:
    """The beginning of each recording trains; its last part, of a segment or more, is held out."""
    segment = recipe.segments.length_samples
    training: list[int] = []
    validation: list[int] = []
    for index in normal:
        length = len(pieces.bank.waves[index])
        end = min(round(recipe.split.source_share * length), length - segment)
        if end < segment:  # too short to be shared
            training += pieces.cut(index, 0, length, _piece_samples(recipe))
        else:
            training += pieces.cut(index, 0, end, _piece_samples(recipe))
            validation += pieces.cut(index, end, length, segment)
    return training, validation


def _split_by_recording(pieces: _Pieces, normal: Sequence[int], recipe: Recipe) -> tuple[list[int], list[int]]:
    rng = np.random.default_rng(derive_seed(recipe.seed, "held out"))
    strata = [pieces.bank.clips[index].name.attributes for index in normal]
    drawn = set(stratified_draw(normal, strata, recipe.split.source_share, rng))
    training: list[int] = []
    validation: list[int] = []
    for index in normal:
        part = training if index in drawn else validation
        part += pieces.cut(index, 0, len(pieces.bank.waves[index]), _piece_samples(recipe))
    return training, validation


def _piece_samples(recipe: Recipe) -> int:
    return max(round(PIECE_S * recipe.audio.sample_rate_hz), recipe.segments.length_samples)


def _prepared(
    pieces: _Pieces, training: list[int], validation: list[int], others: Sequence[int], recipe: Recipe
) -> PreparedData:
    of_training, of_validation = {NORMAL: training}, {NORMAL: validation}
    for machine in sorted({pieces.bank.clips[index].machine for index in others}):
        cut: list[int] = []
        for index in others:
            if pieces.bank.clips[index].machine == machine:
                cut += pieces.cut(index, 0, len(pieces.bank.waves[index]), _piece_samples(recipe))
        of_validation[machine] = cut[_OTHERS_VALIDATION - 1 :: _OTHERS_VALIDATION]
        of_training[machine] = sorted(set(cut) - set(of_validation[machine]))
    bank = WaveformBank(tuple(pieces.clips), tuple(pieces.waves), (), pieces.bank.digest)
    statistics = {
        name: waveform_statistics([bank.waves[index] for index in indices]) for name, indices in of_training.items()
    }
    return PreparedData(bank, of_training, of_validation, statistics)
