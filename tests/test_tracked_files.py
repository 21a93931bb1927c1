"""What git keeps is source text: nothing that a run or a test wrote."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_BYTES = 1_000_000


def test_no_file_that_git_keeps_is_over_a_megabyte() -> None:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip(f"{ROOT} is no git checkout, or git is not installed")
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip(f"git does not read {ROOT}: {listed.stderr.strip()}")
    files = [ROOT / name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]
    assert ROOT / "README.md" in files
    assert [str(path.relative_to(ROOT)) for path in files if path.stat().st_size > MOST_BYTES] == []
