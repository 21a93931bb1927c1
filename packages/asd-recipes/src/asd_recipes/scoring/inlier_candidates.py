"""The thirty inlier models of the paper: GMM and KNN, five sizes each, on three kinds of training data (Sec. 4.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from asd_recipes.recipe.seeding import derive_seed
from asd_recipes.recipe.settings import InlierModels, RecipeError

if TYPE_CHECKING:
    from asd_inlier import GaussianMixtureInlier, MahalanobisKNN
    from asd_inlier.search_backend import Backend

    InlierModel: TypeAlias = GaussianMixtureInlier | MahalanobisKNN


@dataclass(frozen=True)
class Candidate:
    """One inlier model of the grid."""

    kind: Literal["gmm", "knn"]
    size: int  # components or neighbours
    training_data: str

    @property
    def name(self) -> str:
        """A column and file name, such as `knn-4-pseudo-target`."""
        return f"{self.kind}-{self.size}-{self.training_data}"

    @property
    def least_vectors(self) -> int:
        """The least number of vectors that it can be fitted on."""
        return max(2, self.size)

    def build(self, *, seed: int, search: "Backend") -> "InlierModel":
        """The model, not yet fitted."""
        from asd_inlier import (
            GaussianMixtureInlier,
            MahalanobisKNN,
        )  # imports scikit-learn, which scoring does not need

        if self.kind == "knn":
            return MahalanobisKNN(neighbours=self.size, backend=search)
        random_state = derive_seed(seed, "gmm", self.name) % 2**31
        return GaussianMixtureInlier(components=self.size, random_state=random_state)


def check_search(settings: InlierModels) -> None:
    """Checks before any training that the nearest neighbours can be searched here as asked.

    Raises:
        RecipeError: FAISS is not installed, or not for GPUs, or finds none.
    """
    from asd_inlier import resolve_backend

    try:
        resolve_backend(settings.search)
    except (ImportError, RuntimeError) as error:
        reason = re.sub(r'backend="(\S+)"', r"--set inlier.search=\1", str(error))
        raise RecipeError(f"inlier.search={settings.search}: {reason}") from error


def candidates(settings: InlierModels) -> list[Candidate]:
    """The grid in a fixed order."""
    grid = []
    for data in settings.training_data:
        grid += [Candidate("gmm", size, data) for size in settings.components]
        grid += [Candidate("knn", size, data) for size in settings.neighbours]
    return grid


def fitting_candidates(settings: InlierModels, *, source: int, target: int) -> list[Candidate]:
    """The models for which a number of vectors of each domain is enough; pseudo-target data need both domains."""
    vectors = {"source": source, "pseudo-target": source if target else 0, "source+target": source + target}
    return [
        candidate for candidate in candidates(settings) if vectors[candidate.training_data] >= candidate.least_vectors
    ]


def fit_candidate(
    candidate: Candidate, embeddings: Mapping[str, NDArray[np.float32]], *, seed: int, search: "Backend" = "auto"
) -> "InlierModel | None":
    """The fitted model, or None if it needs more vectors than there are.

    Args:
        candidate: a model of the grid.
        embeddings: (N, 512) for each kind of training data.
        seed: for this run and machine.
        search: who searches the nearest neighbours.
    """
    vectors = embeddings[candidate.training_data]
    if len(vectors) < candidate.least_vectors:
        return None
    return candidate.build(seed=seed, search=search).fit(vectors)
