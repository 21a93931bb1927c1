"""From the table of probes to "a tone is heard from -24 dB on"."""

from asd_runtime.model.hearing import heard_from, hearing_in_words, sensitivities_in_words, weights_in_words
from asd_runtime.model.joined_score import OE, SPECTRAL, Joined, JoinedDetector, Kind, ProbeShare


def _shares(kind: Kind, **by_level: float) -> tuple[ProbeShare, ...]:
    return tuple(ProbeShare(kind, float(level[1:]), share, {"oe": share}) for level, share in by_level.items())


def _joined(*probes: ProbeShare, oe: float = 1.0, spectral: float = 0.0) -> Joined:
    detectors = {"oe": JoinedDetector(0.5, oe, 0.0, 1.0), "spectral": JoinedDetector(0.5, spectral, 0.0, 1.0)}
    return Joined(detectors, 0.0, 1.0, 16, probes)


def test_a_fault_is_heard_from_the_level_from_which_on_half_of_the_pieces_are_above() -> None:
    assert heard_from(_shares("rise", _3=0.2, _6=0.5, _9=0.8, _12=1.0)) == 6
    assert heard_from(_shares("rise", _3=1.0, _6=0.4, _9=0.8)) == 9, "not from a level that is followed by a deaf one"
    assert heard_from(_shares("rise", _3=1.0, _6=0.4)) is None
    assert heard_from(()) is None


def test_what_is_not_heard_is_said() -> None:
    tone, clicks = _shares("tone", _3=0.2, _6=1.0), _shares("clicks", _1=0.5, _2=0.5)
    deaf = (*_shares("modulation", _1=0.0), *_shares("rise", _24=0.4))
    words = "a tone is heard from 6 dB on, clicks from 1 dB on"
    assert hearing_in_words(_joined(*tone, *clicks)) == words
    gone = "amplitude modulation and the rise of a band are not heard at any level tested"
    assert hearing_in_words(_joined(*tone, *clicks, *deaf)) == f"{words}; {gone}"
    assert hearing_in_words(_joined(*deaf)) == gone
    assert hearing_in_words(_joined(*clicks)) == "clicks are heard from 1 dB on"


def test_it_is_said_where_no_detector_hears_more_than_chance() -> None:
    assert "all weigh alike" not in weights_in_words(_joined())
    assert "all weigh alike" in weights_in_words(_joined(oe=0.2, spectral=0.1))


def test_the_weights_and_their_reason_are_said_in_one_sentence() -> None:
    detectors = {OE: JoinedDetector(0.37, 1.31, 0.0, 1.0), SPECTRAL: JoinedDetector(0.63, 2.04, 0.0, 1.0)}
    joined = Joined(detectors, 0.0, 1.0, 15, ())
    assert weights_in_words(joined) == (
        "By how well each hears known faults, OE counts 0.37 and spectral statistics count 0.63."
    )
    assert sensitivities_in_words(joined).endswith(
        "(each score counted up to 3), is 1.31 for OE and 2.04 for spectral statistics."
    )


def test_a_detector_without_a_say_counts_nothing() -> None:
    detectors = {OE: JoinedDetector(0.0, 0.1, 0.0, 1.0), SPECTRAL: JoinedDetector(1.0, 2.0, 0.0, 1.0)}
    words = "By how well each hears known faults, OE counts nothing and spectral statistics count 1.00."
    assert weights_in_words(Joined(detectors, 0.0, 1.0, 15, ())) == words


def test_of_a_detector_alone_no_weight_is_said() -> None:
    alone = Joined({SPECTRAL: JoinedDetector(1.0, 2.0, 0.0, 1.0)}, 0.0, 1.0, 15, ())
    assert weights_in_words(alone) == "The score is that of spectral statistics alone."
