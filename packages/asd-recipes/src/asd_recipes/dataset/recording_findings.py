"""What is wrong with one recording: its measures held against what a recipe expects.

The limits are ours; each says here what it is for. Nothing depends on other recordings, so that a recording is judged
the same in any data set.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from asd_features import (
    AudioError,
    EmptyAudioError,
    RecordingMeasures,
    TruncatedAudioError,
    UnreadableAudioError,
    measure_recording,
)

# 16-bit noise of one step has -90 dB; below it there is nothing that a microphone heard.
SILENCE_DB = -90.0
# The greatest value that a format can hold, where it is not 32767/32768 or more: 8 bits, and the two logarithmic ones.
_FULL_SCALE = {"PCM_U8": 127 / 128, "PCM_S8": 127 / 128, "ULAW": 32124 / 32768, "ALAW": 32256 / 32768}
# A sine of A steps keeps to its extremes for at most 2 / pi * sqrt(2 / A) of its samples, the time that it spends
# within one step of its peaks; more than twice that is clipping. Below full scale (clipped, then scaled down) only
# samples that follow two others there count: a tone whose period is a whole number of samples meets its peak in each.
_TIMES_A_SINE = 2.0
# A quarter of a second without any change in any channel is a recorder that stalled, not a quiet machine.
_DROPOUT_S = 0.25


@dataclass(frozen=True)
class Expected:
    """What recordings should be like, as a recipe's [audio] says.

    Attributes:
        sample_rate_hz: None if any will do, as where the recipe resamples.
        channel: "only" for one channel, "mean" for any number, or the channel that is taken, from 0.
        shortest_s: less is too short.
    """

    sample_rate_hz: int | None = 16_000
    channel: int | Literal["only", "mean"] = "only"
    shortest_s: float = 1.0


@dataclass(frozen=True)
class Judgement:
    """Of one recording: its measures, None if it cannot be read, and (kind, reason) for each thing wrong with it."""

    measures: RecordingMeasures | None
    findings: tuple[tuple[str, str], ...] = ()


def judge_recording(path: Path, expected: Expected) -> Judgement:
    """Reads a recording once and judges it; whatever the file holds, this returns."""
    try:
        measures = measure_recording(path)
    except FileNotFoundError:
        return Judgement(None, (("no such clip", "it is listed, and not there"),))
    except AudioError as error:
        return Judgement(None, ((_unread(error), error.rule),))
    except (OSError, MemoryError) as error:
        return Judgement(None, (("unreadable", f"{type(error).__name__}: {error}"),))
    findings = [*_form(measures, expected), *(_damage(measures) or _signal(measures, expected))]
    return Judgement(measures, tuple(findings))


def _unread(error: AudioError) -> str:
    kinds = {EmptyAudioError: "empty", TruncatedAudioError: "truncated", UnreadableAudioError: "unreadable"}
    return kinds.get(type(error), "unreadable")


def _form(measures: RecordingMeasures, expected: Expected) -> list[tuple[str, str]]:
    """Rate, channels and length."""
    info, found = measures.info, []
    if expected.sample_rate_hz not in (None, info.sample_rate_hz):
        reason = f"{info.sample_rate_hz} Hz where {expected.sample_rate_hz} are expected; audio.resample converts it"
        found.append(("wrong rate", reason))
    if expected.channel == "only" and info.channels > 1:
        reason = f"{info.channels} channels where one is expected; audio.channel takes one, or their mean"
        found.append(("wrong channels", reason))
    elif isinstance(expected.channel, int) and expected.channel >= info.channels:
        found.append(("wrong channels", f"no channel {expected.channel}: it has {info.channels}, counted from 0"))
    if info.duration_s < expected.shortest_s:
        found.append(("too short", f"{info.duration_s:.3g} s where {expected.shortest_s:g} s are the least"))
    return found


def _damage(measures: RecordingMeasures) -> list[tuple[str, str]]:
    """What leaves no signal to judge."""
    if measures.nonfinite:
        return [("not finite", f"{measures.nonfinite} samples are NaN or infinite")]
    constants = list(zip(measures.minimum, measures.maximum, strict=True))
    if all(low == high for low, high in constants):
        if any(low != 0 for low, _ in constants):
            return [("constant", f"every sample is {constants[0][0]:.6g} of full scale")]
        return [("silent", "every sample is 0")]
    return []


def _signal(measures: RecordingMeasures, expected: Expected) -> list[tuple[str, str]]:
    """Silence, clipping, gaps and scale of the channels that are used."""
    info, found = measures.info, []
    channels = range(info.channels)
    if isinstance(expected.channel, int) and expected.channel < info.channels:
        channels = range(expected.channel, expected.channel + 1)
    # Of channels that are averaged, one that is dead halves the level and is told of as well.
    silent = [channel for channel in channels if measures.level_db[channel] < SILENCE_DB]
    if silent:
        found.append(("silent", f"{_at(silent[0], info.channels)}level {measures.level_db[silent[0]]:.0f} dB"))
    clipped = next((channel for channel in channels if _is_clipped(measures, channel)), None)
    if clipped is not None:
        share = 100 * measures.at_extremes[clipped] / info.frames
        peak = max(-measures.minimum[clipped], measures.maximum[clipped])
        found.append(("clipped", f"{_at(clipped, info.channels)}{share:.3g} % of samples at a peak of {peak:.3g}"))
    peak = max(max(-low, high) for low, high in zip(measures.minimum, measures.maximum, strict=True))
    if peak > 1:
        found.append(("beyond full scale", f"peak {peak:.4g} where 1 is full scale: integers stored as floats?"))
    hold_s = measures.longest_hold_samples / info.sample_rate_hz
    if hold_s >= _DROPOUT_S and not silent:
        found.append(("dropout", f"no sample changes for {hold_s:.2f} s"))
    return found


def _is_clipped(measures: RecordingMeasures, channel: int) -> bool:
    """Three samples in a row at full scale, or more samples at the extremes than any tone has."""
    full_scale = _FULL_SCALE.get(measures.info.subtype, 32767 / 32768)
    peak = max(-measures.minimum[channel], measures.maximum[channel])
    steps = peak / (1 - full_scale)
    of_a_sine = 2 / math.pi * math.sqrt(2 / steps) if steps else 1.0
    most = _TIMES_A_SINE * of_a_sine * measures.info.frames
    if peak >= full_scale:
        return measures.flat_tops[channel] > 0 or measures.at_extremes[channel] > most
    return measures.flat_tops[channel] > most


def _at(channel: int, channels: int) -> str:
    return f"channel {channel}: " if channels > 1 else ""


def level_db(measures: RecordingMeasures, expected: Expected) -> float:
    """The level of the channel that is used, or the mean power of all; -inf for silence, NaN where it is unknown."""
    levels = measures.level_db
    if isinstance(expected.channel, int) and expected.channel < len(levels):
        return levels[expected.channel]
    power = sum(10 ** (level / 10) for level in levels) / len(levels)
    return 10 * math.log10(power) if power > 0 else (-math.inf if power == 0 else math.nan)
