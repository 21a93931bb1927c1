"""The settings that each stage of a system reads: a stage is done again only if one of them changes.

A name is a setting, or a group for all of its settings. A new setting goes into the lines of the systems that read it;
the tests record what the stages read and fail if a name is missing or too much here. Not in the table:

- `audio` and `synthetic` decide the samples, which a stage depends on themselves;
- `fit` is for `asd fit` alone;
- `training.checkpoint_s` changes no result;
- `inlier.save` changes which files are kept, `inlier.selected` only the tables.
"""

from dataclasses import dataclass, fields, is_dataclass
from operator import attrgetter

from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import (
    AUTOENCODER,
    FULL_GAUSSIAN,
    RANDOM_ENCODER,
    SPECTRAL_STATISTICS,
    has_network,
    variant_of,
)


@dataclass(frozen=True)
class Reads:
    """Settings by stage."""

    training: tuple[str, ...] = ()
    scoring: tuple[str, ...] = ()  # besides those of the training


_WEIGHTS = ("weighting", "high_pass")
_TABLE = {
    AUTOENCODER: Reads(
        training=("seed", "split", "threads", "autoencoder.epochs", "autoencoder.batch_size",
                  "autoencoder.learning_rate", "autoencoder.frames"),
        scoring=("autoencoder.mahalanobis",),
    ),
    SPECTRAL_STATISTICS: Reads(scoring=("seed", "split", "threads", "segments", "log_mel", "spectral", *_WEIGHTS)),
    FULL_GAUSSIAN: Reads(  # besides what OE reads, whose training it depends on
        scoring=("seed", "split", "threads", "segments", "log_mel", "training.standardise", "training.precision",
                 "flow.maps", *_WEIGHTS),
    ),
    "network": Reads(
        training=("seed", "threads", "training.encoder_weights"),
        scoring=("split", "segments", "log_mel", "training.standardise", "training.precision"),
    ),
    "trained": Reads(
        training=("split", "segments.sample_rate_hz", "segments.length_s", "log_mel",
                  "training.standardise", "training.batch_size", "training.weight_decay", "training.mixup",
                  "training.mixup_alpha", "training.precision", "training.compile"),
    ),
    "without a flow": Reads(training=("training.epochs", "training.learning_rate", "training.schedule")),
    "with a flow": Reads(
        training=("joint.epochs", "joint.learning_rate", "joint.schedule", "joint.start", "joint.flow_weight",
                  "joint.flow_eps", "flow.steps", "flow.hidden_ratio", "flow.clamp", "flow.maps", "flow.input",
                  "flow.noise"),
    ),
    "domain-invariant": Reads(training=("flow.dependent_channels", "flow.centred_parameter")),
    "attributes": Reads(training=("joint.attribute_weight",)),
    "inlier models": Reads(
        scoring=("inlier.components", "inlier.neighbours", "inlier.training_data", "inlier.pseudo_target_alpha",
                 "inlier.search", *_WEIGHTS),
    ),
    "flow score": Reads(scoring=("flow.log_determinant", *_WEIGHTS)),
}  # fmt: skip


def training_settings(recipe: Recipe, system: str) -> list[str]:
    """Names of the settings that the training of a system reads, sorted."""
    return _expanded(recipe, [name for kind in _kinds(system) for name in _TABLE[kind].training])


def scoring_settings(recipe: Recipe, system: str, machine: str) -> list[str]:
    """Names of the settings that fitting and scoring read, sorted; those of the training are not among them again."""
    names = set(_expanded(recipe, [name for kind in _kinds(system) for name in _TABLE[kind].scoring]))
    if system == SPECTRAL_STATISTICS and recipe.spectral.pooling == "clip":  # neither segments nor their weights
        names -= {"segments.length_s", "segments.overlap", "weighting.machines"}
        names -= set(_expanded(recipe, ["high_pass"]))
    if machine not in recipe.weighting.machines:
        names -= set(_expanded(recipe, ["high_pass"]))
    return sorted(names - set(training_settings(recipe, system)))


def _kinds(system: str) -> list[str]:
    """The rows of the table that hold for a system."""
    if not has_network(system):
        return [system]
    variant, trained = variant_of(system), system != RANDOM_ENCODER.slug
    holds = {
        "network": True,
        "trained": trained,
        "without a flow": trained and not variant.flow,
        "with a flow": variant.flow,
        "domain-invariant": variant.domain_invariant,
        "attributes": variant.attributes,
        "inlier models": variant.inlier_models,
        "flow score": variant.flow_score,
    }
    return [kind for kind, of_system in holds.items() if of_system]


def _expanded(recipe: Recipe, names: list[str]) -> list[str]:
    """Single settings instead of groups, each once."""
    single = set()
    for name in names:
        value = attrgetter(name)(recipe)
        single |= {f"{name}.{field.name}" for field in fields(value)} if is_dataclass(value) else {name}
    return sorted(single)
