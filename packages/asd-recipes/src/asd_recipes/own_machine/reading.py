"""Reads and splits one's own recordings; names each one that cannot be used, once and by the path the user gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.own_data import NothingUsableError, OwnData, prepare_own_data
from asd_recipes.own_machine.own_recordings import OwnRecordings
from asd_recipes.recipe.settings import Recipe
from asd_recipes.waveforms.waveform_bank import WaveformBank, open_bank
from asd_runtime.progress import Progress
from asd_runtime.sound.problem import Problem


@dataclass(frozen=True)
class ReadRecordings:
    """The recordings, read and split.

    Attributes:
        problems: files that were left out, and those with gaps, by their paths as the user gave them.
        normal_left_out: how many of these belong to the machine itself.
    """

    bank: WaveformBank
    data: OwnData
    problems: tuple[Problem, ...]
    normal_left_out: int


def read_recordings(recordings: OwnRecordings, recipe: Recipe, folder: Path, progress: Progress) -> ReadRecordings:
    """Reads every file into the bank in `folder`.

    Raises:
        DatasetError: too few recordings can be used.
    """
    with progress.stage("read recordings", len(recordings.clips)) as advance:
        bank = open_bank(recordings.clips, recipe.audio, folder, advance=advance)
    unread = (*recordings.problems, *recordings.by_path(bank.problems))
    _name(unread, progress)
    try:
        data = prepare_own_data(bank, recipe)
    except NothingUsableError as error:
        raise NothingUsableError(error.which, recordings.by_path(error.left_out)) from None
    unusable = recordings.by_path(data.problems)
    _name(unusable, progress)
    for text in recordings.notes:
        progress.say(text)
    whole = (problem for problem in (*bank.problems, *data.problems) if problem.severity == "error")
    normal = sum(problem.file.startswith(f"{NORMAL}/") for problem in whole)
    return ReadRecordings(bank, data, (*unread, *unusable), recordings.normal_left_out + normal)


def _name(problems: Sequence[Problem], progress: Progress) -> None:
    for problem in problems:
        progress.say(f"left out {problem.file}: {problem.reason}")
