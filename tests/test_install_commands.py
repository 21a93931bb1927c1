"""Each README has the command that installs its package from a checkout, with all that it needs of ours."""

import importlib
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = [ROOT / "native", *sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))]
Folders = Callable[[Path], list[Path]]


def _project(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _ours(folder: Path) -> set[str]:
    """Our distributions that a package requires."""
    return {found[0] for word in _project(folder)["dependencies"] if (found := re.match(r"asd-\w+", word))}


@pytest.fixture
def installed_folders(monkeypatch: pytest.MonkeyPatch) -> Folders:
    """A function from a package's folder to the folders that its README's command installs."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    command = importlib.import_module("install_alone").install_command
    return lambda folder: [(ROOT / word).resolve() for word in command(folder)[2:]]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_readmes_command_installs_the_package_and_what_it_needs_of_ours(
    folder: Path, installed_folders: Folders
) -> None:
    named = installed_folders(folder)
    assert folder in named
    names = {_project(other)["name"] for other in named}
    missing = {need for other in named for need in _ours(other)} - names
    assert not missing, "nothing of ours is on a package index"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_package_forces_a_build_of_faiss_beside_the_one_that_is_there(folder: Path) -> None:
    """faiss-cpu and faiss-gpu bring the same module: an extra names the one that is wanted."""
    assert not [word for word in _project(folder)["dependencies"] if "faiss" in word]


@pytest.mark.parametrize(
    "text", ["", "## Install\n\n```sh\npip install asd-eval\n```\n", "```sh\npip install .\n```\n"]
)
def test_a_readme_without_a_command_that_works_from_a_checkout_is_refused(
    text: str, tmp_path: Path, installed_folders: Folders
) -> None:
    (tmp_path / "README.md").write_text(text)
    with pytest.raises(ValueError, match="README"):
        installed_folders(tmp_path)
