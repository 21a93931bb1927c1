"""What a model can hear, in words: from its table of probes."""

from collections.abc import Sequence

from asd_runtime.model.joined_score import MOST_DEVIATIONS, OE, SPECTRAL, Joined, Kind, ProbeShare, chance

NAMES = {OE: "OE", SPECTRAL: "spectral statistics"}
_FAULTS: dict[Kind, str] = {
    "tone": "a tone",
    "noise": "narrow-band noise",
    "clicks": "clicks",
    "modulation": "amplitude modulation",
    "missing band": "a missing band",
    "rise": "the rise of a band",
}
_ENOUGH = 0.5
"""A fault is heard if at least this share of the pieces with it scores above the threshold."""


def heard_from(shares: Sequence[ProbeShare]) -> float | None:
    """The level from which on a fault is heard, of its shares with rising levels; None if not at the highest one."""
    level_db = None
    for share in reversed(shares):
        if share.above < _ENOUGH:
            break
        level_db = share.level_db
    return level_db


def hearing_in_words(joined: Joined) -> str:
    """What is heard from which level on: "a tone is heard from -24 dB on, clicks from -12 dB on; ..."."""
    heard: list[str] = []
    unheard: list[str] = []
    for kind, words in _FAULTS.items():
        shares = [share for share in joined.probes if share.kind == kind]
        level_db = heard_from(shares)
        if level_db is not None:
            heard.append(f"{words} {'' if heard else f'{_verb([words])} heard '}from {level_db:g} dB on")
        elif shares:
            unheard.append(words)
    deaf = f"{_listed(unheard)} {_verb(unheard)} not heard at any level tested" if unheard else ""
    return "; ".join(filter(None, [", ".join(heard), deaf]))


def weights_in_words(joined: Joined) -> str:
    """A sentence: the detectors' say."""
    if len(joined.detectors) == 1:
        return f"The score is that of {_listed([NAMES[name] for name in joined.detectors])} alone."
    says = _listed([_say(name, detector.weight) for name, detector in joined.detectors.items()])
    if not _any_hears(joined):
        return f"No detector hears known faults better than chance would, so all weigh alike: {says}."
    return f"By how well each hears known faults, {says}."


def sensitivities_in_words(joined: Joined) -> str:
    """A sentence: how well the detectors hear the probes."""
    rises = [f"{detector.sensitivity:.2f} for {NAMES[name]}" for name, detector in joined.detectors.items()]
    return (
        "Over all probes (each known fault at each level) the mean rise of a score, in standard deviations "
        f"(each score counted up to {MOST_DEVIATIONS:g}), is {_listed(rises)}."
    )


def _say(name: str, weight: float) -> str:
    counts = "count" if name == SPECTRAL else "counts"
    return f"{NAMES[name]} {counts} {weight:.2f}" if weight > 0 else f"{NAMES[name]} {counts} nothing"


def _any_hears(joined: Joined) -> bool:
    return any(detector.sensitivity > chance(joined.probed_pieces) for detector in joined.detectors.values())


def _verb(faults: Sequence[str]) -> str:
    return "are" if len(faults) > 1 or faults[0] == "clicks" else "is"


def _listed(items: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(items[:-1]), items[-1]]))
