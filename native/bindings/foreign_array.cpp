#include "foreign_array.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace asd::bindings {
namespace {

// Only AttributeError means that there is none: any other error of a property goes to the caller.
py::object attribute_or_none(const py::object &value, const char *name) {
    try {
        return value.attr(name);
    } catch (const py::error_already_set &error) {
        if (!error.matches(PyExc_AttributeError)) throw;
        return py::none();
    }
}

}  // namespace

py::array view_of(void *data, const py::dtype &type, const std::vector<py::ssize_t> &shape,
                  const std::vector<py::ssize_t> &strides, bool read_only, const py::object &owner, const char *name) {
    const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
    if (!data && !empty)
        throw py::buffer_error(std::string(name) + " must point to memory; its producer gave the address 0");
    // With an owner, NumPy uses the address as it is: nothing is copied, and nothing is read.
    py::array view(type, shape, strides, data, owner);
    if (read_only) py::detail::array_proxy(view.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
    return view;
}

std::optional<ForeignArray> to_foreign(const py::object &value, const char *name, std::int64_t stream) {
    // DLPack first: with it the producer orders its work before ours; torch's CUDA array interface does not.
    if (!attribute_or_none(value, "__dlpack__").is_none() && !attribute_or_none(value, "__dlpack_device__").is_none())
        return from_dlpack(value, name, stream);
    const py::object interface = attribute_or_none(value, "__cuda_array_interface__");
    if (!interface.is_none()) return from_cuda_interface(interface, value, name);
    return std::nullopt;
}

}  // namespace asd::bindings
