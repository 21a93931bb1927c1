"""What the result of a stage depends on, as one digest: equal digests give equal files.

A run takes finished stages of other runs by it (`taken_stages`). Of the recipe only the settings count that the stage
reads. The rest counts whole: the recordings, the device, the versions and the code of the libraries.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any

from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.stage_settings import scoring_settings, training_settings
from asd_recipes.recipe.system_variants import OE
from asd_recipes.reproduction.code_digest import SCORING_CODE, TRAINING_CODE, code_digest
from asd_recipes.reproduction.job import Job
from asd_recipes.reproduction.library_versions import SCORING_LIBRARIES, TRAINING_LIBRARIES, library_versions
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.waveforms.device_choice import Device, processor


@dataclass(frozen=True)
class StageDigests:
    """The digests of a run's stages; arguments as for `JobContext`."""

    recipe: Recipe
    data: PreparedData
    device: Device

    def training(self, job: Job, *, oe: str | None = None) -> str:
        """The digest of what the training of a job depends on.

        Args:
            job: the job.
            oe: the digest of the training of OE that it needs; None for OE as it would be trained now.
        """
        settings = self._values(training_settings(self.recipe, job.system), job.machine)
        start = (oe or self.training(Job(job.machine, OE.slug))) if job.needs_oe(self.recipe) else None
        libraries, code = library_versions(TRAINING_LIBRARIES), code_digest(TRAINING_CODE)
        return _digest([job.machine, job.folder, settings, self._training_data, self._device, libraries, code, start])

    def scoring(self, job: Job, *, trained: str) -> str:
        """The digest of what fitting and scoring of a job depend on; `trained` is the digest of its training."""
        settings = self._values(scoring_settings(self.recipe, job.system, job.machine), job.machine)
        libraries, code = library_versions(SCORING_LIBRARIES), code_digest(SCORING_CODE)
        return _digest([trained, settings, self._scored_data, self._device, libraries, code])

    def _values(self, names: Sequence[str], machine: str) -> dict[str, Any]:
        return {name: self._value(name, machine) for name in names}

    def _value(self, name: str, machine: str) -> Any:
        """The value of a setting, or what it comes to here."""
        if name == "training.precision":
            return self.device.precision
        if name == "weighting.machines":
            return machine in self.recipe.weighting.machines
        if name == "training.encoder_weights":
            return self._encoder_weights
        return attrgetter(name)(self.recipe)

    @cached_property
    def _device(self) -> list[str]:
        return [self.device.name, self.device.hardware, *(processor() if self.device.name == "cpu" else [])]

    @cached_property
    def _encoder_weights(self) -> str:
        """The content of the file of first weights, read once; empty without one."""
        path = self.recipe.training.encoder_weights
        return hashlib.sha256(Path(path).read_bytes()).hexdigest() if path else ""

    @cached_property
    def _training_data(self) -> str:
        """The samples of all clips, and what is known of those that train: domains and attributes."""
        clips = [clip for clip in self.data.bank.clips if clip.folder == "train"]
        return _digest([self.data.bank.digest, [(clip.key, repr(clip.name)) for clip in clips]])

    @cached_property
    def _scored_data(self) -> str:
        """What is known of all clips, labels too, and the names that tables of scores give them."""
        return _digest([(clip.key, clip.path.name, repr(clip.name)) for clip in self.data.bank.clips])


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
