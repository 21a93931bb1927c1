"""Made-up models on the disk, and what they score."""

from pathlib import Path

import numpy as np
import pytest
from made_up_model import joined_manifest, made_up_manifest, write_made_up
from numpy.typing import NDArray

from asd_runtime.model.manifest import Manifest


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network and two inlier models behind it."""
    return write_made_up(tmp_path_factory.mktemp("written") / "pump7", made_up_manifest())


@pytest.fixture(scope="session")
def joined_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with spectral statistics beside them."""
    return write_made_up(tmp_path_factory.mktemp("joined") / "pump7", joined_manifest())


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    """The first model's manifest without its files."""
    return made_up_manifest()


@pytest.fixture(scope="session")
def tone() -> NDArray[np.float32]:
    """A rising tone of 3 s, which differs in every segment."""
    time_s = np.arange(48_000) / 16_000
    return (0.3 * np.sin(2 * np.pi * (200 + 300 * time_s) * time_s)).astype(np.float32)
