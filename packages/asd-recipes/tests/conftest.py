"""A made-up data set in memory: random 16-bit clips of one to two seconds, without files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from asd_recipes.dataset.clip import Clip
from asd_recipes.dataset.clip_name import parse_clip_name
from asd_recipes.waveforms.waveform_bank import WaveformBank


class MakeBank(Protocol):
    """How a test asks for a bank."""

    def __call__(self, *, machines: Sequence[str] = ..., source: int = ..., target: int = ...) -> WaveformBank: ...


@pytest.fixture(scope="session")
def make_bank() -> MakeBank:
    """A bank of so many source and target training clips, and two test clips of each domain and label, a machine."""

    def make(*, machines: Sequence[str] = ("fan", "valve", "ToyCar"), source: int = 8, target: int = 5) -> WaveformBank:
        rng = np.random.default_rng(20230615)
        clips, waves = [], []
        for number, machine in enumerate(machines):
            kinds = {("train", "source", "normal"): source, ("train", "target", "normal"): target}
            kinds |= {("test", domain, label): 2 for domain in ("source", "target") for label in ("normal", "anomaly")}
            for (folder, domain, label), count in kinds.items():
                for clip in range(count if domain == "source" or target else 0):
                    name = f"section_00_{domain}_{folder}_{label}_{clip:04d}_spd_{clip % 2}.wav"
                    clips.append(Clip(machine, folder, Path(machine, folder, name), parse_clip_name(name)))
                    # Each machine has a level and an offset of its own, each clip too; source clips differ in their
                    # low, target clips in their high frequencies, so that the domains' covariances differ.
                    noise = rng.standard_normal(int(rng.integers(16_000, 32_001)))
                    tilt = rng.uniform(0, 1) * (1 if domain == "source" else -1)
                    noise = (noise + tilt * np.roll(noise, 1)) * 2 ** rng.uniform(-1, 1)
                    waves.append(np.rint(noise * 400 * 3**number + 50 * number).clip(-32768, 32767).astype(np.int16))
        return WaveformBank(tuple(clips), tuple(waves), (), "made up")

    return make
