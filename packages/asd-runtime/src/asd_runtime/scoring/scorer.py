"""Scores recordings with a model.

A recording's score depends only on the recording and the model. Segments are scored by the model's networks
(`network_scorer`); the score of a recording, and of each of its stretches (`stretches`), is the mean over its segments,
weighted by power for machines with silent ends. The segment that raises a stretch's score most says where to listen:
its weight times its difference from that score is the largest. With equal weights it is the segment with the highest
score. A segment that touches a gap (`asd_runtime.sound.gaps`) counts in no score.

A model may have a second detector, spectral statistics (`spectral_scorer`); the score of a stretch is that of both,
joined with weights (`asd_runtime.model.joined_score`), and so are the scores that say where to listen.

A recording goes through the network once, in batches of segments, so that hours of sound need little more memory than a
clip.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from asd_features import AudioError
from asd_runtime.errors import RecordingError
from asd_runtime.model.joined_score import OE, SPECTRAL
from asd_runtime.model.manifest import Manifest, Precision
from asd_runtime.model.reading import read_manifest
from asd_runtime.progress import Advance
from asd_runtime.scoring.finite_output import check_scores
from asd_runtime.scoring.loading import load_detectors, threads_of
from asd_runtime.scoring.network_scorer import Groups, SystemScorer
from asd_runtime.scoring.spectral_scorer import SpectralScorer
from asd_runtime.scoring.stream_scorer import StreamScorer
from asd_runtime.scoring.streams import Stream, Streams
from asd_runtime.scoring.stretches import Cut, RecordingScore, cut_recording, judged_stretch, stretch_segments
from asd_runtime.sound.one_recording import read_recording
from asd_runtime.sound.recording_fault import check_recording, gaps_in_words
from asd_runtime.sound.samples import Samples
from asd_runtime.sound.scored_level import refuse_silence

Float64Array = NDArray[np.float64]
Tell = Callable[[float], object]
"""Called with the share of the work that is done, from 0 to 1."""


def _quiet(share: float) -> None:
    pass


@dataclass(frozen=True)
class _Scored:
    """Scores (G,) of groups of segments: all of a recording, then each stretch; and those of each group's segments."""

    groups: Float64Array
    segments: list[Float64Array]


