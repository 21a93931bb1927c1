"""The examples of every README and page of docs run as they stand, offline.

Every ```python block runs from an empty folder. The commands of the README's ```console block run on a tiny synthetic
factory, and print lines of the shape that the README shows: the same words around other numbers.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PACKAGES = [ROOT / "native" / "README.md", *sorted(ROOT.glob("packages/*/README.md"))]
PAGES = [README, *PACKAGES, *sorted(ROOT.glob("docs/*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What differs between the README's run and one on tiny data: numbers, verdicts, which recordings.
VARIES = re.compile(r"\b(?:normal|ANOMALOUS) +|[-+]?\d[\d.,]*|\S+\.wav")
# Of a tiny factory most is held out, so that its stretches are as long as the README's: one in a recording.
QUICK = "--device cpu --set threads=1 --set training.epochs=1 --set log_mel.bands=32 --set split.source_share=0.3"
EXAMPLES = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}:{number}")
    for page in PAGES
    for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1)
]


def test_every_package_has_an_example() -> None:
    without = [page for page in PACKAGES if not BLOCK.search(page.read_text(encoding="utf-8"))]
    assert not without


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs_as_it_stands(example: str, tmp_path: Path) -> None:
    done = _run([sys.executable, "-W", "error", "-c", example], tmp_path)
    assert done.stdout.strip(), "an example shows what comes out"


def test_the_readme_s_commands_print_what_it_shows(tmp_path: Path) -> None:
    (console,) = CONSOLE.findall(README.read_text(encoding="utf-8"))
    made = "asd data synth factory --size tiny --machines bearing,valve"
    _shell(made, tmp_path)
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        printed = _shell(f"{command} {QUICK}" if command.startswith("asd fit") else command, tmp_path)
        for line in shown:
            pattern = _shape(line)
            assert re.search(pattern, printed, re.MULTILINE), f"{command} printed:\n{printed}\nand not {line!r}"


def _shape(line: str) -> str:
    """The line with anything in place of what varies."""
    fixed = VARIES.split(line)
    return "^" + r".*?".join(map(re.escape, fixed)) + "$"


def _shell(command: str, folder: Path) -> str:
    program = f'asd() {{ "{sys.executable}" -m asd_recipes "$@"; }}\n{command}'
    done = _run(["bash", "-c", program], folder)
    return done.stdout + done.stderr


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done
