"""Versions of Python and of the libraries that influence the bytes of a result."""

import importlib.metadata
import platform
from collections.abc import Sequence

_OURS = ("asd-native", "asd-features", "asd-models", "asd-inlier", "asd-eval", "asd-runtime", "asd-recipes")
TRAINING_LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn")
"""What others' code computes in a training; our own is known by `code_digest`, recordings by their samples."""
SCORING_LIBRARIES = (*TRAINING_LIBRARIES, "faiss-cpu", "faiss-gpu", "faiss-gpu-cu11", "faiss-gpu-cu12", "faiss-cuda")
"""What others' code computes in fitting and scoring."""


def library_versions(
    names: Sequence[str] = (*_OURS, *SCORING_LIBRARIES, "openvino", "soundfile", "soxr"),
) -> dict[str, str]:
    """Versions by name, Python's among them; a library that is not installed is missing."""
    versions = {name: _version(name) for name in names}
    return {**{name: version for name, version in versions.items() if version}, "python": platform.python_version()}


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
