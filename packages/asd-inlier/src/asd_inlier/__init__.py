"""Inlier models on embeddings of normal sound, pseudo-target data and clip scores (Fujimura 2023, Secs. 2 and 3).

Importing the package imports nothing heavy: each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asd_inlier.clip_aggregation import clip_scores
    from asd_inlier.gaussian_mixture import GaussianMixtureInlier
    from asd_inlier.mahalanobis_knn import MahalanobisKNN
    from asd_inlier.model_file import ModelFileError, load_inlier_model, save_inlier_model
    from asd_inlier.pseudo_target import pseudo_target_segments
    from asd_inlier.search_backend import resolve_backend

__all__ = [
    "GaussianMixtureInlier",
    "MahalanobisKNN",
    "ModelFileError",
    "clip_scores",
    "load_inlier_model",
    "pseudo_target_segments",
    "resolve_backend",
    "save_inlier_model",
]

_HOME = {
    "GaussianMixtureInlier": "asd_inlier.gaussian_mixture",
    "MahalanobisKNN": "asd_inlier.mahalanobis_knn",
    "ModelFileError": "asd_inlier.model_file",
    "clip_scores": "asd_inlier.clip_aggregation",
    "load_inlier_model": "asd_inlier.model_file",
    "pseudo_target_segments": "asd_inlier.pseudo_target",
    "resolve_backend": "asd_inlier.search_backend",
    "save_inlier_model": "asd_inlier.model_file",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'asd_inlier' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
