"""How long work shows its progress: lines for files and pipes, bars on a terminal."""

import io
import sys
import time

import pytest

from asd_runtime.progress import PlainProgress, show_progress


def test_plain_progress_shows_amount_rate_and_time_left() -> None:
    now, out = [0.0], io.StringIO()
    progress = PlainProgress(out=out, clock=lambda: now[0])
    with progress.stage("download", 1_000_000_000, done=200_000_000, in_bytes=True) as advance:
        now[0] = 5.0
        advance(100_000_000)
        now[0] = 20.0
        advance(300_000_000)
        now[0] = 40.0
        advance(-400_000_000)
    assert out.getvalue().splitlines() == [
        "  download: 600 of 1000 MB, 20.0 MB/s, 20 s left",
        "  download: 200 of 1000 MB, 0.0 MB/s, time left unknown",
        "download: ended after 40.0 s",
    ]


def test_a_stage_of_steps_shows_how_many_are_done_and_its_end() -> None:
    now, out = [0.0], io.StringIO()
    with PlainProgress(out=out, clock=lambda: now[0]).stage("train", 10, done=2) as advance:
        for now[0] in (4.0, 12.0, 13.0):
            advance(2)
        advance(2)
    assert out.getvalue().splitlines() == ["  train: 6 of 10, 12 s left", "train: done in 13.0 s"]


def test_quiet_progress_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(quiet=True) as progress, progress.stage("train", 1) as advance:
        advance(1)
        progress.say("a word")
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    """Replaces standard error in a test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        monkeypatch.setattr(sys, "stderr", self)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "80")

    def isatty(self) -> bool:
        return True

    def wait_for(self, text: str) -> None:
        """A separate thread redraws the bars ten times a second."""
        until = time.monotonic() + 10
        while text not in self.getvalue():
            assert time.monotonic() < until, self.getvalue()
            time.sleep(0.01)


def test_on_a_terminal_a_bar_shows_bytes_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch)
    with show_progress() as progress, progress.stage("download", 10_000_000, done=1_000_000, in_bytes=True) as advance:
        advance(2_000_000)
        time.sleep(0.02)
        advance(3_000_000)
        terminal.wait_for("6 of 10 MB")
        progress.say("dev_fan.zip: [bold] files")
    shown = terminal.getvalue()
    assert "MB/s" in shown
    assert "0:00:0" in shown
    assert "[bold] files" in shown
    assert "download: ended after" in shown


def test_on_a_terminal_a_bar_of_steps_shows_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch)
    with show_progress() as progress, progress.stage("train [1]", 7) as advance:
        advance(7)
        terminal.wait_for("7 of 7")
    shown = terminal.getvalue()
    assert "train [1]: done in" in shown
