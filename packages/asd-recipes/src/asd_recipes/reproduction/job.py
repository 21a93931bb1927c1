"""One job of a run: a system of one machine, from its training to the scores of its clips.

Jobs are independent: they give the same results in any order, in one process or in many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import (
    FULL_GAUSSIAN,
    SPECTRAL_STATISTICS,
    has_network,
    system_name,
    variant_of,
)
from asd_recipes.reproduction.job_manifest import NAME, SCORES, WEIGHTS
from asd_recipes.training.attribute_labels import varying_items
from asd_recipes.training.machine_data import PreparedData


@dataclass(frozen=True)
class Job:
    """A system of one machine, or the part of a domain-invariant system for one attribute item."""

    machine: str
    system: str
    item: str | None = None
    scored: bool = True  # False: only trained, for the systems that start from it

    @property
    def folder(self) -> str:
        """Name of the folder below the machine's: `oe`, `oe-dflow@vel`."""
        # Quoted: an item may come from a user's table and contain a slash.
        return self.system if self.item is None else f"{self.system}@{quote(self.item, safe='')}"

    @property
    def name(self) -> str:
        """The name for the user, such as `OE-DFlow vel`."""
        name = system_name(self.system)
        return name if self.item is None else f"{name} {self.item}"

    @property
    def trains(self) -> bool:
        """Whether it has weights, trained or initial ones."""
        return self.system not in (SPECTRAL_STATISTICS, FULL_GAUSSIAN)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that its folder holds when it is done."""
        made = {WEIGHTS: self.trains, NAME: True, SCORES: self.scored}
        return tuple(name for name, there in made.items() if there)

    def needs_oe(self, recipe: Recipe) -> bool:
        """Whether it starts from, or scores with, the network that OE trained on the same machine."""
        if self.system == FULL_GAUSSIAN:
            return True
        return has_network(self.system) and variant_of(self.system).flow and recipe.joint.start == "oe"


def jobs_of(data: PreparedData, machines: Sequence[str], systems: Sequence[str]) -> list[Job]:
    """The jobs of a run, machine after machine.

    A domain-invariant system has one job for each attribute item with several values among the training clips. Without
    such an item it has no job.
    """
    jobs = []
    for machine in machines:
        items = varying_items([data.bank.clips[index].name for index in data.training[machine]])
        for system in systems:
            if not has_network(system):
                jobs.append(Job(machine, system))
            elif variant_of(system).domain_invariant:
                jobs += [Job(machine, system, item) for item in items]
            elif not variant_of(system).attributes or items:
                jobs.append(Job(machine, system))
    return jobs
