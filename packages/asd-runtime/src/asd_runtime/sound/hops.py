"""How many hops of the segments fit into a number of samples."""

from asd_features import SegmentSettings


def whole_hops(samples: int, settings: SegmentSettings) -> int:
    """How many hops of the segments so many samples hold; 1 if they are fewer than a hop."""
    return max(1, samples // settings.hop_samples)
