"""asd.h is C99 and C++11, asd.hpp C++17; structs and enums lie in memory as docs/embedding.md says."""

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

# struct -> (bytes, {field: offset}) and enum -> {name: value}, as the page says.
Offsets = dict[str, int]


def pairs(text: str) -> Offsets:
    return {name: int(number) for name, number in (pair.rsplit(" ", 1) for pair in text.split(", "))}


def documented() -> tuple[dict[str, tuple[int, Offsets]], dict[str, Offsets]]:
    page = PAGE.read_text(encoding="utf-8")
    structs = re.findall(r"^\| `(\w+)` \| (\d+) \| (.*) \|$", page, re.MULTILINE)
    enums = re.findall(r"^\| `(\w+)` \| (\w+ \d+(?:, \w+ \d+)*) \|$", page, re.MULTILINE)
    return (
        {name: (int(size), pairs(fields)) for name, size, fields in structs},
        {name: pairs(values) for name, values in enums},
    )


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


def test_every_struct_field_and_enumerator_is_documented() -> None:
    structs, enums = documented()
    assert {name: list(fields) for name, (_, fields) in structs.items()} == declared_structs()
    assert {name: list(values) for name, values in enums.items()} == declared_enums()


def test_structs_and_enums_lie_in_memory_as_documented(tmp_path: Path) -> None:
    structs, enums = documented()
    checks = [f"sizeof({name}) == {size}" for name, (size, _) in structs.items()]
    checks += [f"offsetof({name}, {f}) == {at}" for name, (_, fields) in structs.items() for f, at in fields.items()]
    checks += [f"sizeof({name}) == 4" for name in enums]
    checks += [f"{name} == {value}" for values in enums.values() for name, value in values.items()]
    source = '#include "asd/asd.h"\n#include <assert.h>\n#include <stddef.h>\n'
    source += "".join(f'static_assert({check}, "{check}");\n' for check in checks)
    compiled(tmp_path, "c", source, "-std=c11", "-fsyntax-only")
