"""The benchmark keeps up with the packages between its runs, which take minutes and are rare."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "tools" / "bench"


def test_every_tool_that_the_benchmark_compares_is_there_under_its_name() -> None:
    pytest.importorskip(
        "kaldi_native_fbank", reason="kaldi-native-fbank is not installed: the benchmark compares with it"
    )
    shown = subprocess.run([sys.executable, str(BENCH), "--help"], check=False, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    assert "--markdown" in shown.stdout


def test_a_row_says_what_was_wanted_and_what_was_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    from machine_limits import Limits
    from measure import Row
    from table import COLUMNS, line

    limits = Limits({1: 10e9}, {1: 50e9})
    row = Row(step="a", tool="b", ours_s=0.5, theirs_s=2.5, error="none", reach=8.0, reach_s=0.6, audio_s=100.0,
              moved_bytes=2.5e9, flops=5e9, float32=True)  # fmt: skip
    cells = [cell.strip() for cell in line(row, limits).strip("|").split("|")]
    assert dict(zip(COLUMNS, cells, strict=True)) == {
        "step": "a",
        "beside": "b",
        "ours": "500 ms",
        "theirs": "2.50 s",
        "ratio": "5.00",
        "to reach": "8x: 5x, missed; 600 ms: 500 ms",
        "times real time": "200",
        "of the limit": "50% of copy, 10% of FMA",
        "error": "none",
    }
