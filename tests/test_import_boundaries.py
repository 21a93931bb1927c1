"""Who may import whom: packages, rooms of a package, modules of a room; and how long an import may take."""

import ast
import graphlib
import resource
import subprocess
import sys
import tomllib
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
    "asd_runtime": {"asd_native", "asd_features"},
    "asd_recipes": {"asd_native", "asd_runtime", *LEAVES},
}
ALLOWED_OTHERS = {
    "asd_native": {"numpy"},
    "asd_features": {"numpy", "scipy", "soundfile", "soxr", "torch"},
    "asd_models": {"torch", "numpy", "onnx"},
    "asd_inlier": {"numpy", "scipy", "sklearn", "faiss", "safetensors", "threadpoolctl"},
    "asd_eval": {"numpy", "scipy", "matplotlib"},
    "asd_runtime": {"numpy", "openvino", "typer", "rich"},
    "asd_recipes": {
        "numpy",
        "scipy",
        "soundfile",
        "torch",
        "safetensors",
        "typer",
        "rich",
        "urllib3",
        "matplotlib",
    },
}
ROOMS = {
    "asd_runtime": (
        ("cli",),
        ("commands",),
        ("mendable",),
        ("scoring",),
        ("model",),
        ("sound",),
        (
            "counted",
            "errors",
            "file_names",
            "progress",
            "regular_file",
            "strict_json",
            "typed_values",
            "whole_file",
        ),
    ),
    "asd_recipes": (
        ("commands",),
        ("mendable",),
        ("own_machine",),
        ("reproduction",),
        ("baseline",),
        ("scoring",),
        ("training",),
        ("waveforms",),
        ("probes",),
        ("download", "synth"),
        ("dataset",),
        ("recipe",),
        (
            "folder_lock",
            "worker_lifetime",
        ),
    ),
    "asd_eval": (
        ("plots", "submissions"),
        ("evaluation", "ensembles", "thresholds"),
        ("intervals",),
        ("metrics",),
        ("inputs",),
        ("errors", "whole_file"),
    ),
}
"""From the top floor down. A room imports from floors below its own; two on one floor do not know each other."""
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


def test_all_seven_packages_are_walked() -> None:
    assert set(SOURCES) == set(ALLOWED_LOCAL)
    assert all(list(_imports(source)) for source in SOURCES.values())


@pytest.mark.parametrize("package", sorted(SOURCES))
def test_a_package_imports_only_what_the_design_allows(package: str) -> None:
    allowed = {package} | ALLOWED_LOCAL[package] | ALLOWED_OTHERS[package] | set(sys.stdlib_module_names)
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}" for path, name in _imports(SOURCES[package]) if name not in allowed
    ]
    assert not wrong, "\n".join(wrong)


def _module_name(source: Path, path: Path) -> str:
    """`asd_recipes.dataset.clip`; a package's own name for its `__init__.py`."""
    parts = [source.name, *path.relative_to(source).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _arrows(source: Path) -> Iterator[tuple[str, str]]:
    """Every (module, module of the same package that it imports), wherever in the file; names only for types too."""
    modules = {_module_name(source, path): path for path in sorted(source.rglob("*.py"))}
    for module, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((module, alias.name) for alias in node.names if alias.name in modules)
            elif isinstance(node, ast.ImportFrom):
                origin = _origin(module, node, is_package=path.stem == "__init__")
                whole = [f"{origin}.{alias.name}" for alias in node.names]
                yield from ((module, name if name in modules else origin) for name in whole if origin in modules)


def _origin(module: str, node: ast.ImportFrom, *, is_package: bool) -> str:
    """What a `from ... import` is from, where it is relative too."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    base = parts[: len(parts) - node.level + is_package]
    return ".".join([*base, *([node.module] if node.module else [])])


@pytest.mark.parametrize("package", sorted(set(SOURCES) - {"asd_native"}))  # which is one module
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    graph: dict[str, set[str]] = {}
    for module, imported in _arrows(SOURCES[package]):
        if imported not in (module, package) and module != package:  # the front door re-exports; nobody passes it
            graph.setdefault(module, set()).add(imported)
    assert graph, f"no imports found in {package}"
    graphlib.TopologicalSorter(graph).prepare()  # names the circle


def _room(module: str) -> str:
    """The folder or file below the package: `dataset`, `cli`."""
    return module.split(".")[1]


@pytest.mark.parametrize("package", sorted(ROOMS))
def test_rooms_import_only_from_the_floors_below(package: str) -> None:
    floor = {room: number for number, rooms in enumerate(ROOMS[package]) for room in rooms}
    here = {path.stem for path in SOURCES[package].iterdir()} - {"__init__", "__main__", "__pycache__", "py"}
    assert here == set(floor), f"rooms without a floor, or floors without a room: {here ^ set(floor)}"
    upwards = [
        f"{module} imports {imported}"
        for module, imported in _arrows(SOURCES[package])
        if module.count(".") and imported.count(".") and _room(module) != _room(imported)
        if _room(module) in floor and floor[_room(imported)] <= floor[_room(module)]
    ]
    assert not upwards, "\n".join(upwards)


def test_nothing_imports_a_command_which_the_command_line_finds_by_entry_points() -> None:
    for package in ("asd_runtime", "asd_recipes"):
        project = tomllib.loads((SOURCES[package].parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        commands = {value.partition(":")[0] for value in project["entry-points"]["asd.commands"].values()}
        assert commands
        assert not [arrow for arrow in _arrows(SOURCES[package]) if arrow[1] in commands]


def test_a_package_past_twenty_files_has_rooms() -> None:
    for package, source in SOURCES.items():
        files = [path for path in source.glob("*.py") if path.stem not in ("__init__", "__main__")]
        assert len(files) <= 20 or package in ROOMS, f"{package} holds {len(files)} files in one folder"


def _best_of_five_s(*command: str) -> float:
    """Processor seconds, start of Python included: the wall time of a machine that has nothing else to do."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(5))


@pytest.mark.timed
@pytest.mark.parametrize("module", ["asd_eval", "asd_features"])
def test_a_light_package_is_imported_within_the_limit(module: str) -> None:
    assert _best_of_five_s("-c", f"import {module}") <= IMPORT_LIMIT_S


@pytest.mark.timed
def test_the_help_of_the_command_comes_within_the_limit() -> None:
    assert _best_of_five_s("-m", "asd_recipes", "--help") <= IMPORT_LIMIT_S
