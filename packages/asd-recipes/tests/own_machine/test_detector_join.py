"""What the joining of detectors promises, from raw scores to weights, score and threshold."""

import numpy as np
import pytest
from numpy.typing import NDArray

from asd_recipes.own_machine.detector_join import DetectorJoin
from asd_recipes.own_machine.probe_scores import ProbeScores, read_probe_scores, write_probe_scores
from asd_recipes.probes.faults import FAULTS
from asd_runtime.model.joined_score import Joined

PIECES, EACH = 15, 5
ROWS = [(fault.kind, level, (5 * turn + place) % PIECES) for turn, fault in enumerate(FAULTS) for place in range(EACH)
        for level in range(7)]  # fmt: skip
Scores = dict[str, NDArray[np.float64]]
SEEDS = range(200)


def _noise(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(held-out scores, scores of probes) that have nothing to do with the sound."""
    return rng.normal(7, 3, PIECES), rng.normal(7, 3, len(ROWS))


def _hearing(rng: np.random.Generator, step: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A detector whose score of a piece rises with the level."""
    held_out = rng.normal(-2, 0.5, PIECES)
    return held_out, np.array([held_out[piece] + step * level for _, level, piece in ROWS])


def _join(detectors: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]) -> DetectorJoin:
    held_out = {name: normal for name, (normal, _) in detectors.items()}
    probes = ProbeScores(
        normal=held_out,
        probed={name: probed for name, (_, probed) in detectors.items()},
        kinds=[kind for kind, _, _ in ROWS],
        levels_db=[float(level) for _, level, _ in ROWS],
        pieces=np.array([piece for _, _, piece in ROWS]),
    )
    return DetectorJoin(held_out, probes, false_alarms=0.1, stretch_s=3.0)


def _joined(detectors: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]) -> Joined:
    return _join(detectors).run()[0]


def _weights(joined: Joined) -> dict[str, float]:
    return {name: detector.weight for name, detector in joined.detectors.items()}


def test_a_detector_of_noise_has_a_weight_near_0() -> None:
    weights = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        weights.append(_weights(_joined({"oe": _noise(rng), "spectral": _hearing(rng, 0.5)}))["oe"])
    assert np.median(weights) == 0
    assert np.mean(weights) < 0.02
    assert np.quantile(weights, 0.95) < 0.15


def test_a_deaf_detector_has_no_weight_and_two_equal_ones_have_equal_weights() -> None:
    rng = np.random.default_rng(0)
    hearing, deaf = _hearing(rng, 0.3), _hearing(rng, 0.0)
    assert _weights(_joined({"oe": deaf, "spectral": hearing})) == {"oe": 0.0, "spectral": 1.0}
    assert _weights(_joined({"oe": hearing, "spectral": hearing})) == {"oe": 0.5, "spectral": 0.5}
    assert _joined({"oe": deaf, "spectral": hearing}).voices == ["spectral"]


def test_the_order_of_the_detectors_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    oe, spectral = _hearing(rng, 0.2), _hearing(rng, 0.4)
    one, threshold = _join({"oe": oe, "spectral": spectral}).run()
    other, same = _join({"spectral": spectral, "oe": oe}).run()
    assert (_weights(one), one.mean, one.std, threshold) == (_weights(other), other.mean, other.std, same)
    assert one.probes == other.probes


@pytest.mark.parametrize(("scale", "offset"), [(1000.0, 0.0), (1e-6, 5.0)])
def test_the_scale_of_a_detectors_scores_changes_nothing(scale: float, offset: float) -> None:
    rng = np.random.default_rng(2)
    oe, spectral = _hearing(rng, 0.2), _hearing(rng, 0.4)
    one, threshold = _join({"oe": oe, "spectral": spectral}).run()
    scaled = (scale * oe[0] + offset, scale * oe[1] + offset)
    other, same = _join({"oe": scaled, "spectral": spectral}).run()
    assert _weights(other) == pytest.approx(_weights(one), rel=1e-6)
    assert same.value == pytest.approx(threshold.value, rel=1e-6)
    assert other.probes == one.probes


def test_the_joined_scores_of_held_out_pieces_have_mean_0_and_deviation_1() -> None:
    rng = np.random.default_rng(3)
    detectors = {"oe": _hearing(rng, 0.2), "spectral": _hearing(rng, 0.4)}
    joined, threshold = _join(detectors).run()
    scores = joined.score({name: held_out for name, (held_out, _) in detectors.items()})
    assert (scores.mean(), scores.std()) == (pytest.approx(0, abs=1e-9), pytest.approx(1))
    assert threshold.largest == scores.max()


def test_the_table_has_the_share_above_the_threshold_for_each_kind_and_level() -> None:
    rng = np.random.default_rng(4)
    detectors = {"oe": _hearing(rng, 0.0), "spectral": _hearing(rng, 1.0)}
    joined, threshold = _join(detectors).run()
    assert len(joined.probes) == 6 * 7
    scores = joined.score({name: probed for name, (_, probed) in detectors.items()})
    for share in joined.probes:
        rows = [row for row, (kind, level, _) in enumerate(ROWS) if (kind, level) == (share.kind, share.level_db)]
        assert share.above == np.mean(scores[rows] > threshold.value)
    assert joined.probes[6].above_alone == {"oe": pytest.approx(0, abs=0.5), "spectral": 1.0}


def test_scores_of_probes_are_read_back_as_they_were(tmp_path_factory: pytest.TempPathFactory) -> None:
    rng = np.random.default_rng(5)
    written = _join({"oe": _noise(rng), "spectral": _hearing(rng, 0.4)}).probes
    place = tmp_path_factory.mktemp("probes") / "probes.csv"
    write_probe_scores(place, written)
    read = read_probe_scores(place)
    for name in ("oe", "spectral"):
        np.testing.assert_array_equal(read.normal[name], written.normal[name])
        np.testing.assert_array_equal(read.probed[name], written.probed[name])
    assert (read.kinds, read.levels_db, read.pieces.tolist()) == (
        written.kinds,
        written.levels_db,
        written.pieces.tolist(),
    )
