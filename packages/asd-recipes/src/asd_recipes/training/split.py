"""Splits the normal training clips into those that train and those that validate (Fujimura 2023, Sec. 4.2).

85 % of the source clips and 6 of 10 target clips train. They are drawn within each combination of attribute values, so
that training sees every combination; the counts are exact for each domain.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from asd_recipes.dataset.clip import DatasetError
from asd_recipes.recipe.seeding import derive_seed
from asd_recipes.recipe.settings import Split
from asd_recipes.waveforms.waveform_bank import WaveformBank


def split_training_clips(bank: WaveformBank, machine: str, split: Split, *, seed: int) -> tuple[list[int], list[int]]:
    """(training, validation) clip indices of a machine, each sorted; they are disjoint and cover its training clips.

    Raises:
        DatasetError: the shares leave no training clip at all, or no source clip though there are some.
    """
    training: list[int] = []
    everything = bank.select(machine=machine, folder="train")
    for domain, share in (("source", split.source_share), ("target", split.target_share)):
        members = [index for index in everything if bank.clips[index].training_domain == domain]
        rng = np.random.default_rng(derive_seed(seed, "split", machine, domain))
        drawn = stratified_draw(members, [bank.clips[index].name.attributes for index in members], share, rng)
        if members and not drawn and (domain == "source" or len(members) == len(everything)):
            raise DatasetError(
                f"split.{domain}_share={share:g} leaves no {domain} clip of {machine} for training, of {len(members)}. "
                f"Set it above {0.5 / len(members):.2g}."
            )
        training += drawn
    return sorted(training), sorted(set(everything) - set(training))


def stratified_draw(
    members: Sequence[int], strata: Sequence[object], share: float, rng: np.random.Generator
) -> list[int]:
    """round(share * N) members, a share of each stratum; the remaining places go to the largest remainders."""
    groups: dict[object, list[int]] = defaultdict(list)
    for member, stratum in zip(members, strata, strict=True):
        groups[stratum].append(member)
    names = sorted(groups, key=str)
    exact = np.array([share * len(groups[name]) for name in names])
    counts = np.floor(exact).astype(int)
    places = round(share * len(members)) - int(counts.sum())
    # Equal remainders are ordered at random; otherwise the first values in sorted order would always win.
    order = np.lexsort((rng.random(len(names)), -(exact - counts)))
    counts[order[:places]] += 1
    return [
        int(member)
        for name, count in zip(names, counts, strict=True)
        for member in rng.permutation(groups[name])[:count]
    ]
