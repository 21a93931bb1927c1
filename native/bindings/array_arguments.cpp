#include <limits>
#include <string>

#include "arguments.hpp"

namespace asd::bindings {
namespace {

using std::int64_t;

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

// The first byte of a view, and the one after its last.
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

// An array argument as passed: one of NumPy's or of another library.
struct Given {
    py::array array;
    std::optional<ForeignArray> foreign;

    bool on_cuda() const { return foreign && foreign->on_cuda; }
};

Given to_given(const py::object &value, const char *name, const std::string &way_out, const Place *place) {
    if (py::isinstance<py::array>(value)) return {py::reinterpret_borrow<py::array>(value), std::nullopt};
    std::optional<ForeignArray> foreign = to_foreign(value, name, place ? place->dlpack_stream() : 1);
    if (!foreign)
        throw py::type_error(std::string(name) + " must be a numpy array, or one with __dlpack__ or __cuda_array_interface__; got " +
                             type_name(value) + ": " + way_out);
    const py::array view = foreign->view;
    return {view, std::move(foreign)};
}

void require_dense(const py::array &array, const char *name, const std::string &way_out) {
    if (has_flags(array, DENSE)) return;
    throw py::value_error(std::string(name) + " must be C-contiguous and aligned on a CUDA device; got shape " +
                          shape_text(array) + " with strides of " + std::string(py::str(py::object(array.attr("strides")))) +
                          " bytes: " + way_out);
}

// Checks that the array is at the place of the call.
void join(const Given &given, const char *name, Place *place) {
    if (place) return place->join(name, given.foreign ? &*given.foreign : nullptr);
    if (given.on_cuda())
        throw py::value_error(std::string(name) + " must be in host memory, where this runs; it is on a CUDA device: pass " + name +
                              ".cpu()");
}

struct TypeChoice {
    py::dtype dtype;
    std::int32_t type;
};

Input read_array(const py::object &value, const char *name, const std::vector<TypeChoice> &choices, const char *way_out,
                 Place *place) {
    const Given given = to_given(value, name, way_out, place);
    const py::array &array = given.array;
    for (const TypeChoice &choice : choices) {
        if (!array.dtype().is(choice.dtype) && !array.dtype().equal(choice.dtype)) continue;
        if (given.on_cuda()) require_dense(array, name, std::string("pass ") + name + ".contiguous()");
        join(given, name, place);
        py::array dense = array;
        if (!has_flags(array, DENSE)) {
            dense = py::reinterpret_steal<py::array>(
                py::detail::npy_api::get().PyArray_FromAny_(array.ptr(), choice.dtype.inc_ref().ptr(), 0, 0,
                                                            DENSE | py::detail::npy_api::NPY_ARRAY_ENSUREARRAY_, nullptr));
            if (!dense) throw py::error_already_set();
        }
        return {array, dense, choice.type};
    }
    std::string allowed;
    for (const TypeChoice &choice : choices)
        allowed += (allowed.empty() ? "" : " or ") + std::string(py::str(py::object(choice.dtype)));
    throw py::type_error(std::string(name) + " must be " + allowed + "; got " +
                         std::string(py::str(py::object(array.dtype()))) + ": " + way_out);
}

template <class Value>
std::string wanted_type() {
    return py::str(py::object(py::dtype::of<Value>()));
}

template <class Value>
void require_writable_as(const py::array &out, const char *name, const std::vector<py::ssize_t> &shape,
                         const std::vector<const Input *> &inputs, const std::string &way_out) {
    const std::string must = std::string(name) + " must ";
    if (!out.dtype().equal(py::dtype::of<Value>()))
        throw py::type_error(must + "be " + wanted_type<Value>() + "; got " + std::string(py::str(py::object(out.dtype()))) +
                             way_out);
    if (shape_text(out) != shape_text(shape))
        throw py::value_error(must + "have shape " + shape_text(shape) + "; got " + shape_text(out) + way_out);
    if (!out.writeable()) throw py::value_error(must + "be writable; got a read-only array" + way_out);
    if (!has_flags(out, DENSE)) throw py::value_error(must + "be C-contiguous and aligned; got a view" + way_out);
    for (const Input *input : inputs)
        if (overlap(out, input->original))
            throw py::value_error(must + "not share memory with the input; it does" + way_out);
}

}  // namespace

Input to_input(const py::object &value, const char *name, const std::vector<asd_sample_type> &types, const char *way_out,
               Place *place) {
    std::vector<TypeChoice> choices;
    for (const asd_sample_type type : types) choices.push_back({dtype_of(type), type});
    return read_array(value, name, choices, way_out, place);
}

Input to_indices(const py::object &value, const char *name, Place *place) {
    Input indices = read_array(value, name, {{py::dtype::of<int64_t>(), 0}}, "pass np.asarray(..., np.int64)", place);
    if (indices.dense.ndim() != 1) raise_shape(name, "one-dimensional", indices.original, "pass it .reshape(-1)");
    return indices;
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
    const std::string way_out = ": pass np.empty(" + shape_text(shape) + ", np." + wanted_type<Value>() + ") or leave it out";
    if (!py::isinstance<py::array>(out))
        throw py::type_error("out must be a numpy array; got " + type_name(out) + way_out);
    require_writable_as<Value>(py::reinterpret_borrow<py::array>(out), "out", shape, inputs, way_out);
    return py::reinterpret_borrow<py::array_t<Value>>(out);
}

template <class Value>
Output<Value> to_output(const py::object &out, const std::vector<py::ssize_t> &shape,
                        const std::vector<const Input *> &inputs, Place &place, const char *name) {
    if (!place.on_cuda() && (out.is_none() || py::isinstance<py::array>(out))) {
        auto array = to_output<Value>(out, shape, inputs);
        return {array, array.mutable_data(), array};
    }
    const std::string way_out = ": pass torch.empty(" + shape_text(shape) + ", dtype=torch." + wanted_type<Value>() +
                                (place.on_cuda() ? ", device=\"cuda\")" : ")");
    if (out.is_none()) throw py::type_error(std::string(name) + " must be given for arrays on a CUDA device; it was left out" + way_out);
    const Given given = to_given(out, name, way_out.substr(2), &place);
    require_writable_as<Value>(given.array, name, shape, inputs, way_out);
    if (given.foreign && given.foreign->copied)
        throw py::value_error(std::string(name) + " must be the memory that is written to; its __dlpack__ gave a copy" + way_out);
    join(given, name, &place);
    return {out, static_cast<Value *>(const_cast<void *>(given.array.data())), given.array};
}

template py::array_t<float> to_output(const py::object &, const std::vector<py::ssize_t> &,
                                      const std::vector<const Input *> &);
template py::array_t<double> to_output(const py::object &, const std::vector<py::ssize_t> &,
                                       const std::vector<const Input *> &);
template Output<float> to_output(const py::object &, const std::vector<py::ssize_t> &, const std::vector<const Input *> &,
                                 Place &, const char *);
template Output<double> to_output(const py::object &, const std::vector<py::ssize_t> &, const std::vector<const Input *> &,
                                  Place &, const char *);

}  // namespace asd::bindings
