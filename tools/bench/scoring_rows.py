"""Scoring one query without scikit-learn: asd_native.InlierModel beside asd-inlier's anomaly_score."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import measure
import numpy as np
from inlier_rows import embeddings
from measure import Row, median_s

from asd_inlier import GaussianMixtureInlier, MahalanobisKNN, save_inlier_model
from asd_native import InlierModel

MODELS = {
    "Mahalanobis KNN, {count} x 512, k = 32": MahalanobisKNN(neighbours=32),
    "GMM, 32 full components x 512": GaussianMixtureInlier(
        components=32, max_iter=3
    ),  # the time of scoring does not depend on the number of steps
}


def rows(threads: int) -> Iterator[Row]:
    """Both models at the paper's size, for one query and for the five segments of a clip."""
    training, clip = embeddings(1_000 if measure.quick else 5_000, 5)
    with tempfile.TemporaryDirectory() as folder:
        for name, model in MODELS.items():
            save_inlier_model(model.fit(training), Path(folder) / "model.safetensors")
            native = InlierModel(Path(folder) / "model.safetensors")
            for queries in (clip[:1], clip):
                ours_s = median_s(lambda n=native, q=queries: n.anomaly_score(q, threads=threads), runs=21)
                theirs_s = median_s(lambda m=model, q=queries: m.anomaly_score(q), runs=21)
                error = np.abs(native.anomaly_score(queries) / model.anomaly_score(queries) - 1).max()
                yield Row(
                    step=f"{name.format(count=len(training))}: score {len(queries)}, {threads} threads",
                    tool="asd-inlier, 1 thread",
                    ours_s=ours_s,
                    theirs_s=theirs_s,
                    error=f"max relative {error:.1e}",
                    threads=threads,
                )
