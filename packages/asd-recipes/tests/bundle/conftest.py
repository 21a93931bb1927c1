"""A made-up model that was not trained, with everything that a bundle can hold."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from asd_inlier import GaussianMixtureInlier, MahalanobisKNN, save_inlier_model
from asd_models import OutlierExposureNet
from asd_recipes.bundle import Manifest, Threshold, Training, write_bundle
from asd_recipes.bundle.manifest import Level
from asd_recipes.probes.joined_score import Joined, JoinedDetector, ProbeShare, Scale
from asd_recipes.recipe.toml_text import load_recipe

SHORTER = tuple(Scale(1.2 + missing, 0.3 + missing / 4) for missing in range(11, 0, -1))
"""Of 0.25 s, 0.5 s, ..., 2.75 s; a stretch has 3 s."""
Parts = tuple[Path, dict[str, Path]]


def made_up_network() -> dict[str, torch.Tensor]:
    """Repetitive weights, so that they compress: with zero mean, and small enough that outputs stay finite."""
    state = OutlierExposureNet().state_dict()
    for name, tensor in state.items():
        if tensor.dim() > 1:
            place = torch.arange(tensor.numel(), dtype=torch.int64)
            pattern = ((place * 37 + place // 251 * 11) % 251 - 125).float() / 125
            state[name] = pattern.reshape(tensor.shape) * (1.5 / tensor[0].numel()) ** 0.5
    return {name: tensor.contiguous() for name, tensor in state.items()}


def made_up_manifest() -> Manifest:
    """A manifest with every field set."""
    settings = ["threads=1", "training.precision=float32", "segments.length_s=1.0", "log_mel.bands=32", "seed=7"]
    return Manifest(
        machine="pump7",
        system="oe",
        synthetic=True,
        recipe=load_recipe("own", settings=settings),
        level=Level(mean=-0.0001, std=0.1),
        training=Training(
            recordings=3,
            seconds=31.25,
            left_out=1,
            pieces=3,
            held_out_pieces=6,
            held_out="time",
            held_out_recordings=3,
            pseudo_anomalies=("fan", "valve"),
            synthetic_pseudo_anomalies=True,
            attributes=(),
            pseudo_anomaly_auc=0.75,
            data_sha256="0" * 64,
        ),
        scores={"gmm-1-source": Scale(1.5, 0.25), "knn-2-source": Scale(20.0, 4.0)},
        threshold=Threshold(1.25, 3.0, "largest", 0.1, -0.5, 0.1, 1.25),
        device="cpu (1 threads), float32",
        versions={"torch": "2.13.0"},
        files={},
    )


def made_up_joined() -> Joined:
    """Two detectors; a tone is heard from -12 dB on, clicks are not heard."""
    shares = {
        ("tone", -18.0): 0.4,
        ("tone", -12.0): 0.6,
        ("tone", -6.0): 1.0,
        ("clicks", -6.0): 0.8,
        ("clicks", 0.0): 0.2,
    }
    return Joined(
        detectors={"oe": JoinedDetector(0.25, 0.9, 0.1, 0.8), "spectral": JoinedDetector(0.75, 1.7, 1.2, 0.3, SHORTER)},
        mean=0.05,
        std=0.7,
        probed_pieces=6,
        probes=tuple(
            ProbeShare(kind, level_db, share, {"oe": 0.0, "spectral": share})  # type: ignore[arg-type]  # of FAULTS
            for (kind, level_db), share in shares.items()
        ),
    )


def write_made_up_parts(folder: Path) -> Parts:
    """A network and two inlier models with few distinct numbers, so that they compress."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(made_up_network(), folder / "network.safetensors")
    normal = np.tile(np.eye(64, 512, dtype=np.float32), (2, 1))
    paths = {name: folder / f"{name}.safetensors" for name in made_up_manifest().scores}
    save_inlier_model(GaussianMixtureInlier(components=1, random_state=0).fit(normal), paths["gmm-1-source"])
    save_inlier_model(MahalanobisKNN(neighbours=2).fit(normal), paths["knn-2-source"])
    return folder / "network.safetensors", paths


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return write_made_up_parts(tmp_path_factory.mktemp("parts"))


@pytest.fixture(scope="session")
def model(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "pump7"
    write_bundle(folder, made_up_manifest(), network=parts[0], inlier=parts[1])
    return folder


@pytest.fixture(scope="session")
def spectral_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Spectral statistics of three times 32 bands, with local density."""
    place = tmp_path_factory.mktemp("spectral") / "spectral.safetensors"
    vectors = np.random.default_rng(0).normal(0, 3, (12, 96))
    save_inlier_model(MahalanobisKNN(standardise=True, local_density=2).fit(vectors), place)
    return place


@pytest.fixture(scope="session")
def joined_model(parts: Parts, spectral_parts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("joined") / "pump7"
    manifest = replace(made_up_manifest(), joined=made_up_joined())
    write_bundle(folder, manifest, network=parts[0], inlier=parts[1], spectral=spectral_parts)
    return folder


@pytest.fixture(scope="session")
def joined() -> Joined:
    """How the detectors of `joined_model` are joined."""
    return made_up_joined()


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    """The manifest without its files."""
    return made_up_manifest()


@pytest.fixture(scope="session")
def tone() -> NDArray[np.float32]:
    """A rising tone of 3 s, which differs in every segment."""
    time_s = np.arange(48_000) / 16_000
    return (0.3 * np.sin(2 * np.pi * (200 + 300 * time_s) * time_s)).astype(np.float32)
