"""Where the shared reference numbers lie."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    place = Path(os.environ.get("ASD_SHARED", Path(__file__).resolve().parents[4] / "shared"))
    if not (place / "golden").is_dir():
        pytest.skip(f"no shared reference numbers at {place}; set ASD_SHARED")
    return place
