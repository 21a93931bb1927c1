"""A model and its recordings by the C interface of an installed library, as Python sees it through ctypes."""

import ctypes
from collections.abc import Callable
from ctypes import c_char_p, c_double, c_int32, c_int64, c_void_p
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class _Struct(ctypes.Structure):
    def __init__(self, **values: Any) -> None:
        super().__init__(struct_size=ctypes.sizeof(type(self)), **values)


def _struct(name: str, **fields: Any) -> type[_Struct]:
    return type(name, (_Struct,), {"_fields_": [("struct_size", c_int64), *fields.items()]})


ModelDescription = _struct(
    "ModelDescription", machine=c_char_p, system=c_char_p, precision=c_char_p, sample_rate_hz=c_int64,
    segment_samples=c_int64, hop_samples=c_int64, bands=c_int64, frames=c_int64, dimensions=c_int64, networks=c_int64,
    threshold=c_double, stretch_s=c_double, channel=c_int32, resample=c_int32, synthetic=c_int32, reserved=c_int32,
)  # fmt: skip
NetworkDescription = _struct(
    "NetworkDescription", attribute=c_char_p, onnx_bytes=c_int64, flow=c_int32, reserved=c_int32
)
RecordingOptions = _struct("RecordingOptions", sample_type=c_int32, threads=c_int32)
RecordingDescription = _struct("RecordingDescription", segments=c_int64, stretches=c_int64, gaps=c_int64)
NetworkOutput = _struct(
    "NetworkOutput", first=c_int64, count=c_int64, dimensions=c_int64, height=c_int64, width=c_int64,
    embeddings=c_void_p, score_maps=c_void_p,
)  # fmt: skip
Verdict = _struct(
    "Verdict", score=c_double, stretches_above=c_int64, worst_stretch=c_int64, anomalous=c_int32, reserved=c_int32
)
Stretch = _struct(
    "Stretch", start_s=c_double, end_s=c_double, score=c_double, worst_start_s=c_double, worst_end_s=c_double,
    scored=c_int32, above=c_int32,
)  # fmt: skip

StatisticsOptions = _struct("StatisticsOptions", rank_decay=c_double, value_type=c_int32, threads=c_int32)

Network = Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], NDArray[np.float32] | None]]
"""Embeddings (S, D) and score maps (S, H, W) or None of spectrograms (S, M, F)."""


def address(array: NDArray[Any]) -> c_void_p:
    return c_void_p(array.ctypes.data)


class CError(Exception):
    """A status other than ASD_OK; its number and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class CModel:
    """asd_model; the calls that it makes are those of native/examples/cpp/score_model.cpp."""

    def __init__(self, library: Path, folder: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        self._library.asd_last_error.restype = c_char_p
        self._model = c_void_p()
        self._call("asd_model_open", str(folder).encode(), ctypes.byref(self._model))
        self.facts: Any = ModelDescription()
        self._call("asd_model_describe", self._model, ctypes.byref(self.facts))

    def __del__(self) -> None:
        self._library.asd_model_destroy(self._model)

    def _call(self, name: str, *arguments: Any) -> None:
        status = getattr(self._library, name)(*arguments)
        if status != 0:
            raise CError(status, self._library.asd_last_error().decode())

    def network_bytes(self, number: int) -> bytes:
        facts: Any = NetworkDescription()
        self._call("asd_model_describe_network", self._model, c_int64(number), ctypes.byref(facts))
        onnx = ctypes.create_string_buffer(facts.onnx_bytes)
        self._call("asd_model_read_network", self._model, c_int64(number), onnx, c_int64(len(onnx)))
        return onnx.raw

    def score(
        self, wave: NDArray[Any], networks: list[Network], *, together: int = 3, threads: int = 1
    ) -> tuple[Any, list[Any], list[tuple[float, float]], NDArray[np.float32]]:
        """Verdict, stretches, gaps, and the spectrograms of all segments."""
        wave, recording = np.ascontiguousarray(wave), c_void_p()
        options = RecordingOptions(sample_type={"int16": 1, "float32": 2}[wave.dtype.name], threads=threads)
        self._call(
            "asd_recording_create", self._model, address(wave), c_int64(len(wave)), ctypes.byref(options),
            ctypes.byref(recording),
        )  # fmt: skip
        try:
            return self._scored(recording, networks, together)
        finally:
            self._library.asd_recording_destroy(recording)

    def _scored(
        self, recording: c_void_p, networks: list[Network], together: int
    ) -> tuple[Any, list[Any], list[tuple[float, float]], NDArray[np.float32]]:
        facts: Any = RecordingDescription()
        self._call("asd_recording_describe", recording, ctypes.byref(facts))
        spectrograms = []
        for first in range(0, facts.segments, together):
            mel = np.empty((min(together, facts.segments - first), self.facts.bands, self.facts.frames), np.float32)
            self._call("asd_recording_log_mel", recording, c_int64(first), c_int64(len(mel)), address(mel))
            spectrograms.append(mel)
            for number, network in enumerate(networks):
                self._add(recording, number, first, network(mel))
        verdict: Any = Verdict()
        self._call("asd_recording_judge", recording, ctypes.byref(verdict))
        stretches = [Stretch() for _ in range(facts.stretches)]
        for number, stretch in enumerate(stretches):
            self._call("asd_recording_stretch", recording, c_int64(number), ctypes.byref(stretch))
        gaps = [self._gap(recording, number) for number in range(facts.gaps)]
        return verdict, stretches, gaps, np.concatenate(spectrograms)

    def _add(
        self,
        recording: c_void_p,
        number: int,
        first: int,
        output: tuple[NDArray[np.float32], NDArray[np.float32] | None],
    ) -> None:
        embeddings, maps = output
        height, width = (0, 0) if maps is None else maps.shape[1:]
        given = NetworkOutput(
            first=first, count=len(embeddings), dimensions=embeddings.shape[1], height=height, width=width,
            embeddings=embeddings.ctypes.data, score_maps=None if maps is None else maps.ctypes.data,
        )  # fmt: skip
        self._call("asd_recording_add", recording, c_int64(number), ctypes.byref(given))

    def _gap(self, recording: c_void_p, number: int) -> tuple[float, float]:
        start_s, end_s = c_double(), c_double()
        self._call("asd_recording_gap", recording, c_int64(number), ctypes.byref(start_s), ctypes.byref(end_s))
        return start_s.value, end_s.value


def pooled(library: Path, mel: NDArray[Any], statistics: list[int], rank_decay: float) -> NDArray[np.float64]:
    """asd_spectral_statistics of spectrograms (N, M, F)."""
    options = StatisticsOptions(
        rank_decay=rank_decay, value_type={"float32": 2, "float64": 3}[mel.dtype.name], threads=1
    )
    found = np.empty((len(mel), len(statistics) * mel.shape[1]))
    status = ctypes.CDLL(str(library)).asd_spectral_statistics(
        address(mel), *map(c_int64, mel.shape), (c_int32 * len(statistics))(*statistics), c_int64(len(statistics)),
        ctypes.byref(options), address(found),
    )  # fmt: skip
    assert status == 0
    return found
