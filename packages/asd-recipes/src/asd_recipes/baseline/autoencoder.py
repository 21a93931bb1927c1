"""The two official baselines: one autoencoder, two scores of its residuals (Harada 2023; paper Tables 2 to 4).

MSE: mean squared residual of the clip. Selective Mahalanobis: the smaller of two squared distances, one with the
covariance of the source clips' residuals, one with that of the target clips' residuals. The official code averages the
products of all pairs of a clip's residuals, which equals the distance of the clip's mean residual; that is the default
here. `autoencoder.mahalanobis = "each frame"` takes the mean of the distances of the frames.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from asd_models import Autoencoder
from asd_recipes.baseline.frame_stacks import FrameStacks, clip_frames, stacked
from asd_recipes.recipe.seeding import derive_seed
from asd_recipes.recipe.settings import Recipe
from asd_recipes.scoring.candidate_table import candidate_table, write_candidate_table
from asd_recipes.training.checkpoint import load_checkpoint, save_checkpoint
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.training.tensor_file import save_tensors
from asd_recipes.waveforms.device_choice import Device
from asd_runtime.progress import Advance, Progress

Float64Array = NDArray[np.float64]
_BANDS = 128


@dataclass(frozen=True)
class AutoencoderBaseline:
    """The inputs of the baselines of one machine."""

    machine: str
    data: PreparedData
    recipe: Recipe
    device: Device

    def train(self, folder: Path, progress: Progress) -> None:
        """Trains on the training clips of both domains; writes `weights.safetensors`."""
        settings = self.recipe.autoencoder
        training = [self.data.bank.waves[index] for index in self.data.training[self.machine]]
        stacks = FrameStacks([clip_frames(wave) for wave in training], settings.frames)
        torch.manual_seed(derive_seed(self.recipe.seed, "autoencoder weights", self.machine))
        model = Autoencoder(settings.frames * _BANDS).to(self.device.torch_device)
        optimiser = torch.optim.Adam(model.parameters(), lr=settings.learning_rate, fused=True)
        schedule = torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)
        checkpoint, done = folder / "checkpoint.safetensors", 0
        if checkpoint.is_file():
            done, _ = load_checkpoint(checkpoint, model=model, optimiser=optimiser, schedule=schedule)
        with progress.stage(f"{self.machine} autoencoder: train", settings.epochs, done=done) as advance:
            for epoch in range(done, settings.epochs):
                self._train_epoch(epoch, model, stacks, optimiser)
                if (epoch + 1) % 10 == 0 and epoch + 1 < settings.epochs:
                    save_checkpoint(checkpoint, model=model, optimiser=optimiser, schedule=schedule, epoch=epoch + 1,
                                    history=[])  # fmt: skip
                advance(1)
        save_tensors(folder / "weights.safetensors", model.state_dict())
        checkpoint.unlink(missing_ok=True)

    def _train_epoch(
        self, epoch: int, model: Autoencoder, stacks: FrameStacks, optimiser: torch.optim.Optimizer
    ) -> None:
        size = self.recipe.autoencoder.batch_size
        seed = derive_seed(self.recipe.seed, "autoencoder epoch", self.machine, epoch)
        order = np.random.default_rng(seed).permutation(len(stacks))
        model.train()
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            if len(chosen) == 1:  # batch normalisation needs two
                continue
            vectors = torch.from_numpy(stacks.rows(chosen)).to(self.device.torch_device)
            optimiser.zero_grad(set_to_none=True)
            loss = torch.nn.functional.mse_loss(model(vectors), vectors)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if not torch.isfinite(loss.detach()):
                raise TrainingDivergedError(
                    f"{self.machine} autoencoder: the loss is {loss.item()} in epoch {epoch + 1}. "
                    "Lower autoencoder.learning_rate."
                )

    def score(self, folder: Path, progress: Progress) -> None:
        """Scores validation and test clips with both baselines; writes `candidates.csv`."""
        model = Autoencoder(self.recipe.autoencoder.frames * _BANDS)
        model.load_state_dict(load_file(folder / "weights.safetensors"))
        model.to(self.device.torch_device).eval()
        scored, parts = self.data.scored_clips(self.machine)
        training = self.data.training[self.machine]
        mse, mahalanobis = [], []
        with progress.stage(f"{self.machine} autoencoder: score", len(training) + len(scored)) as advance:
            precisions = self._precisions(model, training, advance)
            for index in scored:
                residuals = self._residuals(model, index)
                mse.append(float(np.mean(np.square(residuals))))
                mahalanobis.append(min(self._squared_distance(residuals, precision) for precision in precisions))
                advance(1)
        if not np.isfinite([*mse, *mahalanobis]).all():
            raise TrainingDivergedError(
                f"{self.machine} autoencoder: its scores are not finite after the training. "
                "Lower autoencoder.learning_rate, and start over with --no-resume."
            )
        columns = {"mse": np.array(mse), "mahalanobis": np.array(mahalanobis)}
        table = candidate_table([self.data.bank.clips[index] for index in scored], parts, columns)
        write_candidate_table(folder / "candidates.csv", table)

    @torch.inference_mode()
    def _residuals(self, model: Autoencoder, index: int) -> Float64Array:
        """(rows, 128) differences between a clip's frames and their reconstructions, one row per frame of a vector."""
        vectors = np.ascontiguousarray(
            stacked(clip_frames(self.data.bank.waves[index]), self.recipe.autoencoder.frames)
        )
        out = model(torch.from_numpy(vectors).to(self.device.torch_device)).cpu().numpy()
        return np.asarray(vectors - out, np.float64).reshape(-1, _BANDS)

    def _precisions(self, model: Autoencoder, training: list[int], advance: Advance) -> list[Float64Array]:
        """Inverse covariance (128, 128) of the training residuals of each domain that has any."""
        sums: dict[str, _ResidualSums] = {}
        for index in training:
            domain = self.data.bank.clips[index].training_domain
            sums.setdefault(domain, _ResidualSums()).add(self._residuals(model, index))
            advance(1)
        return [sums[domain].precision() for domain in sorted(sums)]

    def _squared_distance(self, residuals: Float64Array, precision: Float64Array) -> float:
        if self.recipe.autoencoder.mahalanobis == "mean residual":
            mean = residuals.mean(axis=0)
            return float(mean @ precision @ mean)
        return float(np.einsum("nd,de,ne->n", residuals, precision, residuals, optimize=True).mean())


class _ResidualSums:
    """Covariance of residuals, accumulated clip by clip."""

    def __init__(self) -> None:
        self._rows = 0
        self._sum = np.zeros(_BANDS)
        self._products = np.zeros((_BANDS, _BANDS))

    def add(self, residuals: Float64Array) -> None:
        self._rows += len(residuals)
        self._sum += residuals.sum(axis=0)
        self._products += residuals.T @ residuals

    def precision(self) -> Float64Array:
        mean = self._sum / self._rows
        covariance = (self._products - self._rows * np.outer(mean, mean)) / max(1, self._rows - 1)
        # The official code inverts without a ridge. Ours, a millionth of the mean variance, is for dead bands.
        ridge = 1e-6 * float(np.trace(covariance)) / _BANDS or 1.0
        return np.asarray(np.linalg.inv(covariance + ridge * np.eye(_BANDS)), np.float64)
