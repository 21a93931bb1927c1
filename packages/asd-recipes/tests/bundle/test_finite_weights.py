"""A network's weights must be finite, and no variance may be negative: any other model is refused for that reason."""

import json
import math
import os
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from asd_recipes.bundle import MANIFEST, BundleError
from asd_recipes.bundle.loading import load_bundle
from asd_recipes.bundle.manifest import NETWORK, content_digest


@pytest.fixture
def altered(model: Path, tmp_path: Path):
    """A copy whose network has other values at the end of a tensor, with the right type and hashes."""

    def alter(tensor: str, values: list[float]) -> Path:
        folder = tmp_path / "altered"
        shutil.copytree(model, folder, copy_function=os.link)
        tensors = load((folder / NETWORK).read_bytes())
        tensors[tensor].view(-1)[-len(values) :] = torch.tensor(values)
        network = save(tensors)
        manifest = json.loads((folder / MANIFEST).read_text())
        manifest["files"][NETWORK] = {"bytes": len(network), "sha256": sha256(network).hexdigest()}
        del manifest["manifest_sha256"]
        manifest["manifest_sha256"] = content_digest(manifest)
        for path, content in ((folder / NETWORK, network), (folder / MANIFEST, json.dumps(manifest).encode())):
            path.unlink()  # other copies link to it
            path.write_bytes(content)
        return folder

    return alter


@pytest.mark.parametrize("tensor", ["encoder.conv1.weight", "machine_head.bias", "encoder.bn1.running_mean"])
@pytest.mark.parametrize("values", [[math.nan], [math.inf], [-math.inf]], ids=str)
def test_a_weight_that_is_not_finite_is_refused_by_its_name(tensor: str, values: list[float], altered) -> None:
    with pytest.raises(BundleError, match=f"{tensor} holds NaN, infinity, or a negative variance"):
        load_bundle(altered(tensor, values), device="cpu")


def test_infinities_of_both_signs_do_not_cancel(altered) -> None:
    with pytest.raises(BundleError, match=r"encoder\.conv1\.weight holds NaN, infinity"):
        load_bundle(altered("encoder.conv1.weight", [math.inf, -math.inf]), device="cpu")


def test_a_negative_variance_is_refused(altered) -> None:
    with pytest.raises(BundleError, match=r"encoder\.bn1\.running_var holds"):
        load_bundle(altered("encoder.bn1.running_var", [-1e-6]), device="cpu")


def test_finite_weights_are_accepted_and_a_mean_may_be_negative(altered) -> None:
    load_bundle(altered("encoder.bn1.running_mean", [-3.0]), device="cpu")
