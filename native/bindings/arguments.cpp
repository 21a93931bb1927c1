#include "arguments.hpp"

#include <limits>
#include <string>

namespace asd::bindings {

using std::int64_t;

std::string type_name(const py::handle &value) { return py::str(py::type::handle_of(value).attr("__name__")); }

int64_t to_size(const py::object &value, const char *name) {
    const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
    if (!index) {
        PyErr_Clear();
        throw py::type_error(std::string(name) + " must be an int; got " + type_name(value) + ": pass int(...) of it");
    }
    int overflow = 0;
    const long long size = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
    if (overflow)
        throw py::value_error(std::string(name) + " must fit 64 bits; got " + std::string(py::str(index)));
    return size;
}

std::int32_t to_threads(const py::object &value) {
    const int64_t threads = to_size(value, "threads");
    if (threads < 0 || threads > std::numeric_limits<std::int32_t>::max())
        throw py::value_error("threads must be between 0 (all cores) and 2147483647; got " + std::to_string(threads));
    return static_cast<std::int32_t>(threads);
}

double to_number(const py::object &value, const char *name) {
    const double number = PyFloat_AsDouble(value.ptr());
    if (number != -1.0 || !PyErr_Occurred()) return number;
    const bool too_large = PyErr_ExceptionMatches(PyExc_OverflowError);
    PyErr_Clear();
    if (too_large) throw py::value_error(std::string(name) + " must fit a float; got an int that is too large for one");
    throw py::type_error(std::string(name) + " must be a float; got " + type_name(value) + ": pass float(...) of it");
}

bool to_bool(const py::object &value, const char *name) {
    if (PyBool_Check(value.ptr())) return value.ptr() == Py_True;
    if (py::isinstance(value, py::module_::import("numpy").attr("bool_"))) return py::cast<bool>(value);
    throw py::type_error(std::string(name) + " must be a bool; got " + type_name(value) + ": pass True or False");
}

asd_segment_options to_segment_options(const py::object &segment_samples, const py::object &hop_samples,
                                       const py::object &mean, const py::object &std, const py::object &per_segment,
                                       const py::object &threads) {
    asd_segment_options options = ASD_SEGMENT_OPTIONS_INIT;
    options.segment_samples = to_size(segment_samples, "segment_samples");
    options.hop_samples = to_size(hop_samples, "hop_samples");
    options.mean = to_number(mean, "mean");
    options.std = to_number(std, "std");
    options.per_segment = to_bool(per_segment, "per_segment");
    options.threads = to_threads(threads);
    if (options.per_segment && (options.mean != 0.0 || options.std != 1.0))
        throw py::value_error("mean and std must be left out with per_segment=True, which computes its own");
    return options;
}

Wave to_wave(const py::object &value, const std::vector<asd_sample_type> &types, Place *place) {
    Input input = to_input(value, "wave", types, "pass wave.astype(np.float32)", place);
    const py::ssize_t axes = input.dense.ndim();
    if (axes != 1 && axes != 2)
        raise_shape("wave", "(T,) or (N, T)", input.original, "one channel is wave[channel] or wave[:, channel]");
    const int64_t samples = input.dim(axes - 1);
    if (samples == 0) raise_shape("wave", "(T,) or (N, T) with T >= 1", input.original, "leave empty clips out");
    const int64_t clips = axes == 2 ? input.dim(0) : 1;
    return {std::move(input), clips, samples, axes == 2};
}

Input to_sos(const py::object &value) {
    Input sos = to_input(value, "sos", {ASD_FLOAT64}, "pass the array of scipy.signal.butter(..., output=\"sos\")");
    if (sos.dense.ndim() != 2 || sos.dim(1) != 6)
        raise_shape("sos", "(K, 6)", sos.original, "pass the array of scipy.signal.butter(..., output=\"sos\")");
    return sos;
}

Input to_float64(const py::object &value, const char *name, Place *place) {
    Input input = to_input(value, name, {ASD_FLOAT64, ASD_FLOAT32}, "pass it .astype(np.float64)", place);
    if (input.type == ASD_FLOAT32) {
        if (place && place->on_cuda())
            throw py::type_error(std::string(name) + " must be float64 on a CUDA device; got float32: pass " + name + ".double()");
        input.dense = py::array_t<double, py::array::c_style | py::array::forcecast>::ensure(input.dense);
        if (!input.dense) throw py::error_already_set();
        input.type = ASD_FLOAT64;
    }
    return input;
}

void raise_for(asd_status status) {
    if (status == ASD_OK) return;
    const std::string message = asd_last_error();
    if (status == ASD_INVALID_ARGUMENT) throw py::value_error(message);
    if (status == ASD_INVALID_MODEL) {
        // The path in it may be of any bytes, and may have been cut within a character.
        const auto text = py::reinterpret_steal<py::object>(
            PyUnicode_DecodeUTF8(message.data(), static_cast<py::ssize_t>(message.size()), "replace"));
        PyErr_SetObject(PyExc_ValueError, text.ptr());
        throw py::error_already_set();
    }
    if (status == ASD_OUT_OF_MEMORY) {
        PyErr_SetString(PyExc_MemoryError, message.c_str());
        throw py::error_already_set();
    }
    throw std::runtime_error(message);
}

}  // namespace asd::bindings
