"""A recording of a quarter of an hour is scored in memory that does not grow with its length."""

import resource
from dataclasses import replace
from pathlib import Path

import pytest
from little_memory import SECONDS, run_limited, write_recordings
from made_up_model import FRONT_END, made_up_manifest, write_made_up

from asd_features import HighPassSettings, SegmentSettings

SCORE = """
from asd_runtime import Scorer
scorer = Scorer.open(sys.argv[2], threads=1)
scorer.score(sys.argv[3])
limit()
print(scorer.score(sys.argv[4]).worst)
"""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_recordings(tmp_path_factory.mktemp("long"))


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_DATA"), reason="no limit of a process's memory on this system")
def test_a_long_recording_is_scored_in_little_memory_and_its_loud_seconds_are_named(
    recordings: tuple[Path, Path], tmp_path: Path
) -> None:
    """In one stretch, its segments weighted by power, for which the whole recording is filtered."""
    made_up = made_up_manifest()
    front_end = replace(FRONT_END, segments=SegmentSettings(overlap=0.5), high_pass=HighPassSettings())
    threshold = replace(made_up.threshold, stretch_s=float(SECONDS))
    write_made_up(tmp_path / "model", replace(made_up, front_end=front_end, threshold=threshold))
    found = run_limited(SCORE, tmp_path / "model", *recordings)
    start_s = float(found.split("worst_start_s=")[1].split(",")[0])
    assert 595 < start_s < 612
