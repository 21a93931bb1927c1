"""Which parts of one's own recordings train and which are held out: for the scale of the scores and the threshold.

Long recordings are cut into pieces, of which training takes one crop at a time. What is held out is counted in seconds,
so that a share of the sound, and not of the files, sets the threshold. With more than ten recordings whole ones are
held out (`held_out_recordings`). With ten or fewer none can be spared, and the last part of each is; so too where one
recording has nearly all of the sound. Such pieces are more like those that trained than a recording of another day is;
the threshold is lower for it.

All held-out pieces have one length: `asd score` judges recordings by stretches of that length, so that the threshold
and what is held against it are alike. It is `PIECE_S`, or less where the held-out sound would give too few pieces.

The network trains on every piece. Of more than a thousand, evenly spread ones do for the inlier models, and for scale
and threshold: what these keep and compare grows with their number, and hours of sound must not fill the memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from asd_features import waveform_statistics
from asd_recipes.bundle.manifest import NORMAL
from asd_recipes.counted import counted
from asd_recipes.dataset.clip import Clip, DatasetError, Problem
from asd_recipes.own_machine.held_out_recordings import held_out_recordings
from asd_recipes.recipe.seeding import derive_seed
from asd_recipes.recipe.settings import Recipe
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.waveforms.waveform_bank import Samples, WaveformBank

PIECE_S = 10.0
"""Pieces are at least so long, as the clips of DCASE are, where a recording is."""
FEW_RECORDINGS = 10
"""Up to so many, parts of recordings are held out, and not whole ones."""
MOST_PIECES = 1000
"""That inlier models learn from, and that are held out; as many as DCASE has training clips of a machine."""
ENOUGH_PIECES = 10
"""Held-out pieces are cut shorter until there are so many: a threshold for one false alarm in ten needs nine."""
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
        held_out_recordings: how many recordings have a piece that is held out.
        stretch_s: length of each held-out piece.
        recordings: normal recordings used.
        seconds: their length.
        problems: recordings that could be read and not be used.
    """

    prepared: PreparedData
    held_out: HeldOut
    held_out_recordings: int
    stretch_s: float
    recordings: int
    seconds: float
    problems: tuple[Problem, ...]


