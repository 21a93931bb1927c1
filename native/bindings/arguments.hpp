// Reads Python arguments without converting them silently; each error names the argument.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <vector>

#include "asd/asd.h"
#include "place.hpp"

namespace asd::bindings {

namespace py = pybind11;

std::string type_name(const py::handle &value);

// An int, or an object with __index__; otherwise TypeError, or ValueError if it needs more than 64 bits.
std::int64_t to_size(const py::object &value, const char *name);
std::int32_t to_threads(const py::object &value);

// A real number: a float, an int, a NumPy scalar, or an object with __float__.
double to_number(const py::object &value, const char *name);

// True or False, Python's or NumPy's; None and numbers are refused.
bool to_bool(const py::object &value, const char *name);

// A dense array in native byte order, of the type it had. In host memory a view that is not dense is copied, and an array that
// comes by DLPack is read in place. On a CUDA device both members are the same array, and only describe the memory there.
struct Input {
    py::array original;  // as passed: `out` must not overlap it
    py::array dense;
    std::int32_t type;   // asd_sample_type; 0 for indices

    const void *data() const { return dense.data(); }
    std::int64_t dim(py::ssize_t axis) const { return dense.shape(axis); }
};

// Raises TypeError unless value is an array of one of the types; `way_out` ends that message. `place` is given by calls that also
// work on a CUDA device; without it the array must be in host memory.
Input to_input(const py::object &value, const char *name, const std::vector<asd_sample_type> &types, const char *way_out,
               Place *place = nullptr);

// (B,) int64.
Input to_indices(const py::object &value, const char *name, Place *place);

// wave: (T,) or (N, T) of one of the types, T >= 1.
struct Wave {
    Input input;
    std::int64_t clips;
    std::int64_t samples;
    bool batched;
};
Wave to_wave(const py::object &value, const std::vector<asd_sample_type> &types = {ASD_INT16, ASD_FLOAT32},
             Place *place = nullptr);

// Grid, standardisation and threads of a call that cuts segments; the sample type is that of the INIT macro.
asd_segment_options to_segment_options(const py::object &segment_samples, const py::object &hop_samples,
                                       const py::object &mean, const py::object &std, const py::object &per_segment,
                                       const py::object &threads);

// Second-order sections, (K, 6) float64.
Input to_sos(const py::object &value);

// The options that a LogMel was made with; TypeError for any other object. In bind_log_mel.cpp.
asd_log_mel_options to_log_mel_options(const py::object &log_mel);

// float64, or float32 in host memory, which is widened: that is exact.
Input to_float64(const py::object &value, const char *name, Place *place = nullptr);

[[noreturn]] void raise_shape(const char *name, const char *rule, const py::array &array, const char *way_out);

// `out` if given, checked to be a dense writable array of this shape and type that overlaps no input; otherwise a new array.
template <class Value>
py::array_t<Value> to_output(const py::object &out, const std::vector<py::ssize_t> &shape,
                             const std::vector<const Input *> &inputs);

// What a call writes to.
template <class Value>
struct Output {
    py::object object;  // what the caller gave as `out`, or a new NumPy array
    Value *data;
    py::array view;  // keeps the memory alive
};

// The same for a call that also works on a CUDA device: `out` may be any array at that place; on a device, where nothing is
// allocated, it must be given.
template <class Value>
Output<Value> to_output(const py::object &out, const std::vector<py::ssize_t> &shape,
                        const std::vector<const Input *> &inputs, Place &place, const char *name = "out");

// Raises the exception of a status that is not ASD_OK.
void raise_for(asd_status status);

}  // namespace asd::bindings
