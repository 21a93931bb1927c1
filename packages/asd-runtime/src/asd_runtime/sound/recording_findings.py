"""Finds what is wrong with one recording, by comparing its measures with what a recipe expects.

The limits are our own; a comment gives the reason for each. A recording is judged on its own, so the verdict is the
same in any data set.
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
from asd_runtime.counted import counted

# 16-bit noise of one step has -90 dB; below that there is no sound from a microphone.
SILENCE_DB = -90.0
# The greatest value of formats in which it is less than 32767/32768: 8 bits, and the two logarithmic ones.
_FULL_SCALE = {"PCM_U8": 127 / 128, "PCM_S8": 127 / 128, "ULAW": 32124 / 32768, "ALAW": 32256 / 32768}
# A sine with an amplitude of A steps is within one step of its peaks for at most 2 / pi * sqrt(2 / A) of its samples;
# more than twice that is clipping. Below full scale (clipped, then scaled down) a sample counts only if the two before
# it are at the extreme as well: a tone whose period is a whole number of samples reaches its peak in every period.
_TIMES_A_SINE = 2.0
# If no channel changes for a quarter of a second, the recorder stalled; a quiet machine still has noise.
DROPOUT_S = 0.25
_FEWEST_HELD = 100  # fewer samples, as at a rate of a few hertz, are equal by chance


@dataclass(frozen=True)
class Expected:
    """What recordings should be like, according to a recipe's [audio].

    Attributes:
        sample_rate_hz: None if any rate is accepted, for example because the recipe resamples.
        channel: "only" for one channel, "mean" for any number, or the number of the channel to use, from 0.
        shortest_s: a shorter recording is too short.
    """

    sample_rate_hz: int | None = 16_000
    channel: int | Literal["only", "mean"] = "only"
    shortest_s: float = 1.0


@dataclass(frozen=True)
class Judgement:
    """The measures of one recording, None if it cannot be read, and (kind, reason) for each finding."""

    measures: RecordingMeasures | None
    findings: tuple[tuple[str, str], ...] = ()


def judge_recording(path: Path, expected: Expected) -> Judgement:
    """Reads a recording once and judges it; a bad file gives a finding, not an error."""
    try:
        measures = measure_recording(path)
    except FileNotFoundError:
        return Judgement(None, (("no such clip", "it is listed but does not exist"),))
    except AudioError as error:
        return Judgement(None, ((_unread(error), error.rule),))
    except OSError as error:
        return Judgement(None, (("unreadable", error.strerror or str(error)),))
    except MemoryError:
        return Judgement(None, (("unreadable", "out of memory"),))
    findings = [*_form(measures, expected), *(_damage(measures) or _signal(measures, expected))]
    return Judgement(measures, tuple(findings))


def _unread(error: AudioError) -> str:
    kinds = {EmptyAudioError: "empty", TruncatedAudioError: "truncated", UnreadableAudioError: "unreadable"}
    return kinds.get(type(error), "unreadable")


def _form(measures: RecordingMeasures, expected: Expected) -> list[tuple[str, str]]:
    """Rate, channels and length."""
    info, findings = measures.info, []
    if expected.sample_rate_hz not in (None, info.sample_rate_hz):
        reason = f"{info.sample_rate_hz} Hz, expected {expected.sample_rate_hz} Hz; audio.resample converts it"
        findings.append(("wrong rate", reason))
    if expected.channel == "only" and info.channels > 1:
        reason = f"{info.channels} channels, expected one; audio.channel selects one or averages them"
        findings.append(("wrong channels", reason))
    elif isinstance(expected.channel, int) and expected.channel >= info.channels:
        findings.append(
            ("wrong channels", f"no channel {expected.channel}: it has {counted(info.channels, 'channel')}, from 0")
        )
    if info.duration_s < expected.shortest_s:
        length = _below(info.duration_s, expected.shortest_s)
        findings.append(("too short", f"{length} s; at least {expected.shortest_s:g} s is needed"))
    return findings


def _below(value: float, limit: float) -> str:
    """A value below a limit, in as many digits as it takes to see that."""
    texts = (f"{value:.{digits}g}" for digits in range(3, 17))
    return next((text for text in texts if float(text) < limit), repr(value))


def _damage(measures: RecordingMeasures) -> list[tuple[str, str]]:
    """Findings that leave no signal to judge."""
    if measures.nonfinite:
        return [("not finite", f"{counted(measures.nonfinite, 'sample')} with NaN or infinity")]
    constants = list(zip(measures.minimum, measures.maximum, strict=True))
    if all(low == high for low, high in constants):
        if any(low != 0 for low, _ in constants):
            return [("constant", f"every sample is {constants[0][0]:.6g} of full scale")]
        return [("silent", "every sample is 0")]
    return []


def _signal(measures: RecordingMeasures, expected: Expected) -> list[tuple[str, str]]:
    """Silence, clipping, gaps and wrong scale in the channels that are used."""
    info, findings = measures.info, []
    channels = range(info.channels)
    if isinstance(expected.channel, int) and expected.channel < info.channels:
        channels = range(expected.channel, expected.channel + 1)
    # If channels are averaged, a dead one is reported too: it lowers the level.
    silent = [channel for channel in channels if measures.level_db[channel] < SILENCE_DB]
    if silent:
        findings.append(("silent", f"{_at(silent[0], info.channels)}level {measures.level_db[silent[0]]:.0f} dB"))
    clipped = next((channel for channel in channels if _is_clipped(measures, channel)), None)
    if clipped is not None:
        share = 100 * measures.at_extremes[clipped] / info.frames
        peak = max(-measures.minimum[clipped], measures.maximum[clipped])
        findings.append(("clipped", f"{_at(clipped, info.channels)}{share:.3g} % of samples at a peak of {peak:.3g}"))
    peak = max(max(-low, high) for low, high in zip(measures.minimum, measures.maximum, strict=True))
    if peak > 1:
        findings.append(("beyond full scale", f"peak {peak:.4g}, full scale is 1: integers stored as floats?"))
    hold_s = measures.longest_hold_samples / info.sample_rate_hz
    if hold_s >= DROPOUT_S and measures.longest_hold_samples >= _FEWEST_HELD and not silent:
        findings.append(("dropout", f"no sample changes for {hold_s:.2f} s"))
    return findings


def _is_clipped(measures: RecordingMeasures, channel: int) -> bool:
    """Whether three samples in a row are at full scale, or more samples are at the extremes than in any tone.

    A peak beyond full scale, of floats, is no limit of the format: only flat tops show that it was one of the recorder.
    """
    full_scale = _FULL_SCALE.get(measures.info.subtype, 32767 / 32768)
    peak = max(-measures.minimum[channel], measures.maximum[channel])
    steps = peak / (1 - full_scale)
    of_a_sine = 2 / math.pi * math.sqrt(2 / steps) if steps else 1.0
    most = _TIMES_A_SINE * of_a_sine * measures.info.frames
    if full_scale <= peak <= 1:
        return measures.flat_tops[channel] > 0 or measures.at_extremes[channel] > most
    return measures.flat_tops[channel] > most


def _at(channel: int, channels: int) -> str:
    return f"channel {channel}: " if channels > 1 else ""


def level_db(measures: RecordingMeasures, expected: Expected) -> float:
    """Level of the channel that is used, or of the mean power of all; -inf for silence, NaN if unknown."""
    levels = measures.level_db
    if isinstance(expected.channel, int) and expected.channel < len(levels):
        return levels[expected.channel]
    power = sum(10 ** (level / 10) for level in levels) / len(levels)
    return 10 * math.log10(power) if power > 0 else (-math.inf if power == 0 else math.nan)
