"""Plain detectors for testing the synthetic data set, written to be read (only NumPy and SciPy)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.stats import rankdata

from asd_recipes.synth.clip_plan import DatasetSize, PlannedClip, plan_machine
from asd_recipes.synth.machines import MODELS
from asd_recipes.synth.recording import record

WINDOW, HOP, BANDS = 1024, 512, 64
Array = NDArray[np.float64]


def _mel_filters() -> NDArray[np.float32]:
    top = 2595.0 * np.log10(1.0 + 8000.0 / 700.0)
    edges = 700.0 * (10.0 ** (np.linspace(0.0, top, BANDS + 2) / 2595.0) - 1.0)
    hz = np.arange(WINDOW // 2 + 1) * 16000.0 / WINDOW
    rise = (hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hz) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0.0, np.minimum(rise, fall)).astype(np.float32)


_FILTERS = _mel_filters()
_HANN = np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@dataclass(frozen=True)
class Scores:
    """Anomaly scores of all detectors for all clips of one machine; masks over the same clips."""

    clips: tuple[PlannedClip, ...]
    by_detector: dict[str, Array]
    train: NDArray[np.bool_]
    anomalous: NDArray[np.bool_]
    target: NDArray[np.bool_]

    def auc(self, detector: str, *, domain: str | None = None, convention: str = "within-domain") -> float:
        """AUC over all test clips or one domain; official: a domain's normal clips against all anomalous ones."""
        scores = self.by_detector[detector]
        here = np.ones_like(self.train) if domain is None else self.target == (domain == "target")
        normal = scores[~self.train & ~self.anomalous & here]
        faulty = scores[~self.train & self.anomalous & (here | (convention == "official"))]
        ranks = rankdata(np.concatenate([normal, faulty]))[len(normal) :]
        return float((ranks.sum() - len(faulty) * (len(faulty) + 1) / 2) / (len(normal) * len(faulty)))


def score_machine(machine: str, size: DatasetSize, seed: int) -> Scores:
    """Makes the clips in memory and scores them with every detector."""
    clips = plan_machine(machine, size, seed)
    train = np.array([clip.split == "train" for clip in clips])
    levels, centroids, amplitude_centroids, log_mels = [], [], [], []
    for clip in clips:
        wave = record(MODELS[machine], clip.condition(seed)).astype(np.float32) / np.float32(32768.0)
        spectrum = np.abs(scipy.fft.rfft(np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[::HOP] * _HANN))
        power = spectrum**2
        hz = np.arange(WINDOW // 2 + 1) * 16000.0 / WINDOW
        levels.append(10.0 * np.log10(np.mean(wave**2)))
        centroids.append((hz * power.mean(0)).sum() / power.mean(0).sum())
        amplitude_centroids.append((hz * spectrum.mean(0)).sum() / spectrum.mean(0).sum())
        log_mels.append(10.0 * np.log10(np.maximum(power @ _FILTERS.T, 1e-14)))
    by_detector: dict[str, Array] = {}
    for name, values in (("level", levels), ("centroid", centroids), ("amplitude centroid", amplitude_centroids)):
        column = np.array(values, dtype=np.float64)
        by_detector[name] = column
        by_detector[f"{name} off mean"] = np.abs(column - column[train].mean())
    by_detector["log-mel distance"] = _log_mel_distance(log_mels, train)
    by_detector["autoencoder"] = _linear_autoencoder(log_mels, train)
    by_detector["neighbour"] = _nearest_neighbour(log_mels, train)
    anomalous = np.array([clip.label == "anomaly" for clip in clips])
    target = np.array([clip.domain == "target" for clip in clips])
    return Scores(clips, by_detector, train, anomalous, target)


def _log_mel_distance(log_mels: list[Array], train: NDArray[np.bool_]) -> Array:
    """Mean squared distance of a clip's frames to the training frames' mean, in their standard deviations."""
    frames = np.concatenate([one for one, used in zip(log_mels, train, strict=True) if used])
    mean, std = frames.mean(0), frames.std(0)
    return np.array([np.mean(((one - mean) / std) ** 2) for one in log_mels])


def _linear_autoencoder(log_mels: list[Array], train: NDArray[np.bool_], *, bottleneck: int = 8) -> Array:
    """Reconstruction error of five frames through the best linear bottleneck, as the official autoencoder's input."""

    def stacked(one: Array, step: int) -> Array:
        return np.lib.stride_tricks.sliding_window_view(one, 5, axis=0).reshape(-1, 5 * BANDS)[::step]

    frames = np.concatenate([stacked(one, 5) for one, used in zip(log_mels, train, strict=True) if used])
    mean = frames.mean(0)
    axes = np.linalg.eigh(np.cov((frames - mean).T))[1][:, -bottleneck:]
    errors = []
    for one in log_mels:
        rest = stacked(one, 2) - mean
        rest = rest - (rest @ axes) @ axes.T
        errors.append(np.mean(rest**2))
    return np.array(errors)


def _nearest_neighbour(log_mels: list[Array], train: NDArray[np.bool_]) -> Array:
    """Distance of a clip's band means and deviations to those of the nearest training clip, standardised."""
    features = np.array([np.concatenate([one.mean(0), one.std(0)]) for one in log_mels])
    features = (features - features[train].mean(0)) / (features[train].std(0) + 1e-3)
    squared = ((features[:, None] - features[None, train]) ** 2).mean(2)
    squared[train, np.arange(np.count_nonzero(train))] = np.inf  # a training clip is not its own neighbour
    distance: Array = np.sqrt(squared.min(1))
    return distance
