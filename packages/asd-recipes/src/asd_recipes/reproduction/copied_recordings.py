"""Refuses copies of the data set among other machines: a machine would become its own pseudo-anomaly."""

import hashlib
from collections import defaultdict

from asd_recipes.dataset.clip import Clip, DatasetError
from asd_recipes.waveforms.waveform_bank import WaveformBank
from asd_runtime.sound.samples import Samples

_BEGINNING = 256


def refuse_copies(bank: WaveformBank) -> None:
    """Compares the recordings of `--others` with all others: the length and the beginning first, then all samples.

    Raises:
        DatasetError: a recording of `--others` has the samples of another data set's; silence counts as none.
    """
    alike: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for place, wave in enumerate(bank.waves):
        alike[len(wave), wave[:_BEGINNING].tobytes()].append(place)
    for places in alike.values():
        if len({_data_set(bank.clips[place]) for place in places}) > 1:
            _refuse_equal(bank, places)


def _refuse_equal(bank: WaveformBank, places: list[int]) -> None:
    first: dict[bytes, Clip] = {}
    for place in places:
        clip, wave = bank.clips[place], bank.waves[place]
        if not _sounds(wave):
            continue
        same = first.setdefault(hashlib.sha256(wave.tobytes()).digest(), clip)
        if _data_set(same) != _data_set(clip):
            raise DatasetError(
                f"--others: {clip.path} has the same samples as {same.path}. A recording cannot be of two machines: "
                "name folders that have none in common, or leave --others out."
            )


def _data_set(clip: Clip) -> str:
    """ "others1" of the machine others1/bearing; empty for the data set of the run."""
    return clip.machine.rpartition("/")[0]


def _sounds(wave: Samples) -> bool:
    return len(wave) > 0 and bool(wave.min() < wave.max())
