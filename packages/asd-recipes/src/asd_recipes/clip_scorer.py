"""Scores of single recordings with the OE system of a finished run.

A recording's score depends on that recording and the model alone: each inlier model's score is standardised by its
scores of normal training clips, and the mean over all models is the anomaly score. Positive is more anomalous than the
average normal training clip, in units of their standard deviation.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from asd_eval import ZScoreStandardiser, average_scores
from asd_features import WaveformStatistics, read_waveform
from asd_inlier import load_inlier_model
from asd_recipes.device_choice import choose_device
from asd_recipes.embedding import ClipEmbedder
from asd_recipes.inlier_candidates import InlierModel
from asd_recipes.outlier_exposure_scoring import score_clips, segment_weights
from asd_recipes.outlier_exposure_training import load_network
from asd_recipes.recipe import Recipe
from asd_recipes.run_store import RunError, RunStore
from asd_recipes.score_table import read_score_table
from asd_recipes.waveform_bank import Samples


@dataclass(frozen=True)
class ClipScorer:
    """The OE system of one machine, ready to score recordings."""

    recipe: Recipe
    machine: str
    embedder: ClipEmbedder
    models: dict[str, InlierModel]
    standardisers: dict[str, ZScoreStandardiser]
    synthetic: bool  # trained on synthetic data

    def score_file(self, path: Path) -> float:
        """The anomaly score of a wav or flac file.

        Raises:
            AudioError: the file cannot be read as the recipe asks.
        """
        audio = self.recipe.audio
        wave = read_waveform(path, sample_rate_hz=audio.sample_rate_hz, channel=audio.channel, resample=audio.resample)
        return self.score_wave(wave.samples)

    def score_wave(self, wave: Samples) -> float:
        """The anomaly score of samples (T,) at the recipe's rate."""
        embedded = self.embedder.embed([wave], advance=lambda steps: None)
        weights = segment_weights(self.machine, [wave], self.recipe)
        scores = [
            self.standardisers[name].transform(score_clips(model, embedded, weights))
            for name, model in self.models.items()
        ]
        return float(average_scores(scores)[0])


def load_scorer(folder: Path, *, device: str = "auto") -> ClipScorer:
    """The scorer of `<run>/<machine>` or `<run>/<machine>/oe`.

    Raises:
        RunError: the folder is no finished OE system, or its inlier models were not saved.
    """
    folder = folder.resolve()
    folder = folder / "oe" if (folder / "oe").is_dir() else folder
    table_path, weights = folder / "candidates.csv", folder / "weights.safetensors"
    if not all((folder / name).is_file() for name in (table_path.name, weights.name, "manifest.json")):
        raise RunError(f"{folder} is not a finished OE system. Pass <run>/<machine> of a run of `asd reproduce`.")
    recipe = RunStore(folder.parent.parent).recipe()
    reference = read_score_table(table_path).part("validation")
    models = {name: folder / "inlier" / f"{name}.safetensors" for name in reference.columns}
    if missing := [name for name, path in models.items() if not path.is_file()]:
        raise RunError(f"{folder} has no inlier model {missing[0]}: run again with --set inlier.save=true.")
    chosen = choose_device(device, recipe.training.precision, threads=recipe.threads)
    statistics = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    embedder = ClipEmbedder(
        network=load_network(weights, chosen),
        log_mel=recipe.log_mel,
        segments=recipe.segments,
        statistics=WaveformStatistics(mean=statistics["mean"], std=statistics["std"]),
        standardise=recipe.training.standardise,
        device=chosen,
    )
    return ClipScorer(
        recipe=recipe,
        machine=folder.parent.name,
        embedder=embedder,
        models={name: load_inlier_model(path) for name, path in models.items()},
        standardisers={name: ZScoreStandardiser().fit(reference.columns[name]) for name in models},
        synthetic=bool(manifest["synthetic"]),
    )
