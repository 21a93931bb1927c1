"""Native kernels for anomalous sound detection on NumPy arrays: segments, log-mel, power, means, streams.

Arrays of other libraries are read in place, without a copy, by DLPack or the CUDA array interface. Every function
takes them in host memory. In a build with CUDA, the functions with an argument `stream` also take them on a CUDA
device, and write into an `out` there. All arrays of such a call must be dense and on the current device, and `out` must
be given. `stream` is an int, for example `torch.cuda.current_stream().cuda_stream`; None or 0 is the legacy default
stream. The call returns as soon as its work is queued on the stream; until the work is done, keep the arrays alive and
do not write to them from other streams. Values on a device are not checked: a NaN stays a NaN.
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
    high_pass_sections,
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
    "high_pass_sections",
    "high_passed_power",
    "high_passed_power_workspace",
    "segment_count",
    "segment_starts",
    "weighted_map_mean",
    "weighted_mean",
]
