"""Scores of single recordings, with a system of a finished run or a model of one's own (`asd_recipes.bundle`).

A recording's score depends on that recording and the models alone: each model's score is standardised by its scores of
normal training clips, averaged over the networks of a domain-invariant system, and the mean over all models is the
anomaly score. Positive is more anomalous than the average normal training clip, in units of their standard deviation.

A segment's score is made in the same way. The score of a recording, and of each of its stretches (`stretches`), is the
mean over its segments, weighted by power for the machines with silent ends. The segment that raises a stretch's score
most, by its weight times what it is above that score, says where to listen; where all weigh the same that is the one
with the highest score. A gap, in which all samples are equal, does not count if it fills a segment.

A recording goes through the network once, in batches of segments, so that hours of sound need little more memory than a
clip.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import asd_native
from asd_eval import ScoreEnsemble, average_by_model, average_scores
from asd_inlier import clip_scores
from asd_recipes.progress import Advance
from asd_recipes.recipe.settings import Recipe
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.segment_means import FLOW, flow_of_bins, mean_over_bins, segment_weights
from asd_recipes.scoring.stretches import Cut, RecordingScore, Stretch, cut_recording, stretch_segments
from asd_recipes.waveforms.one_recording import read_recording
from asd_recipes.waveforms.waveform_bank import Samples

if TYPE_CHECKING:
    from asd_recipes.scoring.inlier_candidates import InlierModel

Float64Array = NDArray[np.float64]
Tell = Callable[[float], object]
"""Told which share of the work is done, from 0 to 1."""


class NoSoundError(ValueError):
    """Samples that are all equal, of which a score would say nothing."""


def _quiet(share: float) -> None:
    pass


@dataclass(frozen=True)
class NetworkScorer:
    """One trained network of a system and the models behind it."""

    recipe: Recipe
    machine: str
    embedder: ClipEmbedder
    models: "Mapping[str, asd_native.InlierModel | InlierModel]"
    ensemble: ScoreEnsemble  # the scale of each model, and of the flow if that is a detector

    def score_wave(
        self, wave: Samples, weights: Float64Array | None, groups: Sequence[Sequence[int]], advance: Advance
    ) -> tuple[dict[str, Float64Array], dict[str, Float64Array]]:
        """The standardised score by each model: (G,) of groups of segments, and (S,) of segments, which weigh (S,)."""
        parts = list(self._of_batches(wave, advance))
        of_segments = {name: np.concatenate([part[name] for part in parts]) for name in self.ensemble.standardisers}
        chosen, counts = np.concatenate([np.asarray(group) for group in groups]), np.array(list(map(len, groups)))
        of_chosen = None if weights is None else weights[chosen]
        scores = {name: clip_scores(of_segments[name][chosen], counts, of_chosen) for name in self.models}
        if FLOW in self.ensemble.standardisers:
            of_bins = of_segments[FLOW]
            of_bin = segment_weights(self.machine, [wave], self.recipe, bins=of_bins.shape[1])
            of_bin_chosen = None if of_bin is None else of_bin.reshape(of_bins.shape)[chosen].reshape(-1)
            scores[FLOW] = mean_over_bins(of_bins[chosen], counts, of_bin_chosen)
            of_segments[FLOW] = mean_over_bins(of_bins, np.ones(len(of_bins), np.int64), of_bin)
        return self.ensemble.standardise(scores), self.ensemble.standardise(of_segments)

    def _of_batches(self, wave: Samples, advance: Advance) -> Iterator[dict[str, Float64Array]]:
        """By model, (S,) scores of a batch of segments; of the flow (S, bins)."""
        for batch in self.embedder.batches(wave):
            embedded = self.embedder.embed_cut(
                [[batch]], lambda steps: None, score_maps=FLOW in self.ensemble.standardisers
            )
            scores = {name: model.anomaly_score(embedded.vectors) for name, model in self.models.items()}
            advance(len(batch))
            yield scores | ({FLOW: flow_of_bins(embedded)} if FLOW in self.ensemble.standardisers else {})


@dataclass(frozen=True)
class ClipScorer:
    """A system of one machine, ready to score recordings.

    Attributes:
        synthetic: whether it was trained on synthetic data.
        stretch_s: length of the stretches that it judges.
        threshold: a stretch that scores above it is called anomalous; a run's systems have none here.
    """

    recipe: Recipe
    machine: str
    networks: list[NetworkScorer]
    synthetic: bool
    stretch_s: float
    threshold: float | None = None

    def score_file(self, path: Path, *, tell: Tell = _quiet) -> RecordingScore:
        """The anomaly score of a wav or flac file.

        Args:
            path: the file.
            tell: told which share of the work is done, up to 1.

        Raises:
            AudioError: the file cannot be read as the recipe asks.
            NoSoundError: all samples of it are equal.
        """
        return self.score_wave(read_recording(path, self.recipe.audio), tell=tell)

    def score_wave(self, wave: Samples, *, tell: Tell = _quiet) -> RecordingScore:
        """The anomaly score of samples (T,) at the recipe's rate.

        Raises:
            NoSoundError: all samples are equal.
        """
        cut = cut_recording(wave, self.recipe.segments)
        if not cut.audible.any():
            raise NoSoundError("all samples are equal")
        stretches = stretch_segments(len(cut.starts), self.recipe.segments, stretch_s=self.stretch_s)
        heard = [[int(segment) for segment in stretch if cut.audible[segment]] for stretch in stretches]
        groups = [np.flatnonzero(cut.audible).tolist(), *filter(None, heard)]
        weights = segment_weights(self.machine, [wave], self.recipe)
        advance = _shares(len(cut.starts) * len(self.networks), tell)
        found = [network.score_wave(wave, weights, groups, advance) for network in self.networks]
        scores, of_segments = (_average([of_network[kind] for of_network in found]) for kind in (0, 1))
        of_stretches = iter(scores[1:].tolist())
        return RecordingScore(
            score=float(scores[0]),
            stretches=tuple(
                _stretch(cut, stretch, audible, next(of_stretches) if audible else None, of_segments, weights)
                for stretch, audible in zip(stretches, heard, strict=True)
            ),
        )


def _average(of_networks: Sequence[Mapping[str, Float64Array]]) -> Float64Array:
    """Over the networks of a system, then over the models that all of them have."""
    return average_scores(list(average_by_model(of_networks).values()))


def _stretch(
    cut: Cut,
    segments: Sequence[int],
    audible: Sequence[int],
    score: float | None,
    of_segments: Float64Array,
    weights: Float64Array | None,
) -> Stretch:
    telling = segments
    if audible:
        place = _telling(of_segments[audible], None if weights is None else weights[audible])
        telling = audible[place : place + 1]
    return Stretch(*cut.seconds(segments), score, *cut.seconds(telling))


def _telling(of_segments: Float64Array, weights: Float64Array | None) -> int:
    """The segment that raises the score most: by its weight times what it is above the weighted mean of all."""
    if weights is None or not weights.any():
        return int(np.argmax(of_segments))
    return int(np.argmax(weights * (of_segments - np.average(of_segments, weights=weights))))


def _shares(steps: int, tell: Tell) -> Advance:
    """Tells of steps as the share of all that is done."""
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        tell(done / steps)

    return advance
