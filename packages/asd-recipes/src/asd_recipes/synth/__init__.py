"""A synthetic stand-in for the DCASE 2023 Task 2 development set, made from the physics of its seven machines."""

from asd_recipes.synth.clip_plan import DatasetSize
from asd_recipes.synth.errors import DatasetBusyError, DatasetExistsError, SyntheticDataError
from asd_recipes.synth.writer import DatasetSummary, write_dataset

__all__ = [
    "DatasetBusyError",
    "DatasetExistsError",
    "DatasetSize",
    "DatasetSummary",
    "SyntheticDataError",
    "write_dataset",
]
