"""Which device computes, at which precision, with how many threads; what was chosen is recorded with the run."""

import os
from dataclasses import dataclass
from typing import Literal

import torch


class DeviceError(ValueError):
    """A device that was asked for and is not there."""


@dataclass(frozen=True)
class Device:
    """The chosen device."""

    name: Literal["cpu", "cuda"]
    precision: Literal["float32", "bfloat16"]
    hardware: str  # in words

    @property
    def description(self) -> str:
        """For the reader, and for the record of a run."""
        return f"{self.name} ({self.hardware}), {self.precision}"

    def as_json(self) -> dict[str, str]:
        """For the record of a training."""
        return {"name": self.name, "precision": self.precision, "description": self.description}

    @property
    def torch_device(self) -> torch.device:
        return torch.device(self.name)

    def autocast(self) -> torch.autocast:
        """The context in which the networks run: bfloat16 products where that was chosen, float32 sums always."""
        return torch.autocast(self.name, dtype=torch.bfloat16, enabled=self.precision == "bfloat16")


def most_threads() -> int:
    """As many as the machine has cores, and eight on a smaller one.

    A recipe's number of threads decides the last bits of the scores; so that of a larger machine should run here too.
    """
    return max(8, os.cpu_count() or 1)


def choose_device(wanted: str, precision: str, *, threads: int) -> Device:
    """Resolves `auto`, and makes torch deterministic.

    Args:
        wanted: "auto", "cpu" or "cuda".
        precision: "auto", "float32" or "bfloat16"; auto takes bfloat16 where the processor multiplies it natively.
        threads: threads of torch on the processor.

    Raises:
        DeviceError: CUDA was asked for and there is none, an unknown name, or more threads than a machine can use.
    """
    if wanted not in ("auto", "cpu", "cuda"):
        raise DeviceError(f"device must be auto, cpu or cuda; got {wanted!r}.")
    if threads > (most := most_threads()):  # torch starts as many as it is told, and may die of it
        raise DeviceError(
            f"threads must be at most {most} on this machine, which has {os.cpu_count()} cores; got {threads}. Pass "
            f"--set threads={os.cpu_count()}."
        )
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise DeviceError(
            "device cuda was asked for, but torch sees none: install a CUDA build of torch (ASD_TORCH_INDEX) on a "
            "machine with a GPU, or pass --device cpu."
        )
    name: Literal["cpu", "cuda"] = "cuda" if wanted == "cuda" or (wanted == "auto" and there) else "cpu"
    torch.set_num_threads(threads)
    if name == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with this set
        torch.backends.cudnn.benchmark = False
    # As use_deterministic_algorithms(True), which also imports torch's compiler, for over a second; whoever compiles
    # calls that.
    torch.set_deterministic_debug_mode("error")
    chosen: Literal["float32", "bfloat16"] = "float32"
    if precision == "bfloat16" or (precision == "auto" and _multiplies_bfloat16(name)):
        chosen = "bfloat16"
    hardware = torch.cuda.get_device_name() if name == "cuda" else f"{threads} threads"
    return Device(name, chosen, hardware)


def _multiplies_bfloat16(name: str) -> bool:
    if name == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
