"""`asd fit` as it comes on SYNTHETIC machines: AUCs of its detectors alone and joined (docs/few_recordings.md).

    python tools/few_recordings.py [--seeds 0,1] [--machines fan,valve] [--set KEY=VALUE ...] [--out FOLDER]

For each seed it makes a factory of the size `quick`, with that seed, and for each machine a model from the machine's
training clips, with `--set` and with the synthetic machines that `asd fit` makes as other sounds. Then it scores the
test clips. What is done is kept in FOLDER, so that the same command continues after a kill, and another `--set` uses
the same factories. All of it is SYNTHETIC data. Intervals are 95 % bootstraps over test clips; labels choose nothing.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_eval import roc_auc
from asd_runtime.model.joined_score import Joined, JoinedDetector
from asd_runtime.model.reading import read_manifest
from asd_runtime.scoring.scorer import Scorer
from asd_runtime.whole_file import write_text

MACHINES = "ToyCar,ToyTrain,bearing,fan,gearbox,slider,valve"
PARTS = ("oe", "spectral")
COLUMNS = (*PARTS, "joined")
RESAMPLES = 2000
Scores = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Machine:
    """The scores of a machine's test clips, and the detectors' weights."""

    seed: int
    name: str
    anomalous: NDArray[np.bool_]
    scores: Scores
    weights: dict[str, float]

    def aucs(self, rows: NDArray[np.int64] | slice = slice(None)) -> NDArray[np.float64]:
        """(3,) AUCs by `COLUMNS`, of all clips or of some rows; NaN for a detector that was not fitted."""
        labels, scores = self.anomalous[rows].astype(np.int64), [self.scores[name][rows] for name in COLUMNS]
        return np.array([np.nan if np.isnan(part).any() else roc_auc(labels, part) for part in scores])

    def resampled(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """(3,) AUCs of as many normal and anomalous clips, drawn with replacement: the same for all columns."""
        groups = [np.flatnonzero(self.anomalous == kind) for kind in (False, True)]
        return self.aucs(np.concatenate([rng.choice(group, len(group)) for group in groups]))


def asd(*words: str | Path) -> None:
    command = [sys.executable, "-m", "asd_recipes", *map(str, words)]
    if code := subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
        sys.exit(f"asd {' '.join(map(str, words))} ended with exit status {code}, for the reason above.")


def measured(factory: Path, machine: str, folder: Path, settings: list[str], seed: int) -> Machine:
    """Fits and scores, unless the table of scores is there."""
    table = folder / f"{machine}.csv"
    if not table.is_file():
        joined = fitted(factory, machine, folder / "joined", settings)
        alone = {}
        for name in alone_in(joined):
            alone[name] = fitted(factory, machine, folder / name, [*settings, f"fit.detectors=['{name}']"])
        write_scores(table, factory / machine / "test", joined, alone)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return Machine(
        seed=seed,
        name=machine,
        anomalous=np.array([row["anomalous"] == "1" for row in rows]),
        scores={name: np.array([float(row[name]) for row in rows]) for name in COLUMNS},
        weights={name: float(rows[0][f"{name}_weight"]) for name in PARTS},
    )


def fitted(factory: Path, machine: str, folder: Path, settings: list[str]) -> Path:
    changes = [word for setting in settings for word in ("--set", setting)]
    model = folder / machine
    asd("fit", "--normal", factory / machine / "train", "--out", model, "--quiet", *changes)
    return model


def alone_in(model: Path) -> list[str]:
    """The detectors that had no say and are not in the model, whose scores need a model of their own."""
    joined = read_manifest(model).joined
    return [name for name in joined.detectors if name not in joined.voices]


def write_scores(table: Path, test: Path, joined: Path, alone: dict[str, Path]) -> None:
    """One row for each test clip; a detector's own score comes from the joined model if it is in it."""
    scorer = Scorer.open(joined)
    join = scorer.manifest.joined
    parts = {name: Scorer.open(model) for name, model in alone.items()}
    parts |= {name: only(scorer, name) for name in join.voices}
    rows = []
    for path in sorted(test.glob("*.wav")):
        scores = {name: part.score(path).score for name, part in parts.items()}
        values = [*(scores.get(name, np.nan) for name in PARTS), float(join.score(scores))]
        rows.append([path.name, int("_anomaly_" in path.name), *map(repr, values)])
    weights = [repr(join.detectors[name].weight if name in join.detectors else 0.0) for name in PARTS]
    header = ["file", "anomalous", *COLUMNS, *(f"{name}_weight" for name in PARTS)]
    write_text(table, "".join(",".join(map(str, row)) + "\n" for row in [header, *(row + weights for row in rows)]))


