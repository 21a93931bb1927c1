"""Who searches the nearest neighbours: FAISS, FAISS on a CUDA device, or NumPy; and where one cannot, why not."""

import importlib
import importlib.util
from typing import Literal

Backend = Literal["auto", "faiss", "faiss-gpu", "numpy"]
Search = Literal["faiss", "faiss-gpu", "numpy"]

BACKENDS: tuple[Backend, ...] = ("auto", "faiss", "faiss-gpu", "numpy")


def resolve_backend(backend: Backend) -> Search:
    """Who searches here: "auto" is FAISS on the processor if it is installed, else NumPy. Imports no scikit-learn.

    Raises:
        ValueError: if there is no such backend.
        ImportError: if FAISS is not installed, or for "faiss-gpu" is a build for processors alone.
        RuntimeError: if FAISS finds no CUDA device for "faiss-gpu".
    """
    if backend not in BACKENDS:
        names = ", ".join(map(repr, BACKENDS))
        raise ValueError(f"backend must be one of {names}; got {backend!r}.")
    if backend == "numpy":
        return "numpy"
    if importlib.util.find_spec("faiss") is None:
        if backend == "auto":
            return "numpy"
        package = backend if backend == "faiss-gpu" else "faiss-cpu"
        raise ImportError(
            f"backend={backend!r} needs FAISS, which is not installed. "
            f'Install it with `pip install {package}`, or use backend="numpy".'
        )
    if backend == "faiss-gpu":
        _require_device()
        return "faiss-gpu"
    return "faiss"


def _require_device() -> None:
    """Asks before the first search, because FAISS ends the whole process where there is no device."""
    faiss = importlib.import_module("faiss")
    if not hasattr(faiss, "StandardGpuResources"):
        raise ImportError(
            "backend='faiss-gpu' needs a FAISS that was built for GPUs; the one that is installed was not. Replace it "
            'with `pip uninstall faiss-cpu` and `pip install faiss-gpu`, or use backend="faiss".'
        )
    if faiss.get_num_gpus() == 0:
        raise RuntimeError(
            "backend='faiss-gpu' needs a CUDA device, and FAISS finds none: there is no GPU, its driver is missing or "
            'too old, or CUDA_VISIBLE_DEVICES hides it. Use backend="faiss" to search on the processor.'
        )
