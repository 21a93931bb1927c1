"""The differences that `asd data verify` finds, and the manifests that it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from asd_recipes.download import (
    ManifestError,
    verify_dataset,
)

if TYPE_CHECKING:
    from conftest import Caller


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        ("missing", lambda path: path.unlink()),
        ("missing", lambda path: (path.unlink(), path.symlink_to("/etc/hostname"))),
        ("missing", lambda path: (path.unlink(), path.mkdir())),
        ("wrong length", lambda path: path.write_bytes(path.read_bytes() + b"x")),
        ("changed", lambda path: path.write_bytes(bytes(path.stat().st_size))),
        ("not listed", lambda path: path.with_name("other.wav").write_bytes(b"")),
        ("not listed", lambda path: path.with_name("other").symlink_to("/etc")),
    ],
)
def test_verify_finds_each_kind_of_difference(
    download: Caller, zips: dict[str, bytes], kind: str, damage: Callable[[Path], object]
) -> None:
    download()
    done: list[int] = []
    sound = verify_dataset(download.root, advance=done.append)
    assert (sound.files, sound.problems, sum(done)) == (9, (), sound.bytes)
    path = sorted((download.root / "dev_data/raw/fan/train").iterdir())[1]
    damage(path)
    problems = verify_dataset(download.root).problems
    assert [problem.kind for problem in problems] == [kind]
    assert problems[0].file.startswith("dev_data/raw/fan/train/")


def archive_with(split: str = "dev", **files: list[Any]) -> dict[str, Any]:
    return {"split": split, "machine": "m", "size": 1, "md5": "", "md5_checked": True, "files": files}


BAD_ARCHIVES = [
    None,
    {},
    archive_with(**{"../x": [1, "0" * 64]}),
    archive_with(**{"/x": [1, "0" * 64]}),
    archive_with(x=[1, "0"]),
    archive_with(x=[-1, "0" * 64]),
    archive_with(x=1),  # type: ignore[arg-type]
    archive_with(".."),
]


BAD_MANIFESTS = ["", "[]", "{", '{"schema": 2}', '{"schema": 1}', "[" * 100_000] + [
    json.dumps({"schema": 1, "dataset": "x", "sources": {}, "archives": {"a": archive}}) for archive in BAD_ARCHIVES
]


@pytest.mark.parametrize("text", BAD_MANIFESTS, ids=range(len(BAD_MANIFESTS)))
def test_an_invalid_manifest_is_a_typed_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "download.json").write_text(text)
    with pytest.raises(ManifestError, match=r"download\.json"):
        verify_dataset(tmp_path)


def test_verify_of_a_folder_inside_names_the_right_one(download: Caller, zips: dict[str, bytes]) -> None:
    download()
    with pytest.raises(ManifestError, match=f"Did you mean {download.root}"):
        verify_dataset(download.root / "dev_data/raw")