def only(scorer: Scorer, name: str) -> Scorer:
    """A scorer whose score is that of one of its detectors, not standardised."""
    alone = Joined({name: JoinedDetector(1.0, 0.0, 0.0, 1.0)}, 0.0, 1.0, 1, ())
    manifest = replace(scorer.manifest, joined=alone)
    if name == "oe":
        return replace(scorer, manifest=manifest, spectral=None)
    return replace(scorer, manifest=manifest, system=None)


def report(machines: list[Machine]) -> None:
    """Prints the table, and the means with their intervals."""
    print(f"\n{'seed':>4} {'machine':<10}" + "".join(f"{name:>10}" for name in COLUMNS) + "  weights")
    for machine in machines:
        aucs = "".join(f"{value:10.3f}" for value in machine.aucs())
        print(
            f"{machine.seed:>4} {machine.name:<10}{aucs}  "
            + ", ".join(f"{k} {v:.2f}" for k, v in machine.weights.items())
        )
    estimate = np.mean([machine.aucs() for machine in machines], axis=0)
    rng = np.random.default_rng(0)
    drawn = np.array([np.mean([machine.resampled(rng) for machine in machines], axis=0) for _ in range(RESAMPLES)])
    for place, name in enumerate(COLUMNS):
        low, high = np.quantile(drawn[:, place], [0.025, 0.975])
        print(f"mean {name:<9} {estimate[place]:.3f} ({low:.3f} to {high:.3f})")
    best = int(np.nanargmax(estimate[:-1]))
    low, high = np.quantile(drawn[:, -1] - drawn[:, best], [0.025, 0.975])
    difference = estimate[-1] - estimate[best]
    print(f"joined minus its best part ({COLUMNS[best]}): {difference:+.3f} ({low:+.3f} to {high:+.3f})")


def numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=numbers, default="0", help="of the factories, with commas")
    parser.add_argument("--machines", default=MACHINES, help="with commas")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of asd fit; repeatable"
    )
    parser.add_argument("--size", default="quick", help="of the factories")
    parser.add_argument("--out", type=Path, default=Path("few_recordings"), help="of factories, models, scores")
    given = parser.parse_args()
    variant = "_".join(re.sub(r"[^\w.=-]+", "-", setting) for setting in sorted(given.set)) or "as it comes"
    machines = []
    for seed in given.seeds:
        root = given.out / f"{given.size}-{seed}"
        root.mkdir(parents=True, exist_ok=True)
        asd("data", "synth", root / "factory", "--size", given.size, "--seed", str(seed), "--quiet")
        for name in given.machines.split(","):
            machine = measured(root / "factory", name, root / variant, given.set, seed)
            machines.append(machine)
            aucs = zip(COLUMNS, machine.aucs(), strict=True)
            print(f"SYNTHETIC {seed} {name}: " + ", ".join(f"{column} {auc:.3f}" for column, auc in aucs), flush=True)
    print(f"\nSYNTHETIC DATA, {variant}, {given.size}: AUC over all test clips of a machine")
    report(machines)


if __name__ == "__main__":
    main()
