"""Writes tensors to one safetensors file, whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save

from asd_runtime.whole_file import write_bytes


def save_tensors(path: Path, tensors: Mapping[str, torch.Tensor], *, metadata: dict[str, str] | None = None) -> None:
    """Writes tensors from any device.

    Raises:
        OSError: for example on a full disk; safetensors' own writer raises another error that does not say why.
    """
    write_bytes(path, save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata))
