"""Who may import whom (docs: leaves do not know each other), and how long an import may take."""

import ast
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = {
    "asd_native": ROOT / "native" / "python" / "asd_native",
    **{path.name: path for path in sorted(ROOT.glob("packages/*/src/asd_*"))},
}
LEAVES = {"asd_features", "asd_models", "asd_inlier", "asd_eval"}
ALLOWED_LOCAL = {
    "asd_native": set(),
    "asd_features": {"asd_native"},
    "asd_models": set(),
    "asd_inlier": {"asd_native"},
    "asd_eval": set(),
    "asd_recipes": {"asd_native", *LEAVES},
}
ALLOWED_OTHERS = {
    "asd_native": {"numpy"},
    "asd_features": {"numpy", "scipy", "soundfile", "soxr", "torch"},
    "asd_models": {"torch", "numpy"},
    "asd_inlier": {"numpy", "scipy", "sklearn", "faiss", "safetensors", "threadpoolctl"},
    "asd_eval": {"numpy", "scipy", "matplotlib"},
    "asd_recipes": {
        "numpy",
        "scipy",
        "soundfile",
        "torch",
        "safetensors",
        "typer",
        "rich",
        "matplotlib",
    },
}
IMPORT_LIMIT_S = 0.3


def _imports(source: Path) -> Iterator[tuple[Path, str]]:
    """Every (file, top-level module) that the files of a package import, wherever in the file."""
    for path in sorted(source.rglob("*.py*")):
        if path.suffix not in (".py", ".pyi"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name.split(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield path, node.module.split(".")[0]


def test_all_six_packages_are_walked() -> None:
    assert set(SOURCES) == set(ALLOWED_LOCAL)
    assert all(list(_imports(source)) for source in SOURCES.values())


@pytest.mark.parametrize("package", sorted(SOURCES))
def test_a_package_imports_only_what_the_design_allows(package: str) -> None:
    allowed = {package} | ALLOWED_LOCAL[package] | ALLOWED_OTHERS[package] | set(sys.stdlib_module_names)
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}" for path, name in _imports(SOURCES[package]) if name not in allowed
    ]
    assert not wrong, "\n".join(wrong)


def _best_of_five_s(*command: str) -> float:
    """Processor seconds, start of Python included: the wall time of a machine that has nothing else to do."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(5))


@pytest.mark.parametrize("module", ["asd_eval", "asd_features"])
def test_a_light_package_is_imported_within_the_limit(module: str) -> None:
    assert _best_of_five_s("-c", f"import {module}") <= IMPORT_LIMIT_S


def test_the_help_of_the_command_comes_within_the_limit() -> None:
    assert _best_of_five_s("-m", "asd_recipes", "--help") <= IMPORT_LIMIT_S
