"""Scores segments by a model's networks: embeddings, inlier models behind them, and the flow's map.

Each score is standardised by its scores of held-out normal pieces, then averaged over a system's networks, then over
the scores that all of them have: 0 is an average held-out normal piece, 1 is one standard deviation more anomalous.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from asd_native import InlierModel
from asd_runtime.model.joined_score import Scale
from asd_runtime.model.manifest import FLOW
from asd_runtime.progress import Advance
from asd_runtime.scoring.engine import Network
from asd_runtime.scoring.finite_output import check_finite
from asd_runtime.scoring.segment_means import mean_over_bins, scores_of_bins
from asd_runtime.sound.front_end import FrontEnd
from asd_runtime.sound.samples import Samples

Float64Array = NDArray[np.float64]
Groups = Sequence[Sequence[int]]
WeightsOf = Callable[[int], Float64Array | None]
"""(S * bins,) weights of segments with so many bins each; None if all weigh alike."""


class SegmentScores(Protocol):
    """What scores segments by one network."""

    @property
    def scales(self) -> Mapping[str, Scale]:
        """Of each inlier model's scores, and of the flow's."""
        ...

    def of_segments(self, log_mel: NDArray[np.float32]) -> dict[str, Float64Array]:
        """By inlier model (S,), by the flow (S, bins), of spectrograms (S, M, F)."""
        ...


@dataclass(frozen=True)
class NetworkScorer:
    """One network and the inlier models behind it.

    Attributes:
        models: none for a system with the flow's score alone.
        threads: of the inlier models; the result does not depend on it.
    """

    network: Network
    models: Mapping[str, InlierModel]
    scales: Mapping[str, Scale]
    threads: int = 1

    def of_segments(self, log_mel: NDArray[np.float32]) -> dict[str, Float64Array]:
        """By inlier model (S,), by the flow (S, bins).

        Raises:
            UnscorableError: an output of the network is not finite.
        """
        output = self.network(log_mel)
        check_finite(output.embedding)
        scores = {
            name: model.anomaly_score(output.embedding, threads=self.threads) for name, model in self.models.items()
        }
        if FLOW in self.scales:
            assert output.score_map is not None, "the network was checked when it was read"
            check_finite(output.score_map)
            scores[FLOW] = scores_of_bins(output.score_map)
        return scores


@dataclass(frozen=True)
class SystemScorer:
    """The networks of a system, one or several."""

    front_end: FrontEnd
    networks: Sequence[SegmentScores]
    threads: int = 1

    def score_wave(self, wave: Samples, groups: Groups, advance: Advance) -> tuple[Float64Array, Float64Array]:
        """Scores (G,) of groups of segments of a recording (T,), and (S,) of its segments."""
        parts: list[list[dict[str, Float64Array]]] = [[] for _ in self.networks]
        for batch in self.front_end.batches(wave):
            log_mel = self.front_end.spectrograms(batch, threads=self.threads)
            for network, of_network in zip(self.networks, parts, strict=True):
                of_network.append(network.of_segments(log_mel))
                advance(len(batch))
        chosen = np.concatenate([np.asarray(group) for group in groups])
        counts = np.array(list(map(len, groups)), np.int64)
        whole = [
            {name: np.concatenate([part[name] for part in of_network]) for name in of_network[0]}
            for of_network in parts
        ]
        every = np.arange(len(next(iter(whole[0].values()))))
        weights = self.weights(wave)
        return self.means(whole, weights, chosen, counts), self.means(whole, weights, every, np.ones_like(every))

    def weights(self, wave: Samples) -> WeightsOf:
        """Weights of a recording's segments, by the number of bins of each; computed once for each number."""
        return cache(lambda bins: self.front_end.weights(wave, bins=bins))

    def means(
        self,
        of_segments: Sequence[Mapping[str, Float64Array]],
        weights: WeightsOf,
        chosen: NDArray[np.int64],
        counts: NDArray[np.int64],
    ) -> Float64Array:
        """(G,) scores of groups of counts (G,) chosen segments, from the scores of all segments by each network."""
        by_network = []
        for network, scores in zip(self.networks, of_segments, strict=True):
            means = {}
            for name, of_all in scores.items():
                of_bins = of_all.reshape(len(of_all), -1)  # one bin, but for the flow
                each = weights(of_bins.shape[1])
                of_chosen = None if each is None else each.reshape(of_bins.shape)[chosen].reshape(-1)
                means[name] = mean_over_bins(of_bins[chosen], counts, of_chosen)
            by_network.append(standardised(means, network.scales))
        return average(by_network)


def standardised(scores: Mapping[str, Float64Array], scales: Mapping[str, Scale]) -> dict[str, Float64Array]:
    """Each score on its scale."""
    return {name: (of_one - scales[name].mean) / scales[name].std for name, of_one in scores.items()}


def average(by_network: Sequence[Mapping[str, Float64Array]]) -> Float64Array:
    """The mean over a system's networks, then over the scores that all of them have."""
    shared = [name for name in by_network[0] if all(name in scores for scores in by_network)]
    of_each = [np.mean([scores[name] for scores in by_network], axis=0) for name in shared]
    mean: Float64Array = np.mean(of_each, axis=0)
    return mean
