"""Native kernels for anomalous sound detection on NumPy arrays: segments, log-mel, power, means, streams.

Arrays of other libraries are read where they lie, without a copy, by DLPack or the CUDA array interface: in host
memory by every function; on a CUDA device, in a build with CUDA, by those that have an argument `stream`, which also
write where such an `out` lies. On a device all arrays of a call are dense and on the current one, `out` is given, and
the call returns as soon as its work is queued on the stream: an int, as `torch.cuda.current_stream().cuda_stream`
gives it; None or 0 is the legacy default stream. Until that work is done the arrays must live and not be written from
other streams. Values are not checked there: a NaN stays a NaN.
"""

from asd_native._core import (
    InlierModel,
    LogMel,
    Stream,
    StreamSegment,
    abi_version,
    build_info,
    cut_segments,
    gather_segments,
    high_passed_power,
    high_passed_power_workspace,
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
    "gather_segments",
    "high_passed_power",
    "high_passed_power_workspace",
    "segment_count",
    "segment_starts",
    "weighted_map_mean",
    "weighted_mean",
]
