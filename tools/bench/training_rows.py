"""Training ResNet-18 at the paper's size: our loop beside a plain PyTorch loop, and the losses of both.

The plain loop is what public recipes do: a Dataset that reads a wav file as float32 and computes its log-mel with
torch.stft, a DataLoader, a float32 network in the default memory layout. It gets the number of worker processes that is
best for it. Both have the same clips in the same order, the same initial weights and no mixup, so that losses can be
compared.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import measure
import numpy as np
import soundfile
import torch
from measure import Row
from torch.utils.data import DataLoader, Dataset

from asd_features import mel_filterbank
from asd_models import OutlierExposureNet
from asd_recipes.dataset.clip import Clip
from asd_recipes.dataset.clip_name import parse_clip_name
from asd_recipes.recipe.settings import Recipe
from asd_recipes.recipe.system_variants import variant_of
from asd_recipes.training.balanced_sampler import Batch
from asd_recipes.training.crops import TrainingCrops
from asd_recipes.training.machine_data import PreparedData, prepare_data
from asd_recipes.training.mixed_batch import plain_batch
from asd_recipes.training.network_training import NetworkTraining
from asd_recipes.waveforms.device_choice import choose_device
from asd_recipes.waveforms.device_log_mel import device_log_mel
from asd_recipes.waveforms.waveform_bank import open_bank

STEPS, UNCOUNTED = 4, 1
RATE = 1e-4
RECIPE = Recipe()


def rows(threads: int) -> Iterator[Row]:
    """Seconds a batch for both loops."""
    with tempfile.TemporaryDirectory() as folder:
        data = _data(Path(folder))
        first = OutlierExposureNet(generator=torch.Generator().manual_seed(0)).state_dict()
        ours_s, ours, device = _ours(data, first, threads)
        plain = [(_plain(data, first, threads, workers), workers) for workers in (0, threads)]
        (theirs_s, theirs), workers = min(plain, key=lambda item: item[0][0])
    size = f"{RECIPE.log_mel.bands} x {RECIPE.log_mel.frames(RECIPE.segments.length_samples)}"
    curves = f"losses ours {_curve(ours)}; plain {_curve(theirs)}"
    speeds = f"{_batch_size() / ours_s:.1f} and {_batch_size() / theirs_s:.1f} images a second"
    step = f"training step, ResNet-18 at {size}, batch {_batch_size()}, {threads} threads, {device}"
    yield Row(
        step=step,
        tool=f"plain PyTorch float32, DataLoader with {workers} workers",
        ours_s=ours_s,
        theirs_s=theirs_s,
        error=f"{speeds}; {curves}",
        reach=2.0,
    )


def _batch_size() -> int:
    return 8 if measure.quick else 128


def _curve(losses: list[float]) -> str:
    return " ".join(f"{loss:.3f}" for loss in losses)


def _data(folder: Path) -> PreparedData:
    """Noise for two machines, with opposite spectral tilts, as wav files and as a bank."""
    rng, clips = np.random.default_rng(0), []
    for machine, tilt in (("fan", 0.5), ("valve", -0.5)):
        for number in range(STEPS * _batch_size() // 2 + 2):
            noise = rng.standard_normal(160_000)
            samples = np.rint(2000 * (noise + tilt * np.roll(noise, 1))).astype(np.int16)
            name = f"section_00_source_train_normal_{number:04d}_spd_1.wav"
            path = folder / machine / "train" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, samples, 16_000)
            clips.append(Clip(machine, "train", path, parse_clip_name(name)))
    return prepare_data(open_bank(clips, RECIPE.audio, folder / "bank", advance=lambda steps: None), RECIPE)


def _batches(data: PreparedData) -> list[Batch]:
    half = _batch_size() // 2
    fan, valve = (data.bank.select(machine=machine, folder="train") for machine in ("fan", "valve"))
    return [Batch(fan[i * half : (i + 1) * half], valve[i * half : (i + 1) * half]) for i in range(STEPS)]


def _ours(data: PreparedData, first: dict[str, torch.Tensor], threads: int) -> tuple[float, list[float], str]:
    """The loop of `NetworkTraining`: crops from the bank, log-mel of the batch, channels-last, bfloat16 if native."""
    device = choose_device("cpu", "auto", threads=threads)
    crops = TrainingCrops(data, RECIPE, device)
    training = NetworkTraining("fan", "OE", "oe", variant_of("oe"), None, crops)
    model, _, _ = training._fresh()
    model.load_state_dict(first)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0, fused=True)
    log_mel = device_log_mel(RECIPE.log_mel, device)
    model.train()
    times, losses = [], []
    for indices in _batches(data):
        start = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        found, _ = training.losses.of_batch(model, log_mel, plain_batch(indices, crops, None))
        found["loss"].backward()
        optimiser.step()
        losses.append(float(found["loss"].detach()))
        times.append(time.perf_counter() - start)
    torch.use_deterministic_algorithms(False)  # the plain loop need not pay for it
    return statistics.median(times[UNCOUNTED:]), losses, device.precision


class _PlainDataset(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Each item is one log-mel spectrogram, computed from its file."""

    def __init__(self, data: PreparedData) -> None:
        self._files = [
            (data.bank.clips[index], float(index in batch.target))
            for batch in _batches(data)
            for index in (*batch.target, *batch.pseudo_anomalous)
        ]
        self._statistics = data.statistics
        self._mel = torch.from_numpy(mel_filterbank(RECIPE.log_mel))
        self._window = torch.hann_window(RECIPE.log_mel.window_samples)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, item: int) -> tuple[torch.Tensor, torch.Tensor]:
        clip, target = self._files[item]
        wave, _ = soundfile.read(clip.path, dtype="float32")
        level = self._statistics[clip.machine]
        crop = (torch.from_numpy(wave[: RECIPE.segments.length_samples]) - level.mean) / level.std
        settings = RECIPE.log_mel
        spectrum = torch.stft(
            crop, settings.window_samples, settings.hop_samples, window=self._window, return_complex=True
        )
        mel = self._mel @ (spectrum.abs() / self._window.square().sum().sqrt())
        return 20 * torch.log10(mel.clamp_min(settings.floor)), torch.tensor(target)


def _plain(data: PreparedData, first: dict[str, torch.Tensor], threads: int, workers: int) -> tuple[float, list[float]]:
    torch.set_num_threads(threads)
    model = OutlierExposureNet()
    model.load_state_dict(first)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0)
    model.train()
    times, losses = [], []
    start = time.perf_counter()
    for log_mel, targets in DataLoader(_PlainDataset(data), batch_size=_batch_size(), num_workers=workers):
        optimiser.zero_grad()
        logits = model(log_mel).machine_logit
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        now = time.perf_counter()
        times.append(now - start)
        start = now
    return statistics.median(times[UNCOUNTED:]), losses
