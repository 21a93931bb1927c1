"""Chooses the device, its precision and its number of threads; the choice is recorded with the run."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from asd_runtime.counted import counted


class DeviceError(ValueError):
    """The requested device is not available."""


@dataclass(frozen=True)
class Device:
    """The chosen device."""

    name: Literal["cpu", "cuda"]
    precision: Literal["float32", "bfloat16"]
    hardware: str  # name of the GPU, or number of threads

    @property
    def description(self) -> str:
        """The device in words, for the user and for the record of a run."""
        return f"{self.name} ({self.hardware}), {self.precision}"

    def as_json(self) -> dict[str, str]:
        """The device for the record of a training."""
        return {"name": self.name, "precision": self.precision, "description": self.description}

    @property
    def torch_device(self) -> torch.device:
        return torch.device(self.name)

    def autocast(self) -> torch.autocast:
        """The context in which the networks run: bfloat16 products if chosen, but always float32 sums."""
        return torch.autocast(self.name, dtype=torch.bfloat16, enabled=self.precision == "bfloat16")


def most_threads() -> int:
    """As many threads as the machine has cores, but at least eight.

    A recipe's number of threads decides the last bits of the scores, so a recipe from a larger machine should run too.
    """
    return max(8, os.cpu_count() or 1)


def threads_here(trained_with: int) -> int:
    """The threads of a training, or as many as this machine may use where those were more."""
    return min(trained_with, most_threads())


def choose_device(wanted: str, precision: str, *, threads: int) -> Device:
    """Resolves `auto`, and makes torch deterministic.

    Args:
        wanted: "auto", "cpu" or "cuda".
        precision: "auto", "float32" or "bfloat16"; auto takes bfloat16 if the processor multiplies it natively.
        threads: number of torch's threads on the processor.

    Raises:
        DeviceError: an unknown name, CUDA where there is none, or more threads than `most_threads`.
    """
    if wanted not in ("auto", "cpu", "cuda"):
        raise DeviceError(f"device must be auto, cpu or cuda; got {wanted!r}.")
    if threads > (most := most_threads()):  # torch would start them all, and may crash
        raise DeviceError(
            f"threads must be at most {most} on this machine with {counted(os.cpu_count() or 1, 'core')}; got "
            f"{threads}. Pass --set threads={os.cpu_count()}."
        )
    has_cuda = torch.cuda.is_available()
    if wanted == "cuda" and not has_cuda:
        raise DeviceError(
            "device cuda is not available to torch: install a CUDA build of torch (ASD_TORCH_INDEX) on a machine with "
            "a GPU, or pass --device cpu."
        )
    name: Literal["cpu", "cuda"] = "cuda" if wanted == "cuda" or (wanted == "auto" and has_cuda) else "cpu"
    torch.set_num_threads(threads)
    if name == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with this set
        torch.backends.cudnn.benchmark = False
    # Like use_deterministic_algorithms(True), which also imports torch's compiler and takes over a second; code that
    # compiles calls that itself.
    torch.set_deterministic_debug_mode("error")
    chosen: Literal["float32", "bfloat16"] = "float32"
    if precision == "bfloat16" or (precision == "auto" and _multiplies_bfloat16(name)):
        chosen = "bfloat16"
    hardware = torch.cuda.get_device_name() if name == "cuda" else f"{threads} threads"
    return Device(name, chosen, hardware)


def processor() -> list[str]:
    """What decides a processor's last bits: its model's name, and the instructions that torch takes on it."""
    name, facts = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8", errors="replace").splitlines() if facts.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return [models[0] if models else name, torch.backends.cpu.get_cpu_capability()]


def _multiplies_bfloat16(name: str) -> bool:
    if name == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