class NothingUsableError(DatasetError):
    """Of the machine, or of all others, there is no recording that can be used.

    Attributes:
        which: "of the normal folder" or "of other sounds".
        left_out: the findings on these.
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
    usable, problems = _usable(bank, recipe.audio.sample_rate_hz)
    normal = [index for index in usable if bank.clips[index].machine == NORMAL]
    others = [index for index in usable if bank.clips[index].machine != NORMAL]
    if not normal or not others:
        which = "of the normal folder" if not normal else "of other sounds"
        left_out = [item for item in (*bank.problems, *problems) if item.file.startswith(f"{NORMAL}/") != bool(normal)]
        raise NothingUsableError(which, left_out)
    seconds = sum(len(bank.waves[index]) for index in normal) / recipe.audio.sample_rate_hz
    pieces = _Pieces(bank)
    ends, held_out = _held_out_parts(bank, normal, recipe)
    stretch = _stretch_samples(list(ends.values()), recipe)
    training, validation = _split(pieces, normal, ends, stretch, recipe)
    if not training:
        raise DatasetError(
            f"split.source_share={recipe.split.source_share:g} leaves nothing to train with, of "
            f"{counted(len(normal), 'normal recording')} of {seconds:.3g} s. Raise it; its usual value is 0.75."
        )
    if len(validation) < _FEWEST_HELD_OUT:
        raise DatasetError(
            f"{counted(len(normal), 'normal recording')} of {seconds:.3g} s: {counted(len(validation), 'piece')} to "
            f"hold out, where {_FEWEST_HELD_OUT} are needed. Add recordings, or longer ones: each of "
            f"{2 * recipe.segments.length_s:g} s or more gives one."
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
    """At most `MOST_PIECES` of them, from first to last."""
    count = min(len(pieces), MOST_PIECES)
    return [pieces[place * len(pieces) // count] for place in range(count)]


class _Pieces:
    """Collects pieces of a bank's recordings as clips of their own."""

    def __init__(self, bank: WaveformBank) -> None:
        self.bank = bank
        self.clips: list[Clip] = []
        self.waves: list[Samples] = []
        self.source: list[int] = []  # of each piece, the recording

    def cut(self, index: int, start: int, stop: int, least: int) -> list[int]:
        """Cuts samples start to stop into equal pieces of at least so many samples, or leaves them whole."""
        edges = np.linspace(start, stop, max(1, (stop - start) // least) + 1).astype(int)
        return self._add(index, edges.tolist())

    def cut_from_the_end(self, index: int, count: int, samples: int) -> list[int]:
        """The last `count` pieces of exactly so many samples, without those in which nothing was recorded."""
        length = len(self.bank.waves[index])
        edges = range(length - count * samples, length + 1, samples)
        return [piece for piece in self._add(index, edges) if self.waves[piece].min() < self.waves[piece].max()]

    def _add(self, index: int, edges: Sequence[int]) -> list[int]:
        wave, first = self.bank.waves[index], len(self.clips)
        clip = self.bank.clips[index]
        name = clip.listed_as or clip.path.name
        self.clips += [replace(clip, listed_as=f"{name} from sample {low}") for low in edges[:-1]]
        self.waves += [wave[low:high] for low, high in pairwise(edges)]
        self.source += [index] * (len(edges) - 1)
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


def _held_out_parts(bank: WaveformBank, normal: Sequence[int], recipe: Recipe) -> tuple[dict[int, int], HeldOut]:
    """Samples at the end of each recording that may be held out, none, a part or all; whole ones if they do."""
    if len(normal) > FEW_RECORDINGS:
        whole = _whole_recordings(bank, normal, recipe)
        wanted = (1 - recipe.split.source_share) * sum(len(bank.waves[index]) for index in normal)
        if sum(whole.values()) >= wanted / 2:  # less where nearly all of the sound is in one recording
            return whole, "recordings"
    return _last_parts(bank, normal, recipe), "time"


def _last_parts(bank: WaveformBank, normal: Sequence[int], recipe: Recipe) -> dict[int, int]:
    """Of each recording its share, a segment at least, or nothing where it is too short."""
    segment = recipe.segments.length_samples
    parts = {}
    for index in normal:
        length = len(bank.waves[index])
        part = max(length - round(recipe.split.source_share * length), segment)
        parts[index] = part if length - part >= segment else 0
    return parts


def _whole_recordings(bank: WaveformBank, normal: Sequence[int], recipe: Recipe) -> dict[int, int]:
    """Of the recordings drawn their length."""
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
    """The greatest length up to `PIECE_S` of which parts so long give enough pieces; one segment if none does.

    It is a whole number of hops past a segment, so that the segments of a piece are those of a stretch.
    """
    segment, hop, most = recipe.segments.length_samples, recipe.segments.hop_samples, _piece_samples(recipe)
    lengths = {min(most, part // count) for part in parts for count in range(1, ENOUGH_PIECES + 1)}
    for length in sorted({segment + (n - segment) // hop * hop for n in lengths if n >= segment}, reverse=True):
        if sum(part // length for part in parts) >= ENOUGH_PIECES:
            return length
    return segment


def _split(
    pieces: _Pieces, normal: Sequence[int], ends: Mapping[int, int], stretch: int, recipe: Recipe
) -> tuple[list[int], list[int]]:
    """Of each recording the held-out pieces, and before them what trains; one held out whole never trains."""
    training: list[int] = []
    validation: list[int] = []
    for index in normal:
        length, count = len(pieces.bank.waves[index]), ends[index] // stretch
        if ends[index] < length:
            training += pieces.cut(index, 0, length - count * stretch, _piece_samples(recipe))
        validation += pieces.cut_from_the_end(index, count, stretch)
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
