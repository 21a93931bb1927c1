"""Arrays of a made-up library: DLPack capsules and CUDA array interfaces over NumPy memory, right and wrong.

What says that it is on a CUDA device is host memory all the same: only an emulated device may read it there.
"""

import ctypes
from typing import Any

from numpy.typing import NDArray

CPU, CUDA, OPENCL, CUDA_HOST = 1, 2, 4, 3
READ_ONLY, IS_COPIED = 1, 2
_CODES = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("axes", ctypes.c_int32),
        ("type_code", ctypes.c_uint8),
        ("type_bits", ctypes.c_uint8),
        ("type_lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


_Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Unversioned(ctypes.Structure):
    _fields_ = [("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", _Deleter)]


class _Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", _Deleter),
        ("flags", ctypes.c_uint64),
        ("tensor", _Tensor),
    ]


_Destructor = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_new = ctypes.pythonapi.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, _Destructor]
_is_valid = ctypes.pythonapi.PyCapsule_IsValid
_is_valid.restype, _is_valid.argtypes = ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p]


class DLPackArray:
    """Lends an array by DLPack, and counts how many are lent, given back by the consumer, and left in their capsule."""

    def __init__(
        self,
        array: NDArray[Any],
        *,
        device: int = CPU,
        capsule_device: int | None = None,
        versioned: bool = True,
        major: int = 1,
        flags: int = 0,
        with_strides: bool = True,
        byte_offset: int = 0,
        code: int | None = None,
        bits: int | None = None,
        lanes: int = 1,
        axes: int | None = None,
        null: bool = False,
        error: BaseException | None = None,
        knows_versions: bool = True,
    ) -> None:
        self.array, self.device, self.versioned, self.error = array, device, versioned, error
        self.knows_versions = knows_versions
        self.asked: list[dict[str, Any]] = []
        self.lent = self.given_back = self.left_in_capsule = 0
        self._shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        self._strides = (ctypes.c_int64 * array.ndim)(*(step // array.itemsize for step in array.strides))
        self._tensor = _Tensor(
            data=None if null else array.ctypes.data - byte_offset,
            device_type=device if capsule_device is None else capsule_device,
            device_id=0,
            axes=array.ndim if axes is None else axes,
            type_code=_CODES[array.dtype.kind] if code is None else code,
            type_bits=8 * array.itemsize if bits is None else bits,
            type_lanes=lanes,
            shape=self._shape,
            strides=self._strides if with_strides else None,
            byte_offset=byte_offset,
        )
        self._deleter, self._destructor = _Deleter(self._taker_is_done), _Destructor(self._capsule_dies)
        if versioned:
            self._managed: Any = _Versioned(
                major=major, minor=0, context=None, deleter=self._deleter, flags=flags, tensor=self._tensor
            )
        else:
            self._managed = _Unversioned(tensor=self._tensor, context=None, deleter=self._deleter)
        self._name = b"dltensor_versioned" if versioned else b"dltensor"

    def _taker_is_done(self, _: int) -> None:
        self.given_back += 1

    def _capsule_dies(self, capsule: int) -> None:
        self.left_in_capsule += bool(_is_valid(capsule, self._name))

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device, 0

    def __dlpack__(self, **options: Any) -> Any:
        self.asked.append(options)
        if not self.knows_versions and "max_version" in options:
            raise TypeError("__dlpack__() got an unexpected keyword argument 'max_version'")
        if self.error is not None:
            raise self.error
        self.lent += 1
        return _new(ctypes.addressof(self._managed), self._name, self._destructor)


class CudaInterfaceArray:
    """Shows an array by the CUDA array interface; `entries` replace its own entries, and None removes one."""

    def __init__(self, array: NDArray[Any], **entries: Any) -> None:
        self.array = array
        own = {
            "shape": array.shape,
            "typestr": array.dtype.str,
            "data": (array.ctypes.data if array.size else 0, not array.flags.writeable),
            "version": 3,
            "strides": None if array.flags.c_contiguous else array.strides,
        }
        self._interface = {key: value for key, value in {**own, **entries}.items() if value is not None}

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return self._interface
