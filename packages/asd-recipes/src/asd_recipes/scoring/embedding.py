"""Embeddings of clips: each clip is cut into overlapping segments, each segment becomes 512 numbers (Sec. 4.2).

With a flow, each segment also becomes a map of scores (Sec. 3.1).

The segments of one clip go through the network together, without segments of other clips. So a clip's embedding does
not depend on other clips, to the last bit. A long recording goes through two minutes at a time, so that memory does not
depend on its length.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from asd_features import LogMelSettings, SegmentSettings, WaveformStatistics
from asd_inlier import pseudo_target_segments
from asd_models import OutlierExposureNet, OutlierExposureOutput, flow_score_map
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import SystemVariant
from asd_recipes.training.network_building import load_network
from asd_recipes.waveforms.device_choice import Device
from asd_recipes.waveforms.device_log_mel import DeviceLogMel, device_log_mel
from asd_runtime.progress import Advance
from asd_runtime.scoring.finite_output import check_finite
from asd_runtime.sound.samples import Samples
from asd_runtime.sound.segment_batches import segment_batches
from asd_runtime.sound.standardised_segments import Standardise, one_segment

Float32Array = NDArray[np.float32]


@dataclass(frozen=True)
class Embeddings:
    """Embeddings (total, 512) of all segments, clip after clip, and the number of segments of each clip (N,)."""

    vectors: Float32Array
    counts: NDArray[np.int64]
    score_maps: Float32Array | None = None  # (total, H, W) of the flow, if requested


class Embedder(Protocol):
    """What turns clips into embeddings."""

    @property
    def segments(self) -> SegmentSettings: ...

    @property
    def statistics(self) -> WaveformStatistics:
        """Level of the machine's training clips."""
        ...

    @property
    def standardise(self) -> Standardise: ...

    def cut(self, wave: Samples) -> Float32Array:
        """(S, T) standardised segments of one clip."""
        ...

    def embed(self, waves: Iterable[Samples], advance: Advance, *, score_maps: bool = False) -> Embeddings:
        """Embeddings of clips, with the flow's maps if asked for."""
        ...

    def embed_pseudo_targets(
        self, source: Sequence[Samples], target: Sequence[Samples], *, alpha: float, seed: int, advance: Advance
    ) -> Embeddings:
        """Embeddings of source-domain segments, each mixed with a random crop of a random target clip (Sec. 3.1)."""
        ...


