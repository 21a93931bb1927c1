"""Scores single recordings with a system of a finished run or a model of one's own (`asd_recipes.bundle`).

A recording's score depends only on the recording and the models. Each model's score is standardised by its scores of
held-out normal clips and averaged over the networks of a domain-invariant system. The anomaly score is the mean over
all models: 0 is an average held-out normal clip, 1 is one standard deviation more anomalous.

Segments are scored in the same way. The score of a recording, and of each of its stretches (`stretches`), is the mean
over its segments, weighted by power for machines with silent ends. The segment that raises a stretch's score most says
where to listen: its weight times its difference from that score is the largest. With equal weights it is the segment
with the highest score. A segment that touches a gap (`gaps`) counts in no score.

A model of `asd fit` may have a second detector, spectral statistics (`spectral_scorer`); then the score of a stretch is
that of both, joined with weights (`asd_recipes.probes.joined_score`), and so are the scores that say where to listen.

A recording goes through the network once, in batches of segments, so that hours of sound need little more memory than a
clip.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import asd_native
from asd_eval import ScoreEnsemble, average_by_model, average_scores
from asd_inlier import clip_scores
from asd_recipes.probes.joined_score import OE, SPECTRAL, Joined
from asd_recipes.progress import Advance
from asd_recipes.recipe.settings import Recipe
from asd_recipes.scoring.embedding import ClipEmbedder
from asd_recipes.scoring.scored_level import NoSoundError, refuse_silence
from asd_recipes.scoring.segment_means import FLOW, mean_over_bins, scores_of_bins, segment_weights
from asd_recipes.scoring.spectral_scorer import SpectralScorer
from asd_recipes.scoring.stretches import Cut, RecordingScore, Stretch, cut_recording, stretch_segments
from asd_recipes.scoring.unscorable import UnscorableError
from asd_recipes.waveforms.one_recording import read_recording
from asd_recipes.waveforms.waveform_bank import Samples

if TYPE_CHECKING:
    from asd_recipes.scoring.inlier_candidates import InlierModel

Float64Array = NDArray[np.float64]
Tell = Callable[[float], object]
"""Called with the share of the work that is done, from 0 to 1."""


def _quiet(share: float) -> None:
    pass


@dataclass(frozen=True)
class NetworkScorer:
    """One trained network of a system, and the inlier models on its embeddings."""

    recipe: Recipe
    machine: str
    embedder: ClipEmbedder
    models: "Mapping[str, asd_native.InlierModel | InlierModel]"
    ensemble: ScoreEnsemble  # the scale of each model, and of the flow if the system scores with it

    def score_wave(
        self, wave: Samples, weights: Float64Array | None, groups: Sequence[Sequence[int]], advance: Advance
    ) -> tuple[dict[str, Float64Array], dict[str, Float64Array]]:
        """Standardised scores by each model: (G,) of groups of segments, and (S,) of segments, with weights (S,)."""
        parts = list(self._batch_scores(wave, advance))
        segment_scores = {name: np.concatenate([part[name] for part in parts]) for name in self.ensemble.standardisers}
        chosen, counts = np.concatenate([np.asarray(group) for group in groups]), np.array(list(map(len, groups)))
        chosen_weights = None if weights is None else weights[chosen]
        scores = {name: clip_scores(segment_scores[name][chosen], counts, chosen_weights) for name in self.models}
        if FLOW in self.ensemble.standardisers:
            bin_scores = segment_scores[FLOW]
            bin_weights = segment_weights(self.machine, [wave], self.recipe, bins=bin_scores.shape[1])
            chosen_bins = None if bin_weights is None else bin_weights.reshape(bin_scores.shape)[chosen].reshape(-1)
            scores[FLOW] = mean_over_bins(bin_scores[chosen], counts, chosen_bins)
            segment_scores[FLOW] = mean_over_bins(bin_scores, np.ones(len(bin_scores), np.int64), bin_weights)
        return self.ensemble.standardise(scores), self.ensemble.standardise(segment_scores)

    def _batch_scores(self, wave: Samples, advance: Advance) -> Iterator[dict[str, Float64Array]]:
        """Batches of segments: (S,) scores by model, (S, bins) for the flow."""
        for batch in self.embedder.batches(wave):
            embedded = self.embedder.embed_cut(
                [[batch]], lambda steps: None, score_maps=FLOW in self.ensemble.standardisers
            )
            scores = {name: model.anomaly_score(embedded.vectors) for name, model in self.models.items()}
            advance(len(batch))
            yield scores | ({} if embedded.score_maps is None else {FLOW: scores_of_bins(embedded.score_maps)})


@dataclass(frozen=True)
class _Scored:
    """Scores (G,) of groups of segments: all of a recording, then each stretch; and those of each group's segments."""

    groups: Float64Array
    segments: list[Float64Array]


