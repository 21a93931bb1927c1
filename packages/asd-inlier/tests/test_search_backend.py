"""Search on a GPU: asked for by name, refused with the reason where it is not there, and never replaced silently.

No device is needed: a stand-in for FAISS's module is asked what FAISS would be asked.
"""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from asd_inlier import MahalanobisKNN, load_inlier_model, resolve_backend, save_inlier_model


class StandInFaiss(ModuleType):
    """FAISS as built for GPUs. Without a device FAISS ends the process, so nothing but the count may be asked then."""

    def __init__(self, devices: int) -> None:
        super().__init__("faiss")
        self.__spec__ = ModuleSpec("faiss", None)
        self.devices = devices
        self.asked: list[tuple[int, ...]] = []

    def get_num_gpus(self) -> int:
        return self.devices

    def StandardGpuResources(self) -> str:  # noqa: N802  # FAISS's name
        assert self.devices, "FAISS would end the process"
        return "resources"

    def knn_gpu(self, resources: str, queries: Any, vectors: Any, count: int) -> tuple[Any, Any]:
        assert (resources, queries.dtype, vectors.dtype) == ("resources", np.float32, np.float32)
        assert queries.flags.c_contiguous
        assert vectors.flags.c_contiguous
        self.asked.append((len(queries), len(vectors), count))
        squared = ((queries[:, None].astype(np.float64) - vectors) ** 2).sum(axis=2)
        indices = np.argsort(squared, axis=1)[:, :count]
        return np.take_along_axis(squared, indices, axis=1), indices


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> StandInFaiss:
    """FAISS with one device."""
    module = StandInFaiss(devices=1)
    monkeypatch.setitem(sys.modules, "faiss", module)
    return module


def _embeddings(count: int, seed: int) -> Any:
    return np.random.default_rng(seed).standard_normal((count, 6))


def test_a_search_on_the_gpu_gives_the_scores_of_the_processor(gpu: StandInFaiss, tolerances: Any) -> None:
    training, queries = _embeddings(50, 1), _embeddings(9, 2)
    model = MahalanobisKNN(3, "faiss-gpu").fit(training)
    assert model.backend_ == "faiss-gpu"
    scores = model.anomaly_score(queries)
    assert gpu.asked == [(9, 50, 3 + 8)], "a few spare candidates are measured"
    expected = MahalanobisKNN(3, "numpy").fit(training).anomaly_score(queries)
    np.testing.assert_allclose(scores, expected, rtol=tolerances.backend)


def test_the_backend_may_be_changed_after_the_fit(gpu: StandInFaiss) -> None:
    model = MahalanobisKNN(1, "numpy").fit(_embeddings(20, 1))
    model.anomaly_score(_embeddings(2, 2))
    assert not gpu.asked
    model.set_params(backend="faiss-gpu").anomaly_score(_embeddings(2, 2))
    assert len(gpu.asked) == 1


def test_auto_stays_on_the_processor(gpu: StandInFaiss) -> None:
    assert resolve_backend("auto") == "faiss"


def _none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)


def _for_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("faiss")
    module.__spec__ = ModuleSpec("faiss", None)
    monkeypatch.setitem(sys.modules, "faiss", module)


def _without_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", StandInFaiss(devices=0))


REFUSALS = [
    (_none, ImportError, r"'faiss-gpu' needs FAISS, which is not installed. Install it with `pip install faiss-gpu`"),
    (_for_processors, ImportError, r"built for GPUs; the one that is installed was not. .*pip install faiss-gpu"),
    (_without_device, RuntimeError, r"needs a CUDA device, and FAISS finds none: .* backend=.faiss. to search on"),
]


@pytest.mark.parametrize(("place", "kind", "reason"), REFUSALS)
def test_where_it_cannot_search_it_says_why_before_it_fits_or_scores(
    place: Any, kind: type[Exception], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = MahalanobisKNN(1, "numpy").fit(_embeddings(20, 1))
    place(monkeypatch)
    with pytest.raises(kind, match=reason):
        MahalanobisKNN(1, "faiss-gpu").fit(_embeddings(20, 1))
    with pytest.raises(kind, match=reason):
        fitted.set_params(backend="faiss-gpu").anomaly_score(_embeddings(2, 2))


def test_what_faiss_cannot_do_on_a_gpu_is_refused(gpu: StandInFaiss) -> None:
    with pytest.raises(ValueError, match=r"cannot weigh distances; got local_density=2. Use backend='auto'"):
        MahalanobisKNN(1, "faiss-gpu", local_density=2).fit(_embeddings(20, 1))
    model = MahalanobisKNN(2100, "faiss-gpu").fit(_embeddings(2200, 1))
    with pytest.raises(ValueError, match=r"neighbours must be at most 2040 .*; got 2100"):
        model.anomaly_score(_embeddings(2, 2))
    assert not gpu.asked


def test_a_saved_model_is_not_bound_to_the_machine_that_fitted_it(
    gpu: StandInFaiss, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = MahalanobisKNN(2, "faiss-gpu").fit(_embeddings(20, 1))
    save_inlier_model(fitted, tmp_path / "gpu")
    save_inlier_model(MahalanobisKNN(2).fit(_embeddings(20, 1)), tmp_path / "auto")
    assert (tmp_path / "gpu").read_bytes() == (tmp_path / "auto").read_bytes()
    monkeypatch.undo()
    assert load_inlier_model(tmp_path / "gpu").anomaly_score(_embeddings(2, 2)).shape == (2,)
