"""Fits the spectral statistics of one's own machine, and scores the held-out pieces with them; seconds."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_eval import ZScoreStandardiser
from asd_inlier import save_inlier_model
from asd_native import InlierModel
from asd_recipes.baseline.spectral_model import fitted_model, spectral_facts
from asd_recipes.own_machine.normal import NORMAL
from asd_recipes.own_machine.own_data import OwnData, evenly_spread
from asd_recipes.recipe.settings import Recipe
from asd_recipes.reproduction.run_store import RunError
from asd_recipes.scoring.candidate_table import candidate_table, read_candidate_table, write_candidate_table
from asd_recipes.scoring.front_end import front_end_of
from asd_runtime.model.joined_score import OE, SPECTRAL, Scale
from asd_runtime.progress import Progress
from asd_runtime.scoring.spectral_scorer import SpectralScorer, SpectralVectors
from asd_runtime.sound.hops import whole_hops
from asd_runtime.sound.samples import Samples
from asd_runtime.whole_file import write_json

Float64Array = NDArray[np.float64]
SPECTRAL_MODEL = "spectral.safetensors"
SPECTRAL_SCORES = "spectral.csv"
_SHORTER = "spectral_shorter.json"
_FEWEST = 2  # a covariance needs two vectors
_LEAST_DIFFERENCE_DB = 0.01  # white noise alone changes the statistics of two stretches by more than ten times that


@dataclass(frozen=True)
class SpectralFit:
    """The inputs of the fit; it writes `SPECTRAL_MODEL` and the scales, then `SPECTRAL_SCORES`."""

    folder: Path
    data: OwnData
    recipe: Recipe

    def run(self, progress: Progress) -> None:
        """Runs unless it is done. Too few training stretches leave the detector out, and that is said."""
        if self.is_done:
            return
        stretches, prepared = training_stretches(self.data, self.recipe), self.data.prepared
        if len(stretches) < _FEWEST:
            progress.say("spectral statistics: one training stretch is too few; left out")
            return
        held_out = prepared.validation[NORMAL]
        vectors = self._vectors()
        waves, lengths = [prepared.bank.waves[piece] for piece in held_out], self._lengths()
        with progress.stage("fit spectral statistics", len(stretches) + len(held_out)) as advance:
            pooled, beginnings = [], []
            for stretch in stretches:
                pooled.append(vectors.of_piece(stretch))
                advance(1)
            if np.ptp(pooled, axis=0).max() < _LEAST_DIFFERENCE_DB:
                self._leave_out(progress)
                return
            model = fitted_model(np.stack(pooled), self.recipe.spectral)
            for wave in waves:
                beginnings.append(vectors.of_beginnings(wave, lengths))
                advance(1)
        self.folder.mkdir(parents=True, exist_ok=True)
        save_inlier_model(model, self.folder / SPECTRAL_MODEL)
        scored = InlierModel(self.folder / SPECTRAL_MODEL).anomaly_score  # as the model is scored
        *shorter, scores = [scored(np.stack(of_length)) for of_length in zip(*beginnings, strict=True)]
        sounding = [np.array([wave[:length].min() < wave[:length].max() for wave in waves]) for length in lengths]
        kept = [of_length[sounds] for of_length, sounds in zip([*shorter, scores], sounding, strict=True)]
        write_json(self.folder / _SHORTER, [asdict(scale) for scale in scales(kept)[:-1]])
        clips = [prepared.bank.clips[piece] for piece in held_out]
        table = candidate_table(clips, ["validation"] * len(clips), {SPECTRAL: scores})
        write_candidate_table(self.folder / SPECTRAL_SCORES, table)

    def _leave_out(self, progress: Progress) -> None:
        """Where all stretches are equal, every other sound is infinitely far away.

        Raises:
            RunError: there is no other detector.
        """
        reason = (
            f"spectral statistics: all training stretches sound the same (no statistic differs by "
            f"{_LEAST_DIFFERENCE_DB:g} dB), as copies or loops of one sound do"
        )
        if OE not in self.recipe.fit.detectors:
            raise RunError(f"{reason}. Add recordings of the machine at other moments.")
        progress.say(f"{reason}; left out")

    @property
    def is_done(self) -> bool:
        """Whether there is a fitted detector."""
        return (self.folder / SPECTRAL_SCORES).is_file()

    def held_out_scores(self) -> Float64Array:
        """(N,) scores of the held-out pieces."""
        return read_candidate_table(self.folder / SPECTRAL_SCORES).columns[SPECTRAL]

    def shorter(self) -> tuple[Scale, ...]:
        """The scales of beginnings of one hop, two hops, ... of the held-out pieces."""
        return tuple(Scale(**scale) for scale in json.loads((self.folder / _SHORTER).read_text(encoding="utf-8")))

    def scorer(self) -> SpectralScorer:
        """The detector that `run` fitted."""
        return SpectralScorer(self._vectors(), InlierModel(self.folder / SPECTRAL_MODEL))

    def _lengths(self) -> list[int]:
        """In samples: one hop, two hops, ... and a whole stretch."""
        segments, stretch = self.recipe.segments, round(self.data.stretch_s * self.recipe.audio.sample_rate_hz)
        return [hops * segments.hop_samples for hops in range(1, whole_hops(stretch, segments))] + [stretch]

    def _vectors(self) -> SpectralVectors:
        """By the chain that the model is scored with, whatever device trains."""
        front_end = front_end_of(self.recipe, NORMAL, self.data.prepared.statistics[NORMAL])
        log_mel = partial(front_end.spectrograms, threads=self.recipe.threads)
        return SpectralVectors(front_end, spectral_facts(self.recipe.spectral), log_mel)


def scales(scores: Sequence[Float64Array]) -> list[Scale]:
    """The scale of scores (N,) for each length; where they are equal or fewer than two, that of the next length."""
    found: list[Scale] = []
    for of_length in reversed(scores):
        if not found or (len(of_length) > 1 and np.ptp(of_length) > 0):
            scale = ZScoreStandardiser().fit(of_length)
            found.append(Scale(scale.mean_, scale.std_))
        else:
            found.append(found[-1])
    return found[::-1]


def training_stretches(data: OwnData, recipe: Recipe) -> list[Samples]:
    """The training pieces cut as long as the held-out ones, evenly spread; a shorter piece stays whole."""
    samples = round(data.stretch_s * recipe.audio.sample_rate_hz)
    cut = []
    for piece in data.prepared.training[NORMAL]:
        wave = data.prepared.bank.waves[piece]
        count = len(wave) // samples
        starts = np.linspace(0, max(0, len(wave) - samples), max(1, count)).astype(int)
        cut += [wave[start : start + samples] for start in starts.tolist()]
    sounding = [wave for wave in cut if wave.min() < wave.max()]
    return [sounding[place] for place in evenly_spread(range(len(sounding)))]
