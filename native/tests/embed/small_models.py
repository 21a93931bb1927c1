"""Small models as `asd fit` writes them (docs/model_format.md), fitted on random numbers in a moment."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from asd_features import HighPassSettings, LogMelSettings, SegmentSettings
from asd_inlier import GaussianMixtureInlier, MahalanobisKNN, save_inlier_model

EMBEDDING = 512
STRETCH_S = 4.0


@dataclass(frozen=True)
class SmallModel:
    """What a model is made of.

    Attributes:
        networks: the scores of each network.
        weights: of the detectors.
    """

    networks: tuple[tuple[str, ...], ...] = (("knn-1-source", "gmm-1-source"),)
    standardise: Literal["machine", "clip", "segment"] = "segment"
    high_pass: HighPassSettings | None = None
    weights: tuple[float, float] = (1.0, 0.0)
    statistics: tuple[str, ...] = ("mean", "std", "difference")
    threshold: float = 0.5
    rate_hz: int = 16000

    @property
    def segments(self) -> SegmentSettings:
        return SegmentSettings(sample_rate_hz=self.rate_hz, length_s=1.0, overlap=0.75)

    @property
    def log_mel(self) -> LogMelSettings:
        return LogMelSettings(sample_rate_hz=self.rate_hz, window_s=1024 / self.rate_hz, hop_s=0.008, bands=40)

    @property
    def frames(self) -> int:
        return self.log_mel.frames(self.segments.length_samples)

    def write(self, folder: Path, networks: Sequence[bytes] = ()) -> Path:
        """Makes the folder; the networks' files hold these bytes, or a line with their number."""
        generator = np.random.default_rng(5)
        files: dict[str, bytes] = {}
        facts, detectors = [], {}
        for number, names in enumerate(self.networks):
            files[f"networks/{number}.onnx"] = networks[number] if networks else f"network {number}".encode()
            facts.append({"attribute": None, "flow": "flow" in names, "scores": dict.fromkeys(names, scale(2.5, 0.75))})
            for name in set(names) - {"flow"}:
                files[f"inlier/{number}/{name}.safetensors"] = inlier_model(folder, name, generator)
        if self.networks:
            detectors["oe"] = detector(self.weights[0], ())
        hops = int(STRETCH_S * self.rate_hz) // self.segments.hop_samples
        if self.weights[1] > 0:
            vectors = generator.normal(-20, 4, (40, len(self.statistics) * self.log_mel.bands))
            model = MahalanobisKNN(1, standardise=True, local_density=3).fit(vectors)
            files["spectral.safetensors"] = saved(folder, model)
            shorter = [scale(9.0 - hop / 4, 3.0 / hop) for hop in range(1, hops)]
            detectors["spectral"] = detector(self.weights[1], shorter)
        content = self.manifest(facts, detectors)
        content["files"] = {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
        }
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        write_manifest(folder, content)
        return folder

    def manifest(self, networks: list[Any], detectors: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "format": "asd-model", "schema": 3, "machine": "pump \u00e9",
            "system": "oe-flow" if networks else "spectral", "synthetic": True, "precision": "float32",
            "front_end": {
                "audio": {"sample_rate_hz": self.rate_hz, "channel": "mean", "resample": True},
                "segments": asdict(self.segments), "log_mel": asdict(self.log_mel), "standardise": self.standardise,
                "level": scale(0.001, 0.1), "high_pass": self.high_pass and asdict(self.high_pass),
            },
            "networks": networks,
            "spectral": {"statistics": self.statistics, "rank_decay": 0.9} if self.weights[1] > 0 else None,
            "joined": {
                "detectors": detectors, **scale(0.1, 1.25), "probed_pieces": len(detectors) - 1, "probes": [],
            },
            "threshold": {
                "value": self.threshold, "stretch_s": STRETCH_S, "rule": "largest", "false_alarms": 0.05,
                "smallest": self.threshold - 2, "median": self.threshold - 1, "largest": self.threshold,
            },
            "training": {
                "recordings": 5, "seconds": 60.0, "left_out": 0, "pieces": 12, "held_out_pieces": 3, "held_out": "time",
                "held_out_recordings": 3, "pseudo_anomalies": [], "synthetic_pseudo_anomalies": True, "attributes": [],
                "pseudo_anomaly_auc": None, "data_sha256": "0" * 64,
            },
            "device": "cpu", "versions": {"asd": "0.1.0"}, "recipe": {"seed": 0}, "exported": None,
        }  # fmt: skip


def scale(mean: float, std: float) -> dict[str, float]:
    return {"mean": mean, "std": std}


def detector(weight: float, shorter: Any) -> dict[str, Any]:
    return {"weight": weight, "sensitivity": 1.0, **scale(0.2, 1.5), "shorter": shorter}


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """With its hash, as Python's runtime writes it."""
    content = {name: value for name, value in content.items() if name != "manifest_sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    content["manifest_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def inlier_model(folder: Path, name: str, generator: np.random.Generator) -> bytes:
    kind, size, _ = name.split("-", 2)
    vectors = generator.normal(0, 1, (30, EMBEDDING)).astype(np.float32)
    model = MahalanobisKNN(int(size)) if kind == "knn" else GaussianMixtureInlier(int(size), random_state=0)
    return saved(folder, model.fit(vectors))


def saved(folder: Path, model: Any) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    save_inlier_model(model, folder / "fitted")
    data = (folder / "fitted").read_bytes()
    (folder / "fitted").unlink()
    return data
