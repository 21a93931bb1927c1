// DLPack, version 1 and the unversioned form before it (https://dmlc.github.io/dlpack/latest/python_spec.html).
#include <memory>
#include <string>
#include <vector>

#include "foreign_array.hpp"

namespace asd::bindings {
namespace {

constexpr std::uint32_t MAJOR = 1;
constexpr std::uint64_t READ_ONLY = 1, IS_COPIED = 2;  // bits of the flags

enum DeviceType : std::int32_t { CPU = 1, CUDA = 2, CUDA_HOST = 3, CUDA_MANAGED = 13 };

// The layouts of the specification.
struct Tensor {
    void *data;
    std::int32_t device_type, device_id;
    std::int32_t axes;
    std::uint8_t type_code, type_bits;
    std::uint16_t type_lanes;
    std::int64_t *shape;
    std::int64_t *strides;  // in elements; nullptr for dense rows
    std::uint64_t byte_offset;
};

struct Unversioned {
    static constexpr const char *FRESH = "dltensor", *USED = "used_dltensor";
    Tensor tensor;
    void *context;
    void (*deleter)(Unversioned *);
};

struct Versioned {
    static constexpr const char *FRESH = "dltensor_versioned", *USED = "used_dltensor_versioned";
    std::uint32_t major, minor;
    void *context;
    void (*deleter)(Versioned *);
    std::uint64_t flags;
    Tensor tensor;
};

template <class Managed>
void give_back(Managed *managed) {
    if (managed->deleter) managed->deleter(managed);
}

// Takes the tensor out of its capsule and renames the capsule, which then does not free it. `owner` frees it.
template <class Managed>
const Managed &take(const py::object &capsule, py::object &owner) {
    auto *managed = static_cast<Managed *>(PyCapsule_GetPointer(capsule.ptr(), Managed::FRESH));
    if (!managed || PyCapsule_SetName(capsule.ptr(), Managed::USED) != 0) throw py::error_already_set();
    std::unique_ptr<Managed, void (*)(Managed *)> held(managed, give_back<Managed>);
    owner = py::capsule(managed, [](void *pointer) { give_back(static_cast<Managed *>(pointer)); });
    return *held.release();
}

py::object capsule_of(const py::object &value, bool on_cuda, std::int64_t stream) {
    py::dict options;
    if (on_cuda) options["stream"] = stream;  // there are no streams on a processor
    options["max_version"] = py::make_tuple(MAJOR, 0);
    try {
        return value.attr("__dlpack__")(**options);
    } catch (const py::error_already_set &error) {
        if (!error.matches(PyExc_TypeError)) throw;
    }
    options.attr("pop")("max_version");  // a producer from before version 1
    return value.attr("__dlpack__")(**options);
}

py::dtype type_of(const Tensor &tensor, const char *name) {
    constexpr const char *KINDS[] = {"i", "u", "f", "", "", "c", "b"};  // by the specification's code; "": NumPy has no such type
    const std::string kind = tensor.type_code < 7 && tensor.type_lanes == 1 ? KINDS[tensor.type_code] : "";
    if (!kind.empty() && tensor.type_bits % 8 == 0) {
        try {
            return py::dtype(kind + std::to_string(tensor.type_bits / 8));
        } catch (const py::error_already_set &) {
            // a size that NumPy does not have
        }
    }
    throw py::type_error(std::string(name) + " must be of a type that NumPy has; got DLPack's code " +
                         std::to_string(tensor.type_code) + " of " + std::to_string(tensor.type_bits) +
                         " bits: convert it first, to float32 say");
}

py::array view_of_tensor(const Tensor &tensor, bool read_only, const py::object &owner, const char *name) {
    constexpr std::int32_t MOST_AXES = 32;
    if (tensor.axes < 0 || tensor.axes > MOST_AXES || (tensor.axes > 0 && !tensor.shape))
        throw py::buffer_error(std::string(name) + " must have 0 to 32 axes; its producer gave " + std::to_string(tensor.axes));
    const py::dtype type = type_of(tensor, name);
    std::vector<py::ssize_t> shape(tensor.shape, tensor.shape + tensor.axes), strides;
    if (tensor.strides)
        for (std::int32_t axis = 0; axis < tensor.axes; ++axis) strides.push_back(tensor.strides[axis] * type.itemsize());
    char *data = static_cast<char *>(tensor.data);
    return view_of(data ? data + tensor.byte_offset : nullptr, type, shape, strides, read_only, owner, name);
}

bool is_cuda(std::int32_t device_type) { return device_type == CUDA || device_type == CUDA_MANAGED; }

}  // namespace

ForeignArray from_dlpack(const py::object &value, const char *name, std::int64_t stream) {
    const py::tuple device = value.attr("__dlpack_device__")();
    const auto device_type = device.size() == 2 ? py::cast<std::int32_t>(py::int_(py::object(device[0]))) : 0;
    if (!is_cuda(device_type) && device_type != CPU && device_type != CUDA_HOST)
        throw py::buffer_error(std::string(name) + " must be in host memory or on a CUDA device; it is on a device of DLPack's "
                                                   "type " + std::to_string(device_type) + ": copy it to the host first");
    const py::object capsule = capsule_of(value, is_cuda(device_type), stream);
    ForeignArray array;
    py::object owner;
    const Tensor *tensor = nullptr;
    bool read_only = false;
    if (PyCapsule_IsValid(capsule.ptr(), Versioned::FRESH)) {
        const auto &managed = take<Versioned>(capsule, owner);
        if (managed.major != MAJOR)  // in another major version only the fields up to the deleter are known
            throw py::buffer_error(std::string(name) + " must come by DLPack 1; its producer speaks version " +
                                   std::to_string(managed.major) + "." + std::to_string(managed.minor));
        array.copied = (managed.flags & IS_COPIED) != 0;
        read_only = (managed.flags & READ_ONLY) != 0;
        tensor = &managed.tensor;
    } else if (PyCapsule_IsValid(capsule.ptr(), Unversioned::FRESH)) {
        tensor = &take<Unversioned>(capsule, owner).tensor;
    } else {
        throw py::buffer_error(std::string(name) + " must come in a DLPack capsule that nobody has used; its producer gave " +
                               std::string(py::repr(capsule)));
    }
    array.on_cuda = is_cuda(tensor->device_type);
    if (array.on_cuda != is_cuda(device_type))
        throw py::buffer_error(std::string(name) + " must be where its __dlpack_device__ says; it is elsewhere");
    array.view = view_of_tensor(*tensor, read_only, owner, name);
    return array;
}

}  // namespace asd::bindings
