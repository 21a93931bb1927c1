"""The five systems of the paper (Fujimura 2023, Table 1) and its four submitted ensembles (Table 2, second column).

Also the systems to compare with: the official baselines, and three detectors that train no network.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class SystemVariant:
    """One row of Table 1: what the network learns from, and what detects anomalies in its output."""

    slug: str  # folder and `--systems` name
    name: str
    flow: bool = False
    domain_invariant: bool = False  # one training per attribute item
    attributes: bool = False  # the loss of Eq. 8
    inlier_models: bool = False
    flow_score: bool = False


OE = SystemVariant("oe", "OE", inlier_models=True)
VARIANTS = (
    OE,
    SystemVariant("oe-flow", "OE-Flow", flow=True, inlier_models=True, flow_score=True),
    SystemVariant("oe-dflow", "OE-DFlow", flow=True, domain_invariant=True, inlier_models=True),
    SystemVariant("serialoe-flow", "SerialOE-Flow", flow=True, attributes=True, flow_score=True),
    SystemVariant(
        "serialoe-dflow", "SerialOE-DFlow", flow=True, domain_invariant=True, attributes=True, flow_score=True
    ),
)

SUBMITTED = {
    "Submitted system1": ("oe", "oe-flow", "oe-dflow", "serialoe-flow", "serialoe-dflow"),
    "Submitted system2": ("oe-dflow", "serialoe-dflow"),
    "Submitted system3": ("oe", "oe-flow", "oe-dflow"),
    "Submitted system4": ("oe", "oe-flow", "oe-dflow", "serialoe-dflow"),
}
"""Members of the submitted ensembles."""

AUTOENCODER = "autoencoder"
SPECTRAL_STATISTICS = "spectral-statistics"
RANDOM_ENCODER = SystemVariant("random-encoder", "Random encoder", inlier_models=True)
"""OE's network with its initial weights, untrained; the comparison shows what training adds."""
FULL_GAUSSIAN = "full-gaussian"
"""A Gaussian in the flow's place, on the maps of OE's network."""
SYSTEMS = (
    AUTOENCODER,
    *(variant.slug for variant in VARIANTS),
    SPECTRAL_STATISTICS,
    RANDOM_ENCODER.slug,
    FULL_GAUSSIAN,
)
"""The names that `--systems` takes: the autoencoder (both baselines, which share one training), the five systems, and
three detectors that are not in the paper."""
_OTHER_NAMES = {
    AUTOENCODER: "autoencoder",
    SPECTRAL_STATISTICS: "spectral statistics",
    FULL_GAUSSIAN: "full Gaussian",
}


def has_network(system: str) -> bool:
    """Whether a system has a network of its own like the paper's, trained or not."""
    return system.partition("@")[0] not in _OTHER_NAMES


def variant_of(slug: str) -> SystemVariant:
    """The variant of a slug, with or without `@<attribute item>`."""
    return next(variant for variant in (*VARIANTS, RANDOM_ENCODER) if variant.slug == slug.partition("@")[0])


def system_name(system: str) -> str:
    """The name for the user, such as `OE-DFlow`."""
    return variant_of(system).name if has_network(system) else _OTHER_NAMES[system]
