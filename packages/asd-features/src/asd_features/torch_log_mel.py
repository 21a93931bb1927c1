"""Log-mel spectrogram as a torch layer, for training and scoring on any device; needs torch.

The same numbers as `asd_features.log_mel`, in float32: on recordings each band's sum agrees to 1e-4. Bands more than
60 dB below a pure tone differ, because a float32 transform leaks some 1e-7 of the tone into them: beside a full-scale
tone in digital silence the result is 21 dB above the exact value with the paper's settings, 36 dB with the baseline's.

Two things make it fast on a CPU: clips are processed one by one, so that a clip's frames and spectrum stay in the
cache; and each group of neighbouring bands is multiplied only with the few bins under its triangles, an eighth of the
full matrix product.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from asd_features.log_mel import analysis_window
from asd_features.log_mel_settings import LogMelSettings
from asd_features.mel_filterbank import mel_filterbank
from asd_features.waveform_blocks import INT16_SCALE

# 224 bands make eight groups: fewer groups would multiply more zeros, more would make the products too small to be
# fast.
_BANDS_PER_GROUP = 28
_PAD_MODES = {"reflect": "reflect", "zero": "constant"}


class TorchLogMel(nn.Module):
    """Log-mel spectrogram of a batch (Fujimura 2023, Sec. 4.2).

    Has no parameters, and its buffers are not in the state dict, because they follow from the settings. Computes in
    float32 under autocast too. On a CPU a clip's result does not depend on its batch, to the last bit.

    Args:
        settings: what to compute; `LogMelSettings()` is the paper's.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, settings: LogMelSettings | None = None) -> None:
        super().__init__()
        self.settings = LogMelSettings() if settings is None else settings
        window = torch.tensor(analysis_window(self.settings), dtype=torch.float32)
        filters = torch.tensor(mel_filterbank(self.settings).T)
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("filters", filters, persistent=False)
        self._groups = _groups_of_bands(filters)

    def forward(self, wave: Tensor) -> Tensor:
        """Waveforms to spectrograms.

        Args:
            wave: (..., T) floating point; int16 is scaled by 1/32768 first. NaN is not looked for, because that
                would make the program wait for a GPU: NaN in gives NaN out.

        Returns:
            (..., M, F) float32 in dB, F = 1 + T // hop.

        Raises:
            TypeError: if wave has another dtype.
            ValueError: if T is at most half a window.
        """
        if wave.dtype == torch.int16:
            wave = wave.float() / INT16_SCALE
        elif not wave.is_floating_point():
            raise TypeError(f"wave must be int16 or floating point; got {wave.dtype}. Convert it: wave.float()")
        if wave.dim() == 0:
            raise ValueError("wave must be (..., T); got a single number. For one clip pass its (T,) samples.")
        samples = wave.shape[-1]
        frames = self.settings.frames(samples)
        clips = wave.reshape(-1, samples).float()
        with torch.autocast(clips.device.type, enabled=False):
            if len(clips) == 0:
                mel = clips.new_empty(0, self.settings.bands, frames)
            elif clips.device.type == "cpu":
                mel = torch.cat([self._mel(clips[i : i + 1]) for i in range(len(clips))])
            else:
                mel = self._mel(clips)
        return mel.reshape(*wave.shape[:-1], self.settings.bands, frames)

    def _mel(self, clips: Tensor) -> Tensor:
        """(B, T) to (B, M, F)."""
        window, hop = self.settings.window_samples, self.settings.hop_samples
        padded = nn.functional.pad(clips, (window // 2, window // 2), mode=_PAD_MODES[self.settings.padding])
        spectrum = torch.fft.rfft(padded.unfold(-1, window, hop) * self.window)
        bins = _powers(spectrum) if self.settings.power == 2.0 else _magnitudes(spectrum)
        mel = torch.cat([bins[..., low:high] @ self.filters[low:high, bands] for bands, low, high in self._groups], -1)
        if self.settings.log:
            mel = mel.clamp_min(self.settings.floor).log10() * self.settings.decibels_per_decade
        return mel.mT.contiguous()

    def extra_repr(self) -> str:
        """The settings, for print(module)."""
        return repr(self.settings)


def _powers(spectrum: Tensor) -> Tensor:
    return spectrum.real.square() + spectrum.imag.square()


def _magnitudes(spectrum: Tensor) -> Tensor:
    if spectrum.requires_grad:
        return spectrum.abs()  # three times slower, but its gradient at silence is 0, where that of the root is NaN
    return _powers(spectrum).sqrt()


def _groups_of_bands(filters: Tensor) -> list[tuple[slice, int, int]]:
    """Groups of bands and, for each, the range of bins outside which all its filters are zero."""
    groups = []
    for first in range(0, filters.shape[1], _BANDS_PER_GROUP):
        bands = slice(first, min(first + _BANDS_PER_GROUP, filters.shape[1]))
        bins = filters[:, bands].any(dim=1).nonzero()
        groups.append((bands, int(bins[0]), int(bins[-1]) + 1))
    return groups