@dataclass(frozen=True)
class ClipScorer:
    """A system of one machine, ready to score recordings.

    Attributes:
        networks: those of the system; none if a model has the spectral statistics alone.
        synthetic: whether it was trained on synthetic data.
        stretch_s: length of the stretches that it scores.
        threshold: a stretch that scores above it is called anomalous; None for a system of a run.
        spectral: the second detector, if a model has it.
        joined: how the detectors' scores become one; None: the networks' score as it is.
    """

    recipe: Recipe
    machine: str
    networks: list[NetworkScorer]
    synthetic: bool
    stretch_s: float
    threshold: float | None = None
    spectral: SpectralScorer | None = None
    joined: Joined | None = None

    def score_file(self, path: Path, *, channels_db: float = math.nan, tell: Tell = _quiet) -> RecordingScore:
        """The anomaly score of a wav or flac file.

        Args:
            path: the file.
            channels_db: mean level of the channels that are averaged, if several are averaged; NaN otherwise.
            tell: called with the share of the work that is done.

        Raises:
            AudioError: the file cannot be read as the recipe asks.
            NoSoundError: there is no sound in what is scored (`refuse_silence`), or each segment touches a gap.
        """
        wave = read_recording(path, self.recipe.audio)
        refuse_silence(wave, channels_db)
        return self.score_wave(wave, tell=tell)

    def score_wave(self, wave: Samples, *, tell: Tell = _quiet) -> RecordingScore:
        """The anomaly score of samples (T,) at the recipe's rate.

        Raises:
            NoSoundError: all samples are equal, or each segment touches a gap.
            UnscorableError: a score is not finite.
        """
        cut = cut_recording(wave, self.recipe.segments)
        if not cut.audible.any():
            each = "the only segment" if len(cut.starts) == 1 else f"each of {len(cut.starts)} segments"
            raise NoSoundError(
                f"dropout: {each} of {self.recipe.segments.length_s:g} s touches a gap, in which nothing changes: "
                "check the recorder and its cable"
            )
        stretches = stretch_segments(len(cut.starts), self.recipe.segments, stretch_s=self.stretch_s)
        without_gaps = [[int(segment) for segment in stretch if cut.audible[segment]] for stretch in stretches]
        groups = [np.flatnonzero(cut.audible).tolist(), *filter(None, without_gaps)]
        weights = segment_weights(self.machine, [wave], self.recipe)
        spectral_steps = 0 if self.spectral is None else len(groups) - 1
        advance = _shares(len(cut.starts) * len(self.networks) + spectral_steps, tell)
        scored = self._joined(
            {
                **({OE: self._by_networks(wave, weights, groups, advance)} if self.networks else {}),
                **({SPECTRAL: _by_spectral(self.spectral, wave, cut, groups, advance)} if self.spectral else {}),
            }
        )
        if not np.isfinite(scored.groups).all():
            raise UnscorableError("a score is infinite or no number: the model is damaged or does not fit")
        of_stretches = iter(zip(scored.groups[1:].tolist(), scored.segments[1:], strict=True))
        return RecordingScore(
            score=float(scored.groups[0]),
            stretches=tuple(
                _stretch(cut, stretch, audible, next(of_stretches) if audible else None, weights)
                for stretch, audible in zip(stretches, without_gaps, strict=True)
            ),
            gaps_s=cut.gaps_s,
        )

    def _by_networks(
        self, wave: Samples, weights: Float64Array | None, groups: Sequence[Sequence[int]], advance: Advance
    ) -> _Scored:
        by_network = [network.score_wave(wave, weights, groups, advance) for network in self.networks]
        scores, segment_scores = (_average([of_one[kind] for of_one in by_network]) for kind in (0, 1))
        return _Scored(scores, [segment_scores[group] for group in groups])

    def _joined(self, by_detector: Mapping[str, _Scored]) -> _Scored:
        if self.joined is None:
            return by_detector[OE]
        groups = self.joined.score({name: scored.groups for name, scored in by_detector.items()})
        segments = [
            self.joined.score({name: scored.segments[place] for name, scored in by_detector.items()})
            for place in range(len(groups))
        ]
        return _Scored(groups, segments)


def _by_spectral(
    spectral: SpectralScorer, wave: Samples, cut: Cut, groups: Sequence[Sequence[int]], advance: Advance
) -> _Scored:
    """The recording's own score is the mean over its stretches; its segments' scores are not asked for."""
    rule, scores, segments = spectral.vectors.rule(wave), [], [np.zeros(len(groups[0]))]
    for group in groups[1:]:
        score, of_segments = spectral.score_stretch(wave, cut.starts[group], rule)
        scores.append(score)
        segments.append(of_segments)
        advance(1)
    return _Scored(np.array([np.mean(scores), *scores]), segments)


def _average(by_network: Sequence[Mapping[str, Float64Array]]) -> Float64Array:
    """The mean over a system's networks, then over the models that all of them have."""
    return average_scores(list(average_by_model(by_network).values()))


def _stretch(
    cut: Cut,
    segments: Sequence[int],
    audible: Sequence[int],
    scores: tuple[float, Float64Array] | None,
    weights: Float64Array | None,
) -> Stretch:
    """A stretch; `scores` are its own and those of its audible segments."""
    telling, score = segments, None
    if scores is not None:
        score, segment_scores = scores
        place = _telling(segment_scores, None if weights is None else weights[audible])
        telling = audible[place : place + 1]
    return Stretch(*cut.seconds(segments), score, *cut.seconds(telling))


def _telling(segment_scores: Float64Array, weights: Float64Array | None) -> int:
    """The segment that raises the score most: its weight times its difference from the weighted mean is the largest."""
    if weights is None or not weights.any():
        return int(np.argmax(segment_scores))
    return int(np.argmax(weights * (segment_scores - np.average(segment_scores, weights=weights))))


def _shares(steps: int, tell: Tell) -> Advance:
    """Turns counted steps into the share of the work that is done."""
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        tell(done / steps)

    return advance
