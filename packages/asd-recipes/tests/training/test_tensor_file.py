"""Weights are written whole, and a full disk gives an OSError that names the file."""

import errno
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from asd_recipes.training.tensor_file import save_tensors

TENSORS = {"b": torch.arange(12.0).reshape(3, 4).T, "a": torch.tensor(7)}


@pytest.fixture
def room_for_a_kilobyte() -> Iterator[None]:
    """Limits the size of this process's files, which looks like a full disk to a writer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_the_file_is_the_one_that_safetensors_itself_writes(tmp_path: Path) -> None:
    save_tensors(tmp_path / "ours", TENSORS, metadata={"facts": "1"})
    contiguous = {name: tensor.contiguous() for name, tensor in TENSORS.items()}
    save_file(contiguous, tmp_path / "theirs", metadata={"facts": "1"})
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    assert torch.equal(load_file(tmp_path / "ours")["b"], TENSORS["b"])


@pytest.mark.usefixtures("room_for_a_kilobyte")
def test_a_full_disk_is_an_error_that_names_the_file_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"weights\.safetensors") as caught:
        save_tensors(tmp_path / "weights.safetensors", {"w": torch.zeros(10_000)})
    assert caught.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []
