"""Which job must come before which: a system may need the network that OE trained on the same machine."""

from collections.abc import Collection, Sequence

from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import OE
from asd_recipes.reproduction.job import Job


def with_prerequisites(jobs: Sequence[Job], starting: Collection[Job]) -> list[Job]:
    """The jobs, and the trainings of OE that they need, each before the first that needs it.

    A training of OE that is not asked for for itself is not scored, and so has no row in the tables.

    Args:
        jobs: the jobs to do.
        starting: those that still need the network of OE.
    """
    ordered: list[Job] = []
    for job in jobs:
        if job in starting:
            asked = Job(job.machine, OE.slug)
            first = asked if asked in jobs else Job(job.machine, OE.slug, scored=False)
            if first not in ordered:
                ordered.append(first)
        if job not in ordered:
            ordered.append(job)
    return ordered


def prerequisite(job: Job, jobs: Sequence[Job], recipe: Recipe) -> Job | None:
    """The job among `jobs` that must end before `job` begins."""
    if not job.needs_oe(recipe):
        return None
    return next((first for first in jobs if (first.machine, first.folder) == (job.machine, OE.slug)), None)
