"""The commands of docs/embedding.md work as they stand and print what it shows; its code is that of the examples."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = {
    "c": ["c/wav_scores.c"],
    "cmake": ["c/CMakeLists.txt"],
    "cpp": ["cpp/wav_scores.cpp", "cpp/score_model.cpp"],
    "rust": ["rust/wav_scores.rs"],
}


def commands() -> list[tuple[str, str, str]]:
    """Language, code and the output shown after it, "" where none is."""
    follows = [*BLOCKS[1:], ("", "")]
    return [
        (language, code, shown if kind == "text" else "")
        for (language, code), (kind, shown) in zip(BLOCKS, follows, strict=True)
        if language in ("sh", "python")
    ]


def test_the_commands_of_the_page_print_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    bash = ["bash", "-euo", "pipefail", "-c"]
    for left_over in ("factory", "models"):  # of an earlier run: a model is never overwritten
        shutil.rmtree(ROOT / "build" / left_over, ignore_errors=True)
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for language, code, shown in commands():
        tools = [tool for tool in ("rustc", "pkg-config") if tool in code and shutil.which(tool) is None]
        missing = [f"{tool} is not on PATH" for tool in tools]
        if "openvino" in code and find_spec("openvino") is None:
            missing.append("openvino is not installed")
        if missing:
            with capsys.disabled():
                print(f"\n{missing[0]}: the page's commands with it were not run")
            continue
        command = [sys.executable, "-c", code] if language == "python" else [*bash, code]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        assert done.stdout.endswith(shown), code


def test_the_code_on_the_page_is_that_of_the_examples() -> None:
    quoted = [(language, code) for language, code in BLOCKS if language in EXAMPLES]
    assert {language for language, _ in quoted} == set(EXAMPLES)
    for language, code in quoted:
        examples = [(ROOT / "native" / "examples" / name).read_text(encoding="utf-8") for name in EXAMPLES[language]]
        assert any(code in example for example in examples), code
