// The CUDA array interface, versions 2 and 3 (https://numba.readthedocs.io/en/stable/cuda/cuda_array_interface.html).
#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "foreign_array.hpp"

namespace asd::bindings {
namespace {

[[noreturn]] void raise_malformed(const char *name, const char *entry, const char *rule) {
    throw py::type_error(std::string(name) + " must have " + rule + " as \"" + entry +
                         "\" in its __cuda_array_interface__: tell its library, or pass it by DLPack");
}

// None if the entry is missing.
py::object entry_of(const py::dict &interface, const char *entry) {
    return interface.contains(entry) ? py::object(interface[entry]) : py::none();
}

template <class Value>
Value cast(const py::object &value, const char *name, const char *entry, const char *rule) {
    try {
        return py::cast<Value>(value);
    } catch (const py::cast_error &) {
        raise_malformed(name, entry, rule);
    }
}

py::dtype type_of(const py::dict &interface, const char *name) {
    try {
        return py::dtype(cast<std::string>(entry_of(interface, "typestr"), name, "typestr", "a str"));
    } catch (const py::error_already_set &) {
        raise_malformed(name, "typestr", "a type that NumPy knows");
    }
}

// 0 could mean either of two default streams: the interface forbids it.
std::optional<std::int64_t> stream_of(const py::dict &interface, const char *name) {
    const py::object stream = entry_of(interface, "stream");
    if (stream.is_none()) return std::nullopt;
    const auto handle = cast<std::int64_t>(stream, name, "stream", "None or a positive int");
    if (handle <= 0) raise_malformed(name, "stream", "None or a positive int");
    return handle;
}

}  // namespace

ForeignArray from_cuda_interface(const py::object &interface, const py::object &owner, const char *name) {
    if (!py::isinstance<py::dict>(interface))
        throw py::type_error(std::string(name) + " must have a dict as its __cuda_array_interface__");
    const auto entries = py::reinterpret_borrow<py::dict>(interface);
    const auto version = cast<std::int64_t>(entry_of(entries, "version"), name, "version", "an int");
    if (version != 2 && version != 3)
        throw py::buffer_error(std::string(name) + " must have version 2 or 3 of __cuda_array_interface__; got " +
                               std::to_string(version) + ": pass it by DLPack");
    if (!entry_of(entries, "mask").is_none())
        throw py::buffer_error(std::string(name) + " must not be masked: fill the masked elements first");
    using Sizes = std::vector<py::ssize_t>;
    const auto shape = cast<Sizes>(entry_of(entries, "shape"), name, "shape", "a tuple of ints");
    const py::object steps = entry_of(entries, "strides");
    const Sizes strides = steps.is_none() ? Sizes{} : cast<Sizes>(steps, name, "strides", "None or an int for each axis");
    if (!steps.is_none() && strides.size() != shape.size())
        raise_malformed(name, "strides", "None or an int for each axis");
    const auto data =
        cast<std::pair<std::uintptr_t, bool>>(entry_of(entries, "data"), name, "data", "an address and a bool");

    ForeignArray array;
    array.on_cuda = true;
    array.producers_stream = stream_of(entries, name);
    array.view = view_of(reinterpret_cast<void *>(data.first), type_of(entries, name), shape, strides, data.second, owner, name);
    return array;
}

}  // namespace asd::bindings
