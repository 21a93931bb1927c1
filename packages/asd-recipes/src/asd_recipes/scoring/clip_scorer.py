"""Scores of single recordings, with a system of a finished run or a model of one's own (`asd_recipes.bundle`).

A recording's score depends on that recording and the models alone: each model's score is standardised by its scores of
normal training clips, averaged over the networks of a domain-invariant system, and the mean over all models is the
anomaly score. Positive is more anomalous than the average normal training clip, in units of their standard deviation.

A segment's score is made in the same way. The recording's is their mean, of the machines with silent ends weighted by
power; and the segment that raises it most, by its weight times what it is above the recording's, says where to listen.
Where all weigh the same that is the segment with the highest score; silence that weighs nothing is never named.

A recording goes through in batches of segments, so that hours of sound need little more memory than a clip.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import asd_native
from asd_eval import ZScoreStandardiser, average_scores
from asd_inlier import clip_scores
from asd_recipes.recipe.settings import Recipe
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.network_scoring import FLOW, flow_of_bins, segment_weights
from asd_recipes.waveforms.one_recording import read_recording
from asd_recipes.waveforms.waveform_bank import Samples

if TYPE_CHECKING:
    from asd_recipes.scoring.inlier_candidates import InlierModel

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class RecordingScore:
    """Of one recording: its anomaly score, and where the segment begins and ends that raises it most."""

    score: float
    worst_start_s: float
    worst_end_s: float


@dataclass(frozen=True)
class NetworkScorer:
    """One trained network of a system and the models behind it."""

    recipe: Recipe
    machine: str
    embedder: ClipEmbedder
    models: "Mapping[str, asd_native.InlierModel | InlierModel]"
    standardisers: dict[str, ZScoreStandardiser]  # of each model, and of the flow if that is a detector

    def score_wave(
        self, wave: Samples, weights: Float64Array | None
    ) -> tuple[dict[str, float], dict[str, Float64Array]]:
        """The standardised score by each model: of the recording, and (S,) of its segments, which weigh (S,)."""
        parts = list(self._of_batches(wave))
        of_segments = {name: np.concatenate([part[name] for part in parts]) for name in self.standardisers}
        counts = np.array([len(next(iter(of_segments.values())))])
        scores = {name: clip_scores(of_segments[name], counts, weights) for name in self.models}
        if FLOW in self.standardisers:
            of_bins = of_segments[FLOW]
            of_bin = segment_weights(self.machine, [wave], self.recipe, bins=of_bins.shape[1])
            scores[FLOW] = clip_scores(of_bins.reshape(-1), counts * of_bins.shape[1], of_bin)
            of_segments[FLOW] = clip_scores(of_bins.reshape(-1), np.full(len(of_bins), of_bins.shape[1]), of_bin)
        standardise = {name: self.standardisers[name].transform for name in scores}
        return (
            {name: float(standardise[name](score)[0]) for name, score in scores.items()},
            {name: standardise[name](values) for name, values in of_segments.items()},
        )

    def _of_batches(self, wave: Samples) -> Iterator[dict[str, Float64Array]]:
        """By model, (S,) scores of a batch of segments; of the flow (S, bins)."""
        for batch in self.embedder.batches(wave):
            embedded = self.embedder.embed_cut([[batch]], lambda steps: None, score_maps=FLOW in self.standardisers)
            scores = {name: model.anomaly_score(embedded.vectors) for name, model in self.models.items()}
            yield scores | ({FLOW: flow_of_bins(embedded)} if FLOW in self.standardisers else {})


@dataclass(frozen=True)
class ClipScorer:
    """A system of one machine, ready to score recordings."""

    recipe: Recipe
    machine: str
    networks: list[NetworkScorer]
    synthetic: bool  # trained on synthetic data
    threshold: float | None = None  # a score above it is called anomalous; a run's systems have none here

    def score_file(self, path: Path) -> RecordingScore:
        """The anomaly score of a wav or flac file.

        Raises:
            AudioError: the file cannot be read as the recipe asks.
        """
        return self.score_wave(read_recording(path, self.recipe.audio))

    def score_wave(self, wave: Samples) -> RecordingScore:
        """The anomaly score of samples (T,) at the recipe's rate."""
        weights = segment_weights(self.machine, [wave], self.recipe)
        found = [network.score_wave(wave, weights) for network in self.networks]
        shared = [name for name in found[0][0] if all(name in scores for scores, _ in found)]
        of_models = [average_scores([[scores[name]] for scores, _ in found]) for name in shared]
        of_segments = average_scores([average_scores([segments[name] for _, segments in found]) for name in shared])
        cut, rate_hz = self.recipe.segments, self.recipe.audio.sample_rate_hz
        starts = asd_native.segment_starts(len(wave), segment_samples=cut.length_samples, hop_samples=cut.hop_samples)
        start = int(starts[_telling(of_segments, weights)])
        return RecordingScore(
            score=float(average_scores(of_models)[0]),
            worst_start_s=start / rate_hz,
            worst_end_s=min(start + cut.length_samples, len(wave)) / rate_hz,
        )


def _telling(of_segments: Float64Array, weights: Float64Array | None) -> int:
    """The segment that raises the recording's score most: by its weight times what it is above their weighted mean."""
    if weights is None:
        return int(np.argmax(of_segments))
    return int(np.argmax(weights * (of_segments - np.average(of_segments, weights=weights))))
