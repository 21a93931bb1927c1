from collections.abc import Iterator
from os import PathLike
from typing import (
    Any,
    Literal,
    NamedTuple,
    Protocol,
    Self,
    SupportsFloat,
    SupportsIndex,
    TypeAlias,
    TypedDict,
    TypeVar,
    overload,
)

import numpy as np
from numpy.typing import DTypeLike, NDArray

Wave: TypeAlias = NDArray[np.int16 | np.float32]
AnyWave: TypeAlias = NDArray[np.int16 | np.float32 | np.float64]
Floats: TypeAlias = NDArray[np.float32 | np.float64]

class DLPackArray(Protocol):
    def __dlpack__(self, *, stream: Any = ..., max_version: Any = ...) -> Any: ...
    def __dlpack_device__(self) -> Any: ...

class CudaArray(Protocol):
    @property
    def __cuda_array_interface__(self) -> dict[str, Any]: ...

# In host memory or on a CUDA device; the type of its elements is checked when it is read.
ForeignArray: TypeAlias = DLPackArray | CudaArray
Out = TypeVar("Out", bound=DLPackArray | CudaArray)

class BuildInfo(TypedDict):
    version: str
    abi_version: int
    compiler: str
    instruction_set: str
    cuda: bool
    cuda_architectures: str

def abi_version() -> int: ...
def build_info() -> BuildInfo: ...
def segment_count(samples: SupportsIndex, *, segment_samples: SupportsIndex, hop_samples: SupportsIndex) -> int: ...
def segment_starts(
    samples: SupportsIndex, *, segment_samples: SupportsIndex, hop_samples: SupportsIndex
) -> NDArray[np.int64]: ...
@overload
def cut_segments(
    wave: Wave | ForeignArray,
    *,
    segment_samples: SupportsIndex,
    hop_samples: SupportsIndex,
    mean: float = 0.0,
    std: float = 1.0,
    per_segment: bool = False,
    threads: SupportsIndex = 1,
    stream: SupportsIndex | None = None,
    out: None = None,
) -> NDArray[np.float32]: ...
@overload
def cut_segments(
    wave: Wave | ForeignArray,
    *,
    segment_samples: SupportsIndex,
    hop_samples: SupportsIndex,
    mean: float = 0.0,
    std: float = 1.0,
    per_segment: bool = False,
    threads: SupportsIndex = 1,
    stream: SupportsIndex | None = None,
    out: Out,
) -> Out: ...
@overload
def gather_segments(
    bank: Wave | ForeignArray,
    edges: NDArray[np.int64] | ForeignArray,
    clips: NDArray[np.int64] | ForeignArray,
    offsets: NDArray[np.int64] | ForeignArray,
    *,
    segment_samples: SupportsIndex,
    mean: float | Floats | ForeignArray = 0.0,
    std: float | Floats | ForeignArray = 1.0,
    per_segment: bool = False,
    threads: SupportsIndex = 1,
    stream: SupportsIndex | None = None,
    out: None = None,
) -> NDArray[np.float32]: ...
@overload
def gather_segments(
    bank: Wave | ForeignArray,
    edges: NDArray[np.int64] | ForeignArray,
    clips: NDArray[np.int64] | ForeignArray,
    offsets: NDArray[np.int64] | ForeignArray,
    *,
    segment_samples: SupportsIndex,
    mean: float | Floats | ForeignArray = 0.0,
    std: float | Floats | ForeignArray = 1.0,
    per_segment: bool = False,
    threads: SupportsIndex = 1,
    stream: SupportsIndex | None = None,
    out: Out,
) -> Out: ...

class LogMel:
    def __init__(
        self,
        *,
        sample_rate_hz: float,
        window_samples: SupportsIndex,
        hop_samples: SupportsIndex,
        bands: SupportsIndex,
        low_hz: float,
        high_hz: float,
        mel_scale: Literal["htk", "slaney"] = "htk",
        area_norm: bool = False,
        power: float = 1.0,
        normalise_window: bool = True,
        log: bool = True,
        floor: float = ...,
        padding: Literal["reflect", "zero"] = "reflect",
    ) -> None: ...
    def frames(self, samples: SupportsIndex) -> int: ...
    def filters(self) -> NDArray[np.float32]: ...
    def spectrogram(
        self,
        wave: AnyWave,
        *,
        mean: float = 0.0,
        std: float = 1.0,
        threads: SupportsIndex = 1,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]: ...
    def segments(
        self,
        wave: AnyWave,
        *,
        segment_samples: SupportsIndex,
        hop_samples: SupportsIndex,
        mean: float = 0.0,
        std: float = 1.0,
        per_segment: bool = False,
        threads: SupportsIndex = 1,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]: ...

