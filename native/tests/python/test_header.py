"""asd.h is C99 and C++11, asd.hpp C++17; structs and enums have the memory layout that docs/embedding.md gives."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from asd_native import _core

INCLUDE = Path(_core.__file__).parent / "include"
HEADER = re.sub(r"/\*.*?\*/", "", (INCLUDE / "asd" / "asd.h").read_text(encoding="utf-8"), flags=re.DOTALL)
PAGE = Path(__file__).parents[3] / "docs" / "embedding.md"
STRICT = ["-pedantic-errors", "-Wall", "-Wextra", "-Werror", f"-I{INCLUDE}"]

# The rows of both tables on the page.
ROW = re.compile(r"^\| `asd_\w+` \|.*\|$", re.MULTILINE)


def declared_structs() -> dict[str, list[str]]:
    bodies = re.findall(r"typedef struct (\w+) \{(.*?)\}", HEADER, re.DOTALL)
    return {name: re.findall(r"(\w+);", body) for name, body in bodies}


def declared_enums() -> dict[str, list[str]]:
    bodies = re.findall(r"typedef enum (\w+) \{(.*?)\}", HEADER, re.DOTALL)
    return {name: re.findall(r"(\w+) =", body) for name, body in bodies}


def compiler(language: str) -> str:
    name = "cc" if language == "c" else "c++"
    if shutil.which(name) is None:
        pytest.skip(f"no compiler {name} on PATH")
    return name


def compiled(tmp_path: Path, language: str, source: str, *flags: str) -> None:
    file = tmp_path / f"source.{'c' if language == 'c' else 'cpp'}"
    file.write_text(source, encoding="utf-8")
    done = subprocess.run(
        [compiler(language), *flags, *STRICT, file], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("language", "standard"), [("c", "c99"), ("c", "c11"), ("c++", "c++11"), ("c++", "c++17")])
def test_the_c_header_compiles_alone_and_its_initialisers_fill_every_field(
    language: str, standard: str, tmp_path: Path
) -> None:
    starts = re.findall(r"#define (ASD_\w+)_INIT", HEADER)
    assert len(starts) == len(declared_structs())
    source = '#include "asd/asd.h"\n'
    for name in starts:
        source += (
            f"int {name}(void);\nint {name}(void) {{ {name.lower()} it = {name}_INIT; return it.struct_size > 0; }}\n"
        )
    compiled(tmp_path, language, source, f"-std={standard}", "-fsyntax-only")


@pytest.mark.parametrize("standard", ["c++17", "c++20"])
def test_the_cpp_header_compiles_alone(standard: str, tmp_path: Path) -> None:
    compiled(tmp_path, "c++", '#include "asd/asd.hpp"\n', f"-std={standard}", "-fsyntax-only")


def row_of_struct(name: str, fields: list[str]) -> str:
    """C that prints the row of the page: bytes, then each field with its offset."""
    places = ", ".join(f"{field} %zu" for field in fields)
    values = ", ".join(f"offsetof({name}, {field})" for field in fields)
    return f'printf("| `{name}` | %zu | {places} |\\n", sizeof({name}), {values});'


def row_of_enum(name: str, values: list[str]) -> str:
    places = ", ".join(f"{value} %d" for value in values)
    return f'printf("| `{name}` | {places} |\\n", {", ".join(values)});'


def test_structs_and_enums_lie_in_memory_as_the_page_says(tmp_path: Path) -> None:
    rows = [row_of_struct(name, fields) for name, fields in declared_structs().items()]
    rows += [row_of_enum(name, values) for name, values in declared_enums().items()]
    rows += [f"if (sizeof({name}) != 4) return 1;" for name in declared_enums()]
    source = '#include "asd/asd.h"\n#include <stddef.h>\n#include <stdio.h>\n'
    compiled(tmp_path, "c", f"{source}int main(void) {{ {' '.join(rows)} return 0; }}\n", "-std=c99", "-o", "rows")
    printed = subprocess.run([tmp_path / "rows"], check=True, capture_output=True, text=True).stdout
    assert ROW.findall(PAGE.read_text(encoding="utf-8")) == printed.splitlines(), f"it must say:\n{printed}"
