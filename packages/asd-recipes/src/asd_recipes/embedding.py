"""Embeddings of clips: each clip is cut into overlapping segments, each segment becomes 512 numbers (Sec. 4.2).

The segments of one clip go through the network together and without those of any other clip, so that a clip's
embedding does not depend on its company, to the last bit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from asd_features import LogMelSettings, SegmentSettings, WaveformStatistics, segments, waveform_statistics
from asd_features.torch_log_mel import TorchLogMel
from asd_inlier import pseudo_target_segments
from asd_models import OutlierExposureNet
from asd_recipes.device_choice import Device
from asd_recipes.progress import Advance
from asd_recipes.training_diverged import TrainingDivergedError
from asd_recipes.waveform_bank import Samples

Float32Array = NDArray[np.float32]


@dataclass(frozen=True)
class Embeddings:
    """Embeddings (total, 512) of all segments, clip after clip, and the number of segments of each clip (N,)."""

    vectors: Float32Array
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class ClipEmbedder:
    """The network with all that turns a waveform into its input."""

    network: OutlierExposureNet
    log_mel: LogMelSettings
    segments: SegmentSettings
    statistics: WaveformStatistics
    standardise: str
    device: Device

    def cut(self, wave: Samples) -> Float32Array:
        """(S, T) standardised segments of one clip."""
        if self.standardise == "segment":
            return segments(wave, self.segments, per_segment=True)
        mean, std = self.statistics.mean, self.statistics.std
        if self.standardise == "clip":
            own = waveform_statistics([wave])
            mean, std = own.mean, own.std
        return segments(wave, self.segments, mean=mean, std=max(std, float(np.finfo(np.float32).tiny)))

    def embed(self, waves: Iterable[Samples], advance: Advance) -> Embeddings:
        """Embeddings of clips, one clip at a time."""
        return self.embed_cut((self.cut(wave) for wave in waves), advance)

    def embed_pseudo_targets(
        self, source: Sequence[Samples], target: Sequence[Samples], *, alpha: float, seed: int, advance: Advance
    ) -> Embeddings:
        """Embeddings of the source's segments, each mixed with a random crop of a random target clip (Sec. 3.1)."""
        whole = [self._whole(wave) for wave in target]
        mixed = (
            pseudo_target_segments(self.cut(wave), whole, alpha=alpha, seed=seed + place)
            for place, wave in enumerate(source)
        )
        return self.embed_cut(mixed, advance)

    @torch.inference_mode()
    def embed_cut(self, clips: Iterable[Float32Array], advance: Advance) -> Embeddings:
        """Embeddings of clips that are cut into (S, T) segments already."""
        log_mel = TorchLogMel(self.log_mel).to(self.device.torch_device)
        vectors, counts = [], []
        for clip in clips:
            with self.device.autocast():
                output = self.network(log_mel(torch.from_numpy(clip).to(self.device.torch_device)))
            vectors.append(output.embedding.float().cpu().numpy())
            counts.append(len(clip))
            advance(1)
        embeddings = Embeddings(np.concatenate(vectors), np.array(counts, np.int64))
        if not np.isfinite(embeddings.vectors).all():
            raise TrainingDivergedError(
                "the embeddings are not finite. Lower training.learning_rate, and start over with --no-resume."
            )
        return embeddings

    def _whole(self, wave: Samples) -> Float32Array:
        """A clip as one standardised piece, however long."""
        length_s = len(wave) / self.segments.sample_rate_hz
        one_segment = replace(self.segments, length_s=length_s, overlap=0.0)
        whole: Float32Array = replace(self, segments=one_segment).cut(wave)[0]
        return whole
