"""Where the shared reference numbers lie."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The directory of reference numbers: $ASD_SHARED, or ``shared`` beside the project."""
    named = os.environ.get("ASD_SHARED")
    places = [Path(named)] if named else [parent / "shared" for parent in Path(__file__).resolve().parents]
    for place in places:
        if (place / "golden").is_dir():
            return place
    pytest.skip(f"no shared reference numbers at {named or 'shared beside the project'}; set ASD_SHARED")
