"""What starts from OE comes after OE's training on the same machine, and OE is trained whether its row is asked for."""

from asd_recipes.recipe.system_variants import SYSTEMS
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.job import Job
from asd_recipes.reproduction.prerequisites import prerequisite, with_prerequisites

FROM_OE = load_recipe("smoke", settings=["joint.start=oe"])
JOBS = [
    Job("fan", "autoencoder"),
    Job("fan", "oe-dflow", "spd"),
    Job("fan", "oe-dflow", "mic"),
    Job("valve", "oe-flow"),
]


def _starting(jobs: list[Job]) -> list[Job]:
    return [job for job in jobs if job.needs_oe(FROM_OE)]


def test_a_training_of_oe_that_nobody_asked_for_comes_once_before_what_starts_from_it() -> None:
    ordered = with_prerequisites(JOBS, _starting(JOBS))
    of_fan, of_valve = (Job(machine, "oe", scored=False) for machine in ("fan", "valve"))
    assert ordered == [JOBS[0], of_fan, *JOBS[1:3], of_valve, JOBS[3]]
    assert [prerequisite(job, ordered, FROM_OE) for job in ordered] == [None, None, of_fan, of_fan, None, of_valve]


def test_oe_is_scored_if_it_is_asked_for_in_whatever_order() -> None:
    asked = Job("fan", "oe")
    assert with_prerequisites([JOBS[1], asked], [JOBS[1]]) == [asked, JOBS[1]]


def test_what_is_trained_already_needs_no_oe() -> None:
    assert with_prerequisites(JOBS, []) == JOBS
    assert [prerequisite(job, JOBS, FROM_OE) for job in JOBS] == [None] * 4


def test_random_first_weights_need_no_oe() -> None:
    recipe = load_recipe("paper")
    assert not any(job.needs_oe(recipe) for job in JOBS), "the paper trains from scratch"
    everything = [Job("fan", "oe", scored=False), *JOBS]
    assert [prerequisite(job, everything, recipe) for job in everything] == [None] * 5


def test_only_what_has_a_flow_starts_from_oe_and_the_gaussian_always_scores_with_it() -> None:
    flows = ("oe-flow", "oe-dflow", "serialoe-flow", "serialoe-dflow")
    for recipe, starting in ((FROM_OE, flows), (load_recipe("paper"), ())):
        needing = {system for system in SYSTEMS if Job("fan", system).needs_oe(recipe)}
        assert needing == {"full-gaussian", *starting}


def test_a_job_without_scores_is_done_when_it_is_trained() -> None:
    assert Job("fan", "oe", scored=False).files == ("weights.safetensors", "manifest.json")
    assert Job("fan", "oe").files == ("weights.safetensors", "manifest.json", "candidates.csv")
    assert Job("fan", "full-gaussian").files == ("manifest.json", "candidates.csv")
