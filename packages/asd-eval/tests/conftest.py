"""Where the shared reference numbers lie, and a submission directory to spoil."""

import os
from pathlib import Path

import numpy as np
import pytest

from asd_eval import write_submission


@pytest.fixture(scope="session")
def shared() -> Path:
    """The directory of reference numbers: $ASD_SHARED, or ``shared`` beside the project."""
    named = os.environ.get("ASD_SHARED")
    places = [Path(named)] if named else [parent / "shared" for parent in Path(__file__).resolve().parents]
    for place in places:
        if (place / "golden").is_dir():
            return place
    pytest.skip(f"no shared reference numbers at {named or 'shared beside the project'}; set ASD_SHARED")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Scores and decisions of machine fan, section 00: two normal and two anomalous clips of each domain."""
    names = [
        f"section_00_{domain}_test_{word}_{i:04}.wav"
        for domain in ("source", "target")
        for word in ("normal", "anomaly")
        for i in (0, 1)
    ]
    scores = np.array([0.5, 1.25, 2.0, 1.0, 3.5, 4.75, 0.25, 9.0])
    write_submission(tmp_path, names, scores, machine="fan", decisions=scores > 2)
    return tmp_path
