"""Embeddings by a network as it is shipped: the ONNX file, run by asd-runtime's engine.

Inlier models, scales and threshold of a model are computed with these, so that they belong to the arithmetic that
scores. Training and `asd reproduce` keep torch (`embedding`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_features import SegmentSettings, WaveformStatistics
from asd_models import network_onnx
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import SystemVariant
from asd_recipes.scoring.embedding import Embeddings, pseudo_targets
from asd_recipes.training.network_building import load_network
from asd_recipes.waveforms.device_choice import Device
from asd_runtime.model.manifest import Precision
from asd_runtime.progress import Advance
from asd_runtime.scoring.engine import Network
from asd_runtime.scoring.finite_output import check_finite
from asd_runtime.sound.front_end import FrontEnd
from asd_runtime.sound.samples import Samples
from asd_runtime.sound.standardised_segments import Standardise
from asd_runtime.whole_file import write_bytes

Float32Array = NDArray[np.float32]


def write_network(path: Path, weights: Path, variant: SystemVariant, recipe: Recipe) -> None:
    """Writes a trained network as ONNX, with the flow's map only if the system scores with it."""
    network = load_network(weights, variant, recipe, Device("cpu", "float32", "1 thread"))
    if not variant.flow_score:
        network.flow = None
    content = network_onnx(
        network,
        bands=recipe.log_mel.bands,
        frames=recipe.log_mel.frames(recipe.segments.length_samples),
        dependent=recipe.flow.dependent_channels if variant.domain_invariant else 0,
        log_determinant=variant.flow_score and recipe.flow.log_determinant,
    )
    write_bytes(path, content)


@dataclass(frozen=True)
class EngineEmbedder:
    """A network of asd-runtime's engine and its front end."""

    front_end: FrontEnd
    network: Network
    threads: int

    @staticmethod
    def load(network: Path, front_end: FrontEnd, *, threads: int, precision: Precision = "float32") -> "EngineEmbedder":
        """The embedder of a network that `write_network` or `network_in_int8` wrote."""
        bands, content = front_end.log_mel.bands, network.read_bytes()
        loaded = Network.load(content, bands=bands, frames=front_end.frames, precision=precision, threads=threads)
        return EngineEmbedder(front_end, loaded, threads)

    @property
    def segments(self) -> SegmentSettings:
        return self.front_end.segments

    @property
    def statistics(self) -> WaveformStatistics:
        return self.front_end.level

    @property
    def standardise(self) -> Standardise:
        return self.front_end.standardise

    def cut(self, wave: Samples) -> Float32Array:
        """(S, T) standardised segments of one clip."""
        return self.front_end.cut(wave)

    def embed(self, waves: Iterable[Samples], advance: Advance, *, score_maps: bool = False) -> Embeddings:
        """Embeddings of clips, one clip at a time, with the flow's maps if asked for."""
        return self._embed_cut((self.front_end.batches(wave) for wave in waves), advance, score_maps=score_maps)

    def embed_pseudo_targets(
        self, source: Sequence[Samples], target: Sequence[Samples], *, alpha: float, seed: int, advance: Advance
    ) -> Embeddings:
        """Embeddings of source-domain segments, each mixed with a random crop of a random target clip (Sec. 3.1)."""
        return self._embed_cut(pseudo_targets(self, source, target, alpha=alpha, seed=seed), advance)

    def _embed_cut(
        self, clips: Iterable[Iterable[Float32Array]], advance: Advance, *, score_maps: bool = False
    ) -> Embeddings:
        """Of each clip its batches of (S, T) segments.

        Raises:
            UnscorableError: an output of the network is infinite or NaN.
        """
        vectors, counts, maps = [], [], []
        for batches in clips:
            counts.append(0)
            for batch in batches:
                output = self.network(self.front_end.spectrograms(batch, threads=self.threads))
                check_finite(output.embedding)
                vectors.append(output.embedding)
                if score_maps:
                    assert output.score_map is not None, "only a network with a flow is asked for its score"
                    check_finite(output.score_map)
                    maps.append(output.score_map)
                counts[-1] += len(batch)
            advance(1)
        return Embeddings(np.concatenate(vectors), np.array(counts, np.int64), np.concatenate(maps) if maps else None)