@dataclass(frozen=True)
class Scorer:
    """A model, ready to score recordings; make it with `open`. Several threads may use it at once.

    Attributes:
        description: what computes, with its precision and threads.
        system: scores by networks; None if the model has none.
        spectral: scores by spectral statistics, if the model has them.
    """

    manifest: Manifest
    description: str
    system: SystemScorer | None
    spectral: SpectralScorer | None

    @staticmethod
    def open(
        folder: str | Path,
        *,
        precision: Precision | Literal["auto"] = "auto",
        threads: int | None = None,
        manifest: Manifest | None = None,
    ) -> "Scorer":
        """Reads a model.

        Args:
            folder: the model.
            precision: the network's arithmetic; auto is the one that the model's scales and threshold belong to.
            threads: of all that computes; None for as many as there are cores for this process. The scores do not
                depend on it.
            manifest: the folder's manifest, if it is already read.

        Raises:
            ModelError: not a model, or a damaged, altered, older or newer one.
            ValueError: the precision or the number of threads is not possible.
        """
        if precision not in ("auto", *get_args(Precision)):
            raise ValueError(f"precision must be auto, float32, bfloat16 or int8; got {precision!r}.")
        manifest = read_manifest(Path(folder)) if manifest is None else manifest
        used = threads_of(threads)
        return Scorer(manifest, *load_detectors(Path(folder), manifest, precision=precision, threads=used))

    def score(self, path: str | Path, *, tell: Tell = _quiet) -> RecordingScore:
        """The verdict on a wav or flac file, and the faults of the recording itself.

        Args:
            path: the file.
            tell: called with the share of the work that is done.

        Raises:
            RecordingError: there is no such file, it cannot be read as the model asks, or it holds no usable sound.
            UnscorableError: a number on the way to the score is infinite or NaN.
        """
        path, front_end = Path(path), self.manifest.front_end
        check = check_recording(path, front_end.audio, front_end.segments)
        try:
            if not check.scorable:
                raise RecordingError("; ".join(check.faults))
            wave = read_recording(path, front_end.audio)
            refuse_silence(wave, check.channels_db)
            result = self.score_wave(wave, tell=tell)
        except (AudioError, RecordingError) as error:
            fault = error.rule if isinstance(error, AudioError) else error.fault
            raise RecordingError(fault, path) from error
        told = any(fault.startswith("dropout: ") for fault in check.faults)
        gaps = () if told or not result.gaps_s else (gaps_in_words(result.gaps_s),)
        return replace(result, faults=(*check.faults, *gaps))

    def score_wave(self, wave: Samples, *, tell: Tell = _quiet) -> RecordingScore:
        """The verdict on samples (T,) int16 or float32 at the model's rate.

        Raises:
            RecordingError: each segment touches a gap.
            UnscorableError: a number on the way to the score is infinite or NaN.
        """
        front_end = self.manifest.front_end
        cut = cut_recording(wave, front_end.segments)
        if not cut.audible.any():
            each = "the only segment" if len(cut.starts) == 1 else f"each of {len(cut.starts)} segments"
            raise RecordingError(
                f"dropout: {each} of {front_end.segments.length_s:g} s touches a gap, in which nothing changes: "
                "check the recorder and its cable"
            )
        stretches = stretch_segments(len(cut.starts), front_end.segments, stretch_s=self.manifest.threshold.stretch_s)
        without_gaps = [[int(segment) for segment in stretch if cut.audible[segment]] for stretch in stretches]
        groups = [np.flatnonzero(cut.audible).tolist(), *filter(None, without_gaps)]
        scored = self._scored(wave, cut, groups, tell)
        check_scores(scored.groups)
        weights = front_end.weights(wave)
        of_stretches = iter(zip(scored.groups[1:].tolist(), scored.segments[1:], strict=True))
        return RecordingScore(
            score=float(scored.groups[0]),
            threshold=self.manifest.threshold.value,
            stretches=tuple(
                judged_stretch(cut, stretch, audible, next(of_stretches) if audible else None, weights)
                for stretch, audible in zip(stretches, without_gaps, strict=True)
            ),
            gaps_s=cut.gaps_s,
        )

    def stream(self) -> Stream:
        """A live stream: blocks of samples in, scores of segments and stretches out.

        Raises:
            StreamError: the model takes away the level of whole recordings, which a stream cannot know.
        """
        return Stream(self._of_streams())

    def streams(self, count: int) -> Streams:
        """So many live streams that are scored together; errors as of `stream`."""
        return Streams(self._of_streams(), count)

    def _of_streams(self) -> StreamScorer:
        return StreamScorer(self.manifest, self.system, self.spectral)

    def _scored(self, wave: Samples, cut: Cut, groups: Groups, tell: Tell) -> _Scored:
        """By the detectors that have a say, joined."""
        networks = 0 if self.system is None else len(self.system.networks)
        advance = _shares(len(cut.starts) * networks + (0 if self.spectral is None else len(groups) - 1), tell)
        by_detector: dict[str, _Scored] = {}
        if self.system is not None:
            of_groups, of_segments = self.system.score_wave(wave, groups, advance)
            by_detector[OE] = _Scored(of_groups, [of_segments[group] for group in groups])
        if self.spectral is not None:
            by_detector[SPECTRAL] = _by_spectral(self.spectral, wave, cut, groups, advance)
        return self._joined(by_detector)

    def _joined(self, by_detector: Mapping[str, _Scored]) -> _Scored:
        joined = self.manifest.joined
        groups = joined.score({name: scored.groups for name, scored in by_detector.items()})
        segments = [
            joined.score({name: scored.segments[place] for name, scored in by_detector.items()})
            for place in range(len(groups))
        ]
        return _Scored(groups, segments)


def _by_spectral(spectral: SpectralScorer, wave: Samples, cut: Cut, groups: Groups, advance: Advance) -> _Scored:
    """The recording's own score is the mean over its stretches; its segments' scores are not asked for."""
    rule, scores, segments = spectral.vectors.rule(wave), [], [np.zeros(len(groups[0]))]
    for group in groups[1:]:
        score, of_segments = spectral.score_stretch(wave, cut.starts[group], rule)
        scores.append(score)
        segments.append(of_segments)
        advance(1)
    return _Scored(np.array([np.mean(scores), *scores]), segments)


def _shares(steps: int, tell: Tell) -> Advance:
    """Turns counted steps into the share of the work that is done."""
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        tell(done / steps)

    return advance
