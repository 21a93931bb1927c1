"""The package's front door: what it promises is there, and it opens quickly."""

from __future__ import annotations

import subprocess
import sys

import pytest

import asd_features


def test_everything_promised_is_there_and_sorted() -> None:
    assert asd_features.__all__ == sorted(asd_features.__all__)
    for name in asd_features.__all__:
        assert hasattr(asd_features, name)


def test_importing_the_package_loads_no_heavy_library() -> None:
    heavy = ["soundfile", "soxr", "scipy", "torch", "librosa"]
    code = f"import sys, asd_features; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.timed
def test_the_package_imports_within_0_3_s() -> None:
    # Processor seconds, so that other work on the machine does not count; best of five for the rest of the noise.
    code = "import time; t = time.process_time(); import asd_features; print(time.process_time() - t)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    seconds = [float(run.stdout) for run in runs]
    assert min(seconds) < 0.3, seconds
