"""The data that training and scoring need, per machine type."""

from dataclasses import dataclass

from asd_features import WaveformStatistics, waveform_statistics
from asd_recipes.recipe.settings import Recipe
from asd_recipes.training.split import split_training_clips
from asd_recipes.waveforms.waveform_bank import WaveformBank


@dataclass(frozen=True)
class PreparedData:
    """The bank, and for each machine type its split and its waveform statistics."""

    bank: WaveformBank
    training: dict[str, list[int]]
    validation: dict[str, list[int]]
    statistics: dict[str, WaveformStatistics]

    def statistics_of(self, index: int) -> WaveformStatistics:
        """The statistics of the clip's own machine, even if it serves as a pseudo-anomaly of another."""
        return self.statistics[self.bank.clips[index].machine]

    def scored_clips(self, machine: str) -> tuple[list[int], list[str]]:
        """The clips of a machine that every system scores, validation then test, and which of the two each is."""
        validation, test = self.validation[machine], self.bank.labelled_test(machine)
        return [*validation, *test], ["validation"] * len(validation) + ["test"] * len(test)


def prepare_data(bank: WaveformBank, recipe: Recipe) -> PreparedData:
    """Splits the training clips of every machine type and measures their level (Fujimura 2023, Sec. 4.2)."""
    machines = sorted({clip.machine for clip in bank.clips if clip.folder == "train"})
    splits = {name: split_training_clips(bank, name, recipe.split, seed=recipe.seed) for name in machines}
    statistics = {
        name: waveform_statistics([bank.waves[index] for index in training]) for name, (training, _) in splits.items()
    }
    return PreparedData(
        bank=bank,
        training={name: training for name, (training, _) in splits.items()},
        validation={name: validation for name, (_, validation) in splits.items()},
        statistics=statistics,
    )
