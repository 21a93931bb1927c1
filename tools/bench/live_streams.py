"""Many streams live on one thread, on a clock of their own: what they cost, how late scores are, how much memory.

    python tools/bench/live_streams.py MODEL STREAMS SECONDS

Blocks of 20 ms come for all streams at once. A push begins when its blocks are there and the push before it is done, so
the clock waits for the work, but not the work for the clock. The streams began at moments spread over ten segments.
Prints a JSON object: busy_s a second of each stream, latency_ms (median, 99th percentile) from a segment's last sample
to its score, alone_s a second of a stream that passes each segment to `Scorer.score_wave`, memory_mb at the start of
the last minute and at the end.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from asd_runtime import Scorer, Streams

RATE_HZ, BLOCK = 16_000, 320


def main(model: str, streams: int, seconds: int) -> None:
    rng = np.random.default_rng(0)
    scorer = Scorer.open(model, threads=1)
    settings = scorer.manifest.front_end.segments
    live, sound = scorer.streams(streams), np.rint(2000 * rng.standard_normal(20 * RATE_HZ)).astype(np.int16)
    before = settings.length_samples + rng.integers(0, 10 * settings.hop_samples, streams)
    live.push([sound[:samples] for samples in before])
    places = rng.integers(0, len(sound) - BLOCK, streams)
    busy_s, done_s, late_ms, memory_mb = 0.0, 0.0, [], []
    for step in range(seconds * RATE_HZ // BLOCK):
        here_s = (step + 1) * BLOCK / RATE_HZ
        blocks = [sound[place : place + BLOCK] for place in (places + step * BLOCK) % (len(sound) - BLOCK)]
        took_s, scores = _timed(live, blocks)
        busy_s += took_s
        done_s = max(done_s, here_s) + took_s
        for samples, segments in zip(before, scores, strict=True):
            late_ms += [1000 * (done_s - segment.end_s + samples / RATE_HZ) for segment in segments]
        if step == (seconds - min(60, seconds // 2)) * RATE_HZ // BLOCK:
            memory_mb.append(_memory_mb())
    found = {
        "busy_s": busy_s / seconds / streams,
        "latency_ms": np.quantile(late_ms, [0.5, 0.99]).tolist(),
        "alone_s": _alone_s(scorer, sound),
        "memory_mb": [*memory_mb, _memory_mb()],
        "description": scorer.description,
    }
    print(json.dumps(found))


def _timed(live: Streams, blocks: list[np.ndarray]) -> tuple[float, list]:
    start = time.perf_counter()
    scores = live.push(blocks)
    return time.perf_counter() - start, scores


def _alone_s(scorer: Scorer, sound: np.ndarray) -> float:
    """Of one second of sound, by segments that overlap as a stream's."""
    settings = scorer.manifest.front_end.segments
    starts = range(0, 10 * RATE_HZ, settings.hop_samples)
    begin = time.perf_counter()
    for start in starts:
        scorer.score_wave(sound[start : start + settings.length_samples])
    return (time.perf_counter() - begin) / 10


def _memory_mb() -> float:
    """Now, of this process alone."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
