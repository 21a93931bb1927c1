"""Checks what a manifest says about its detectors and probes."""

import math

from asd_runtime.model.joined_score import OE, SPECTRAL, Joined, ProbeShare
from asd_runtime.sound.front_end import FrontEnd
from asd_runtime.sound.hops import whole_hops
from asd_runtime.strict_json import JsonError

LEAST_STD = 1e-100
"""A score divided by it is a number."""
_MOST_STDS = 1e100
"""A mean so many standard deviations away from 0 can still be subtracted from a score and divided."""
_LARGEST_STRETCH = 1 << 24
_MOST_SHARES = 1000
_MOST_DB = 1000.0


def check_joined(joined: Joined, front_end: FrontEnd, *, stretch_s: float) -> None:
    """Checks that detectors, weights and probes are possible ones, and agree.

    Raises:
        JsonError: they are not.
    """
    detectors = joined.detectors
    if not detectors or not detectors.keys() <= {OE, SPECTRAL}:
        raise JsonError(f"its detectors must be one or both of {OE} and {SPECTRAL}")
    weights = [detector.weight for detector in detectors.values()]
    if min(weights) < 0 or not math.isclose(math.fsum(weights), 1, abs_tol=1e-9):
        raise JsonError("the weights of its detectors must be at least 0, and 1 in all")
    shorter = [scale.std for detector in detectors.values() for scale in detector.shorter]
    if min([joined.std, *(detector.std for detector in detectors.values()), *shorter]) < LEAST_STD:
        raise JsonError(f"a standard deviation must be at least {LEAST_STD:g}")
    hops = whole_hops(round(stretch_s * front_end.audio.sample_rate_hz), front_end.segments)
    needed = {OE: 0, SPECTRAL: hops - 1}
    if any(len(detector.shorter) != needed[name] for name, detector in detectors.items()):
        raise JsonError(f"{SPECTRAL} must have a scale for each length of 1 to {hops - 1} hops, and {OE} none")
    scales = [(joined.mean, joined.std), *((detector.mean, detector.std) for detector in detectors.values())]
    scales += [(scale.mean, scale.std) for detector in detectors.values() for scale in detector.shorter]
    if any(abs(mean) > _MOST_STDS * std for mean, std in scales):
        raise JsonError(f"a mean must be at most {_MOST_STDS:g} of its standard deviations")
    if detectors.get(SPECTRAL) and detectors[SPECTRAL].weight > 0:
        _check_stretch(front_end, stretch_s)
    _check_probes(joined)


def _check_stretch(front_end: FrontEnd, stretch_s: float) -> None:
    """A stretch goes through the log-mel spectrogram as a whole."""
    samples = stretch_s * front_end.audio.sample_rate_hz
    if max(samples, samples / front_end.log_mel.hop_samples * front_end.log_mel.bands) > _LARGEST_STRETCH:
        raise JsonError(f"a stretch of {stretch_s:g} s is too long for spectral statistics")


def _check_probes(joined: Joined) -> None:
    least = 1 if joined.probes or len(joined.detectors) > 1 else 0
    if joined.probed_pieces < least or len(joined.probes) > _MOST_SHARES:
        raise JsonError(f"its probes must be in one piece or more, and have at most {_MOST_SHARES} kinds and levels")
    if not all(_is_possible(share, joined) for share in joined.probes):
        raise JsonError(
            "each level of its probes must have a share from 0 to 1 of pieces above the threshold, by the model and by "
            "each of its detectors"
        )
    levels = [(share.kind, share.level_db) for share in joined.probes]
    kinds = list(dict.fromkeys(kind for kind, _ in levels))
    if levels != sorted(set(levels), key=lambda level: (kinds.index(level[0]), level[1])):
        raise JsonError("its probes must be kind by kind, each with rising levels")


def _is_possible(share: ProbeShare, joined: Joined) -> bool:
    shares = [share.above, *share.above_alone.values()]
    return (
        share.above_alone.keys() == joined.detectors.keys()
        and all(0 <= value <= 1 for value in shares)
        and abs(share.level_db) <= _MOST_DB
    )