def high_pass_sections(
    sample_rate_hz: SupportsFloat,
    *,
    pass_hz: SupportsFloat,
    stop_hz: SupportsFloat,
    pass_db: SupportsFloat,
    stop_db: SupportsFloat,
) -> NDArray[np.float64]: ...
@overload
def high_passed_power(
    wave: Wave | ForeignArray,
    sos: NDArray[np.float64] | ForeignArray,
    *,
    segment_samples: SupportsIndex,
    hop_samples: SupportsIndex,
    bins: SupportsIndex = 1,
    causal: bool = False,
    threads: SupportsIndex = 1,
    stream: SupportsIndex | None = None,
    workspace: ForeignArray | None = None,
    out: None = None,
) -> NDArray[np.float64]: ...
@overload
def high_passed_power(
    wave: Wave | ForeignArray,
    sos: NDArray[np.float64] | ForeignArray,
    *,
    segment_samples: SupportsIndex,
    hop_samples: SupportsIndex,
    bins: SupportsIndex = 1,
    causal: bool = False,
    threads: SupportsIndex = 1,
    stream: SupportsIndex | None = None,
    workspace: ForeignArray | None = None,
    out: Out,
) -> Out: ...
def high_passed_power_workspace(
    *,
    clips: SupportsIndex,
    samples: SupportsIndex,
    sos: NDArray[np.float64] | ForeignArray,
    segment_samples: SupportsIndex,
    hop_samples: SupportsIndex,
) -> int: ...
@overload
def weighted_mean(
    scores: Floats | ForeignArray,
    weights: Floats | ForeignArray,
    *,
    threads: SupportsIndex = 1,
    stream: SupportsIndex | None = None,
    out: None = None,
) -> NDArray[np.float64]: ...
@overload
def weighted_mean(
    scores: Floats | ForeignArray,
    weights: Floats | ForeignArray,
    *,
    threads: SupportsIndex = 1,
    stream: SupportsIndex | None = None,
    out: Out,
) -> Out: ...
@overload
def weighted_map_mean(
    maps: Floats | ForeignArray,
    weights: Floats | ForeignArray,
    *,
    threads: SupportsIndex = 1,
    stream: SupportsIndex | None = None,
    out: None = None,
) -> NDArray[np.float64]: ...
@overload
def weighted_map_mean(
    maps: Floats | ForeignArray,
    weights: Floats | ForeignArray,
    *,
    threads: SupportsIndex = 1,
    stream: SupportsIndex | None = None,
    out: Out,
) -> Out: ...

class InlierModel:
    def __init__(self, source: str | PathLike[str] | bytes, /) -> None: ...
    @property
    def kind(self) -> Literal["MahalanobisKNN", "GaussianMixtureInlier"]: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def vectors(self) -> int | None: ...
    @property
    def neighbours(self) -> int | None: ...
    @property
    def components(self) -> int | None: ...
    def anomaly_score(
        self, queries: Floats, *, threads: SupportsIndex = 1, out: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]: ...

class StreamSegment(NamedTuple):
    start: int
    log_mel: NDArray[np.float32]
    power: NDArray[np.float64]
    weight: float

class Stream:
    def __init__(
        self,
        log_mel: LogMel,
        sos: NDArray[np.float64],
        *,
        dtype: DTypeLike,
        segment_samples: SupportsIndex,
        hop_samples: SupportsIndex,
        mean: float = 0.0,
        std: float = 1.0,
        per_segment: bool = False,
        bins: SupportsIndex = 1,
    ) -> None: ...
    def push(self, block: Wave) -> Iterator[StreamSegment]: ...
    def finish(self) -> Iterator[StreamSegment]: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> StreamSegment: ...
    def add_score(self, score: float) -> float: ...
    @property
    def mean(self) -> float: ...
    def reset(self) -> None: ...
