// Arrays of other libraries, read in place by DLPack, or else by the CUDA array interface.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace asd::bindings {

namespace py = pybind11;

struct ForeignArray {
    // Type, shape, strides, whether it may be written; keeps the memory alive. On a CUDA device its elements must not be touched.
    py::array view;
    bool on_cuda = false;
    bool copied = false;                              // a copy for this call: what is written there is lost
    std::optional<std::int64_t> producers_stream;     // a cudaStream_t on which its owner may still work
};

// Nothing for an object that has neither protocol. `stream` is passed to DLPack for an array on a CUDA device, so that the
// producer makes that stream wait for its own work. Raises BufferError, TypeError or ValueError with the argument's name for an
// array that cannot be read; errors of the producer pass through.
std::optional<ForeignArray> to_foreign(const py::object &value, const char *name, std::int64_t stream);

// The two protocols.
ForeignArray from_dlpack(const py::object &value, const char *name, std::int64_t stream);
ForeignArray from_cuda_interface(const py::object &interface, const py::object &owner, const char *name);

// A view of memory that `owner` keeps alive, at address 0 only when it is empty. strides: bytes, empty for dense rows.
py::array view_of(void *data, const py::dtype &type, const std::vector<py::ssize_t> &shape,
                  const std::vector<py::ssize_t> &strides, bool read_only, const py::object &owner, const char *name);

}  // namespace asd::bindings
