"""Native kernels for anomalous sound detection on NumPy arrays: segments, log-mel, power, means, streams."""

from asd_native._core import (
    InlierModel,
    LogMel,
    Stream,
    StreamSegment,
    abi_version,
    build_info,
    cut_segments,
    high_passed_power,
    segment_count,
    segment_starts,
    weighted_map_mean,
    weighted_mean,
)

__version__ = "0.1.0"

__all__ = [
    "InlierModel",
    "LogMel",
    "Stream",
    "StreamSegment",
    "abi_version",
    "build_info",
    "cut_segments",
    "high_passed_power",
    "segment_count",
    "segment_starts",
    "weighted_map_mean",
    "weighted_mean",
]