@dataclass(frozen=True)
class ClipEmbedder:
    """The network, and everything that turns a waveform into its input."""

    network: OutlierExposureNet
    log_mel: LogMelSettings
    segments: SegmentSettings
    statistics: WaveformStatistics
    standardise: Standardise
    device: Device
    dependent_channels: int = 0  # of the flow's latent; not part of its score
    log_determinant: bool = False  # whether it is part of the flow's score

    @staticmethod
    def load(
        weights: Path, variant: SystemVariant, recipe: Recipe, statistics: WaveformStatistics, device: Device
    ) -> "ClipEmbedder":
        """The embedder of a trained system.

        Args:
            weights: safetensors file of the network.
            variant: the system that it was trained as.
            recipe: the recipe of the training.
            statistics: level of the machine's training clips.
            device: where to compute.
        """
        dependent = recipe.flow.dependent_channels if variant.domain_invariant else 0
        network = load_network(weights, variant, recipe, device)
        determinant = variant.flow_score and recipe.flow.log_determinant
        return ClipEmbedder.of(
            network, recipe, statistics, device, dependent_channels=dependent, log_determinant=determinant
        )

    @staticmethod
    def of(
        network: OutlierExposureNet,
        recipe: Recipe,
        statistics: WaveformStatistics,
        device: Device,
        *,
        dependent_channels: int = 0,
        log_determinant: bool = False,
    ) -> "ClipEmbedder":
        """The embedder of a network that is already on the device and in inference mode."""
        return ClipEmbedder(
            network=network,
            log_mel=recipe.log_mel,
            segments=recipe.segments,
            statistics=statistics,
            standardise=recipe.training.standardise,
            device=device,
            dependent_channels=dependent_channels,
            log_determinant=log_determinant,
        )

    @cached_property
    def _spectrograms(self) -> DeviceLogMel:
        """Made once, even if recordings are scored one by one."""
        return device_log_mel(self.log_mel, self.device)

    def cut(self, wave: Samples) -> Float32Array:
        """(S, T) standardised segments of one clip."""
        return np.concatenate(list(self.batches(wave)))

    def batches(self, wave: Samples) -> Iterator[Float32Array]:
        """The standardised segments of one clip, in order, (S, T) at a time.

        Raises:
            UnscorableError: a standardised sample exceeds the range of float32.
        """
        return segment_batches(wave, self.segments, self.standardise, self.statistics)

    def embed(self, waves: Iterable[Samples], advance: Advance, *, score_maps: bool = False) -> Embeddings:
        """Embeddings of clips, one clip at a time; `score_maps` runs the flow as well."""
        return self.embed_cut((self.batches(wave) for wave in waves), advance, score_maps=score_maps)

    def embed_pseudo_targets(
        self, source: Sequence[Samples], target: Sequence[Samples], *, alpha: float, seed: int, advance: Advance
    ) -> Embeddings:
        """Embeddings of source-domain segments, each mixed with a random crop of a random target clip (Sec. 3.1)."""
        return self.embed_cut(pseudo_targets(self, source, target, alpha=alpha, seed=seed), advance)

    @torch.inference_mode()
    def embed_cut(
        self, clips: Iterable[Iterable[Float32Array]], advance: Advance, *, score_maps: bool = False
    ) -> Embeddings:
        """Embeddings of clips that are already cut: for each clip, its batches of (S, T) segments.

        Raises:
            UnscorableError: an output of the network is infinite or NaN.
        """
        vectors, counts, maps = [], [], []
        with self.device.autocast():  # one context for all clips: it casts the weights once
            for batches in clips:
                counts.append(0)
                for batch in batches:
                    output = self._output(batch)
                    vectors.append(output.embedding.float().cpu().numpy())
                    if score_maps:
                        maps.append(self._score_map(output.map).cpu().numpy())
                    counts[-1] += len(batch)
                advance(1)
        embeddings = Embeddings(
            np.concatenate(vectors), np.array(counts, np.int64), np.concatenate(maps) if maps else None
        )
        for part in (embeddings.vectors, *maps):
            check_finite(part)
        return embeddings

    @torch.inference_mode()
    def maps(self, wave: Samples) -> Float32Array:
        """(S, C, H, W) maps of the segments of one clip, which a flow would see.

        Raises:
            UnscorableError: an output of the network is infinite or NaN.
        """
        maps = []
        with self.device.autocast():
            for batch in self.batches(wave):
                maps.append(self._output(batch).map.float().contiguous().cpu().numpy())
        found: Float32Array = np.concatenate(maps)
        check_finite(found)
        return found

    def _output(self, batch: Float32Array) -> OutlierExposureOutput:
        output: OutlierExposureOutput = self.network(
            self._spectrograms(torch.from_numpy(batch).to(self.device.torch_device))
        )
        return output

    def _score_map(self, maps: torch.Tensor) -> torch.Tensor:
        """(S, H, W) scores of positions by the flow."""
        flow = self.network.flow
        assert flow is not None, "only a network with a flow is asked for its score"
        latent, log_determinant = flow.by_position(maps) if self.log_determinant else (flow(maps).latent, None)
        return flow_score_map(latent, log_determinant, dependent=self.dependent_channels)


def pseudo_targets(
    embedder: "Embedder", source: Sequence[Samples], target: Sequence[Samples], *, alpha: float, seed: int
) -> Iterator[list[Float32Array]]:
    """For each source-domain clip its segments (S, T), each mixed with a random crop of a random target clip."""
    level, by, settings = embedder.statistics, embedder.standardise, embedder.segments
    whole = [next(segment_batches(wave, one_segment(wave, settings), by, level))[0] for wave in target]
    for place, wave in enumerate(source):
        yield [pseudo_target_segments(embedder.cut(wave), whole, alpha=alpha, seed=seed + place)]
