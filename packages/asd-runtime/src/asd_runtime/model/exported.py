"""How a model compares with the one that it was made from in another arithmetic, in words."""

from asd_runtime.counted import counted
from asd_runtime.model.manifest import Exported, Manifest


def exported_in_words(manifest: Manifest) -> str:
    """A sentence; empty unless the model was made from another one."""
    if manifest.exported is None:
        return ""
    return f"In {manifest.precision}: {compared_in_words(manifest.exported, manifest.training.held_out_pieces)}."


def compared_in_words(exported: Exported, pieces: int) -> str:
    """What changed from one arithmetic to the other."""
    have = "has" if exported.verdicts_changed == 1 else "have"
    return (
        f"{exported.verdicts_changed} of {counted(pieces, 'held-out piece')} {have} another verdict "
        f"than in {exported.of}, a score differs by at most {exported.largest_change:.2g} standard deviations, "
        f"and the AUC of the probes is {exported.probe_auc:.4f} (before {exported.probe_auc_before:.4f}), "
        f"by the network alone {exported.network_auc:.4f} (before {exported.network_auc_before:.4f})"
    )
