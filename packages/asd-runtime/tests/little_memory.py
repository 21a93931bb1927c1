"""Recordings of many minutes, and processes with a limit on further memory.

After a short recording, a process gets the limit; an allocation beyond it fails. Memory that is mapped from a file does
not count: the system can take it back.
"""

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile

SECONDS, RATE_HZ = 900, 44_100
# The recording has 159 MB as it is stored, 318 MB as float64 of one channel, 115 MB filtered in float64, 115 MB as
# segments, and over 900 MB as the frames of all spectrograms; a batch of 26 segments has 70 MB of these.
MOST_BYTES = 250_000_000
LIMITED = """
import resource, sys
from pathlib import Path

def limit() -> None:
    status = Path("/proc/self/status").read_text().splitlines()
    now = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData"))
    resource.setrlimit(resource.RLIMIT_DATA, (now + int(sys.argv[1]),) * 2)
"""


def write_recordings(folder: Path) -> tuple[Path, Path]:
    """A recording of 200 s, which is more than a batch of segments, and one of 900 s."""
    for name, seconds in (("short", 200), ("long", SECONDS)):
        _write(folder / f"{name}.wav", seconds)
    return folder / "short.wav", folder / "long.wav"


def _write(path: Path, seconds: int) -> None:
    """A stereo recording that takes little space on the disk, as most of it is silent.

    It has 12 s of noise in its last third."""
    noise = np.random.default_rng(0).integers(-3000, 3000, (12 * RATE_HZ, 2)).astype(np.int16)
    soundfile.write(path, noise, RATE_HZ)
    header = bytearray(path.read_bytes()[:44])
    data_bytes = seconds * RATE_HZ * 4
    struct.pack_into("<I", header, 4, 36 + data_bytes)
    struct.pack_into("<I", header, 40, data_bytes)
    with path.open("wb") as file:
        file.write(header)
        file.truncate(44 + data_bytes)
        file.seek(44 + seconds * 2 // 3 * RATE_HZ * 4)
        file.write(noise.tobytes())
    assert soundfile.info(path).duration == seconds


def run_limited(script: str, *arguments: Path) -> str:
    command = [sys.executable, "-c", LIMITED + script, str(MOST_BYTES), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
