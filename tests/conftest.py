"""Where the optional real recordings and golden numbers lie."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings and golden numbers: ASD_SHARED, or `shared` beside the project."""
    folder = Path(os.environ.get("ASD_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder}: set ASD_SHARED to the folder that holds data/ and golden/")
    return folder
