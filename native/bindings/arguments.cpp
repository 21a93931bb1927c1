#include "arguments.hpp"

#include <limits>
#include <string>

namespace asd::bindings {
namespace {

using std::int64_t;

std::string type_name(const py::handle &value) { return py::str(py::type::handle_of(value).attr("__name__")); }

std::string shape_text(const py::array &array) { return py::str(py::object(array.attr("shape"))); }

std::string shape_text(const std::vector<py::ssize_t> &shape) {
    py::tuple sizes(shape.size());
    for (std::size_t axis = 0; axis < shape.size(); ++axis) sizes[axis] = shape[axis];
    return py::str(sizes);
}

py::dtype dtype_of(asd_sample_type type) {
    switch (type) {
        case ASD_INT16: return py::dtype::of<std::int16_t>();
        case ASD_FLOAT32: return py::dtype::of<float>();
        default: return py::dtype::of<double>();
    }
}

// First and one past the last byte that a view reaches.
struct Extent {
    const char *begin;
    const char *end;
};

Extent extent(const py::array &array) {
    const char *begin = static_cast<const char *>(array.data()), *end = begin;
    if (array.size() == 0) return {begin, begin};
    for (py::ssize_t axis = 0; axis < array.ndim(); ++axis) {
        const py::ssize_t reach = (array.shape(axis) - 1) * array.strides(axis);
        (reach < 0 ? begin : end) += reach;
    }
    return {begin, end + array.itemsize()};
}

bool overlap(const py::array &a, const py::array &b) {
    const Extent left = extent(a), right = extent(b);
    return left.begin < right.end && right.begin < left.end;
}

bool has_flags(const py::array &array, int flags) { return (array.flags() & flags) == flags; }

void require_addressable(const std::vector<py::ssize_t> &shape, py::ssize_t itemsize) {
    py::ssize_t left = std::numeric_limits<py::ssize_t>::max() / itemsize;
    for (const py::ssize_t size : shape) {
        if (size > left)
            throw py::value_error("segment_samples gives a result of shape " + shape_text(shape) +
                                  ", which is more than memory can hold: pass shorter segments or fewer clips");
        left /= size > 0 ? size : 1;
    }
}

constexpr int DENSE = py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_;

}  // namespace

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

Input to_input(const py::object &value, const char *name, const std::vector<asd_sample_type> &types,
               const char *way_out) {
    if (!py::isinstance<py::array>(value))
        throw py::type_error(std::string(name) + " must be a numpy array; got " + type_name(value) + ": " + way_out);
    const auto array = py::reinterpret_borrow<py::array>(value);
    for (const asd_sample_type type : types) {
        const py::dtype dtype = dtype_of(type);
        if (!array.dtype().is(dtype) && !array.dtype().equal(dtype)) continue;
        py::array dense = array;
        if (!has_flags(array, DENSE)) {
            dense = py::reinterpret_steal<py::array>(py::detail::npy_api::get().PyArray_FromAny_(
                array.ptr(), dtype.inc_ref().ptr(), 0, 0, DENSE | py::detail::npy_api::NPY_ARRAY_ENSUREARRAY_, nullptr));
            if (!dense) throw py::error_already_set();
        }
        return {array, dense, type};
    }
    std::string allowed;
    for (const asd_sample_type type : types)
        allowed += (allowed.empty() ? "" : " or ") + std::string(py::str(py::object(dtype_of(type))));
    throw py::type_error(std::string(name) + " must be " + allowed + "; got " +
                         std::string(py::str(py::object(array.dtype()))) + ": " + way_out);
}

Wave to_wave(const py::object &value, const std::vector<asd_sample_type> &types) {
    Input input = to_input(value, "wave", types, "pass wave.astype(np.float32)");
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

Input to_float64(const py::object &value, const char *name) {
    Input input = to_input(value, name, {ASD_FLOAT64, ASD_FLOAT32}, "pass it .astype(np.float64)");
    if (input.type == ASD_FLOAT32) {
        input.dense = py::array_t<double, py::array::c_style | py::array::forcecast>::ensure(input.dense);
        if (!input.dense) throw py::error_already_set();
        input.type = ASD_FLOAT64;
    }
    return input;
}

void raise_shape(const char *name, const char *rule, const py::array &array, const char *way_out) {
    throw py::value_error(std::string(name) + " must be " + rule + "; got shape " + shape_text(array) + ": " + way_out);
}

template <class Value>
py::array_t<Value> to_output(const py::object &out, const std::vector<py::ssize_t> &shape,
                             const std::vector<const Input *> &inputs) {
    if (out.is_none()) {
        require_addressable(shape, sizeof(Value));
        return py::array_t<Value>(shape);
    }
    const std::string wanted = std::string(py::str(py::object(py::dtype::of<Value>())));
    const std::string way_out = ": pass np.empty(" + shape_text(shape) + ", np." + wanted + ") or leave it out";
    if (!py::isinstance<py::array>(out))
        throw py::type_error("out must be a numpy array; got " + type_name(out) + way_out);
    const auto array = py::reinterpret_borrow<py::array>(out);
    if (!array.dtype().equal(py::dtype::of<Value>()))
        throw py::type_error("out must be " + wanted + "; got " + std::string(py::str(py::object(array.dtype()))) + way_out);
    if (shape_text(array) != shape_text(shape))
        throw py::value_error("out must have shape " + shape_text(shape) + "; got " + shape_text(array) + way_out);
    if (!array.writeable()) throw py::value_error("out must be writable; got a read-only array" + way_out);
    if (!has_flags(array, DENSE)) throw py::value_error("out must be C-contiguous and aligned; got a view" + way_out);
    for (const Input *input : inputs)
        if (overlap(array, input->original))
            throw py::value_error("out must not share memory with the input; it does" + way_out);
    return py::reinterpret_borrow<py::array_t<Value>>(array);
}

template py::array_t<float> to_output(const py::object &, const std::vector<py::ssize_t> &,
                                      const std::vector<const Input *> &);
template py::array_t<double> to_output(const py::object &, const std::vector<py::ssize_t> &,
                                       const std::vector<const Input *> &);

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
