"""What a person waits for: commands in fresh processes, beside `import torch`; and many streams live in one process."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import measure
from measure import Row, median_s

ASD = str(Path(sys.executable).with_name("asd"))


def rows() -> Iterator[Row]:
    """`asd --help`, and the first score of one recording."""
    torch_s = median_s(partial(_run, sys.executable, "-c", "import torch"))
    row = partial(Row, tool="python -c 'import torch'", theirs_s=torch_s, error="")
    yield row(step="asd --help, a fresh process", ours_s=median_s(partial(_run, ASD, "--help")), reach_s=0.2)
    with tempfile.TemporaryDirectory() as name:
        model, recording = _model(Path(name))
        ours_s = median_s(partial(_run, ASD, "score", str(model), str(recording)))
        yield row(step="asd score of one 10 s wav, a fresh process", ours_s=ours_s, reach_s=0.6, audio_s=10.0)
        small = Path(name) / "int8"
        _run(ASD, "export", str(model), "--precision", "int8", *_recordings(Path(name)), "--out", str(small), "--quiet")
        for in_precision, streams in ((model, 25), (small, 60), (small, 100)):
            yield _live(in_precision, 2 if measure.quick else streams, 2 if measure.quick else 60)


def _live(model: Path, streams: int, seconds: int) -> Row:
    """Streams on one thread, by the second of each; beside a program that scores each segment by itself."""
    script = str(Path(__file__).with_name("live_streams.py"))
    words = [sys.executable, script, str(model), str(streams), str(seconds)]
    found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    median_ms, late_ms = found["latency_ms"]
    begin_mb, end_mb = found["memory_mb"]
    return Row(
        step=f"{streams} streams live, profile own, {found['description']}: a second of one",
        tool="Scorer.score_wave of each segment",
        ours_s=found["busy_s"],
        theirs_s=found["alone_s"],
        error=f"{1 / found['busy_s']:.0f} streams a core; score {median_ms:.0f} ms after the last sample, "
        f"99th percentile {late_ms:.0f} ms; memory {begin_mb:.0f} MB, after {seconds} s {end_mb:.0f} MB",
        reach_s=0.01,
        audio_s=1.0,
    )


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _model(folder: Path) -> tuple[Path, Path]:
    """A model that `asd fit` made of synthetic recordings in a few epochs, and one of its recordings."""
    _run(ASD, "data", "synth", str(folder / "factory"), "--size", "tiny", "--machines", "fan,valve", "--quiet")
    few = ["--set", "training.epochs=3", "--quiet"]
    _run(ASD, "fit", *_recordings(folder), "--out", str(folder / "model"), *few)
    return folder / "model", min((folder / "factory" / "valve" / "train").glob("*.wav"))


def _recordings(folder: Path) -> list[str]:
    return ["--normal", str(folder / "factory" / "valve" / "train"), "--others", str(folder / "factory")]
