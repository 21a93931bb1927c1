"""Runs a model's network with OpenVINO, on the processor.

Each segment is an inference of its own, by one thread; the threads take segments in parallel. So the output of a
segment depends on nothing else, to the last bit: not on the other segments of a call, and not on the number of threads.

OpenVINO is imported when the first network is loaded. Its `__init__` also imports its converter of models, which
reports this over the network, writes to the home folder and takes most of the time; so the converter is left out.
"""

import sys
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_runtime.counted import counted
from asd_runtime.model.manifest import Precision

Float32Array = NDArray[np.float32]
_TYPES: Mapping[Precision, tuple[str, str]] = {
    "float32": ("f32", "FP32"), "bfloat16": ("bf16", "BF16"), "int8": ("f32", "INT8")
}  # fmt: skip
"""OpenVINO's name of a precision, and of a processor's capability for it. int8 is the arithmetic of the file itself:
what it does not round stays in float32."""
_EMBEDDING = 512
_CONVERTER = "openvino.tools.ovc"
_import_lock = threading.Lock()


class EngineError(ValueError):
    """This processor or this installation cannot run the network as asked."""


@dataclass(frozen=True)
class NetworkOutput:
    """Embeddings (S, 512) of S segments, and the flow's score maps (S, H, W) if the network has a flow."""

    embedding: Float32Array
    score_map: Float32Array | None


class _Slot:
    """One inference request, with memory of its own for input and outputs."""

    def __init__(self, openvino: Any, compiled: Any) -> None:
        # Memory of NumPy that OpenVINO shares: its own conversions to NumPy can lock two threads for good when both are
        # the first to use them (2026.4: a static variable's guard is held while waiting for Python's lock).
        self._request = compiled.create_infer_request()
        self._input = np.zeros(compiled.input(0).shape, np.float32)
        self._outputs = {output.any_name: np.zeros(output.shape, np.float32) for output in compiled.outputs}
        self._request.set_input_tensor(openvino.Tensor(self._input, shared_memory=True))
        for number, output in enumerate(self._outputs.values()):
            self._request.set_output_tensor(number, openvino.Tensor(output, shared_memory=True))

    def start(self, segment: Float32Array) -> None:
        self._input[0] = segment
        self._request.start_async()

    def finish(self) -> Mapping[str, Float32Array]:
        """Waits for the outputs, which stay until the next start."""
        self._request.wait()
        return self._outputs


class Network:
    """A network that is ready to run; `load` makes it. Many threads may call it at once."""

    def __init__(
        self, slots: list[_Slot], size: tuple[int, int], shapes: Mapping[str, tuple[int, ...]], description: str
    ) -> None:
        self.description = description
        self._size = size
        self._shapes = shapes
        self._idle: SimpleQueue[_Slot] = SimpleQueue()
        for slot in slots:
            self._idle.put(slot)

    @classmethod
    def load(cls, onnx: bytes, *, bands: int, frames: int, precision: Precision, threads: int) -> "Network":
        """Compiles a network for this processor.

        Args:
            onnx: content of the file, which `check_network` has accepted.
            bands: mel bands M of the input.
            frames: frames F of the input.
            precision: arithmetic of the network; inputs and outputs are float32.
            threads: number of segments that are computed at the same time, at most one for each core.

        Raises:
            EngineError: the processor cannot compute in this precision, or OpenVINO refuses the network.
        """
        openvino = import_openvino()
        compiled = _compiled(openvino, onnx, (bands, frames), precision, threads)
        shapes = {output.any_name: tuple(output.shape)[1:] for output in compiled.outputs}
        if shapes.get("embedding") != (_EMBEDDING,):
            raise EngineError(f"the network's embedding must be of {_EMBEDDING} numbers; its outputs are {shapes}.")
        threads = compiled.get_property("NUM_STREAMS")
        slots = [_Slot(openvino, compiled) for _ in range(2 * threads)]  # the next one waits while one is computed
        version = ".".join(openvino.get_version().split(".")[:2])
        return cls(slots, (bands, frames), shapes, f"OpenVINO {version}, {precision}, {counted(threads, 'thread')}")

    def __call__(self, log_mel: Float32Array) -> NetworkOutput:
        """Outputs of segments.

        Args:
            log_mel: (S, M, F); S may be 0.

        Raises:
            ValueError: log_mel has another shape than the network was loaded for.
        """
        if log_mel.ndim != 3 or log_mel.shape[1:] != self._size:
            raise ValueError(f"log_mel must be (S, {', '.join(map(str, self._size))}); got shape {log_mel.shape}.")
        outputs = {name: np.empty((len(log_mel), *shape), np.float32) for name, shape in self._shapes.items()}
        running: deque[tuple[int, _Slot]] = deque()
        try:
            for place, segment in enumerate(log_mel):
                slot = self._free_slot(running, outputs)
                running.append((place, slot))
                slot.start(segment)
        finally:
            while running:
                self._idle.put(_collect(running, outputs))
        return NetworkOutput(outputs["embedding"], outputs.get("score_map"))

    def _free_slot(self, running: deque[tuple[int, _Slot]], outputs: Mapping[str, Float32Array]) -> _Slot:
        """An idle slot, or this call's oldest one; only a call that holds none waits for those of other threads."""
        try:
            return self._idle.get_nowait()
        except Empty:
            return _collect(running, outputs) if running else self._idle.get()


def _collect(running: deque[tuple[int, _Slot]], outputs: Mapping[str, Float32Array]) -> _Slot:
    """Takes the oldest running slot, copies what it computed, and returns it."""
    place, slot = running.popleft()
    for name, computed in slot.finish().items():
        outputs[name][place] = computed[0]
    return slot


def _compiled(openvino: Any, onnx: bytes, size: tuple[int, int], precision: Precision, threads: int) -> Any:
    """OpenVINO's compiled model for a batch of one, in the precision that was asked for."""
    kind, capability = _TYPES[precision]
    core = openvino.Core()
    if "CPU" not in core.available_devices:
        raise EngineError(
            "OpenVINO does not find this processor: its CPU plug-in is missing or broken. Install openvino again."
        )
    name = core.get_property("CPU", "FULL_DEVICE_NAME")
    absent = EngineError(f"this processor ({name}) does not compute in {precision}. Score in float32.")
    if capability not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise absent
    settings = {
        "NUM_STREAMS": threads,
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": kind,
        "ENABLE_CPU_PINNING": False,  # two processes would be bound to the same cores
        "CACHE_DIR": "",
    }
    try:
        model = core.read_model(onnx)
        model.reshape([1, *size])
        compiled = core.compile_model(model, "CPU", settings)
    except RuntimeError as error:
        raise EngineError(f"OpenVINO cannot load the network: {_last_line(error)}") from error
    if compiled.get_property("INFERENCE_PRECISION_HINT") != getattr(openvino.Type, kind):
        raise absent  # OpenVINO takes another one without a word
    return compiled


def import_openvino() -> Any:
    """The module, imported without its converter unless the program has imported that already."""
    with _import_lock:
        leave_out = "openvino" not in sys.modules
        if leave_out:
            sys.modules[_CONVERTER] = None  # type: ignore[assignment]  # its import fails, which OpenVINO allows for
        try:
            import openvino
        except ImportError as error:
            raise EngineError(f"OpenVINO cannot be imported ({error}). Install it: pip install openvino.") from error
        finally:
            if leave_out:
                sys.modules.pop(_CONVERTER, None)
        return openvino


def _last_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
