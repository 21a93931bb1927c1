"""Reads a model and scores recordings with it; needs NumPy and OpenVINO, and neither torch nor scikit-learn.

Everything is imported when it is first used, so that `asd --help` answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asd_runtime.errors import ModelError as ModelError
    from asd_runtime.errors import RecordingError as RecordingError
    from asd_runtime.errors import StreamError as StreamError
    from asd_runtime.errors import UnscorableError as UnscorableError
    from asd_runtime.model.manifest import Manifest as Manifest
    from asd_runtime.model.reading import read_manifest as read_manifest
    from asd_runtime.scoring.scorer import Scorer as Scorer
    from asd_runtime.scoring.streams import SegmentScore as SegmentScore
    from asd_runtime.scoring.streams import Stream as Stream
    from asd_runtime.scoring.streams import StreamEnd as StreamEnd
    from asd_runtime.scoring.streams import Streams as Streams
    from asd_runtime.scoring.stretches import RecordingScore as RecordingScore
    from asd_runtime.scoring.stretches import Stretch as Stretch

__version__ = "0.1.0"
_HOME = {
    "Manifest": "model.manifest",
    "ModelError": "errors",
    "RecordingError": "errors",
    "RecordingScore": "scoring.stretches",
    "Scorer": "scoring.scorer",
    "SegmentScore": "scoring.streams",
    "Stream": "scoring.streams",
    "StreamEnd": "scoring.streams",
    "StreamError": "errors",
    "Streams": "scoring.streams",
    "Stretch": "scoring.stretches",
    "UnscorableError": "errors",
    "read_manifest": "model.reading",
}

__all__ = [
    "Manifest",
    "ModelError",
    "RecordingError",
    "RecordingScore",
    "Scorer",
    "SegmentScore",
    "Stream",
    "StreamEnd",
    "StreamError",
    "Streams",
    "Stretch",
    "UnscorableError",
    "read_manifest",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
