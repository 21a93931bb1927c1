#include "place.hpp"

#include <algorithm>

#include "arguments.hpp"

#if defined(ASD_WITH_CUDA)
#include "../src/c_api/checks.hpp"
#include "../src/cuda/launchers.hpp"
#endif

namespace asd::bindings {
namespace {

#if defined(ASD_WITH_CUDA)
void *handle(std::int64_t stream) { return reinterpret_cast<void *>(static_cast<std::intptr_t>(stream)); }

// Asked of the pointer: a producer's own number of a device need not be CUDA's.
void require_current_device(const py::array &view, const std::string &name) {
    raise_for(c_api::require_cuda());
    if (view.size() == 0) return;
    int device = -1, current = -1;
    raise_for(cuda::status(cuda::device_of(view.data(), &device)));
    raise_for(cuda::status(cuda::current_device(&current)));
    if (device < 0)
        throw py::value_error(name + " must be memory of a CUDA device; its producer says that it is, and CUDA that it is not");
    if (device != current)
        throw py::value_error(name + " must be on the current CUDA device, " + std::to_string(current) + "; it is on " +
                              std::to_string(device) + ": make that the current one for the call, as with torch.cuda.device(" +
                              std::to_string(device) + ")");
}
#else
void require_current_device(const py::array &, const std::string &name) {
    throw std::runtime_error("not built with CUDA: " + name + " is on a CUDA device; pass it in host memory (" + name +
                             ".cpu()), or build asd-native with -DASD_CUDA=ON");
}
#endif

}  // namespace

Place::Place(const py::object &stream) : stream_given_(!stream.is_none()) {
    if (!stream_given_) return;
    const std::int64_t given = to_size(stream, "stream");
    if (given < 0)
        throw py::value_error("stream must be a CUDA stream as an int >= 0; got " + std::to_string(given) +
                              ": pass torch.cuda.current_stream().cuda_stream");
    stream_ = given == 0 ? 1 : given;
}

void Place::join(const char *name, const ForeignArray *foreign) {
    const bool on_cuda = foreign && foreign->on_cuda;
    if (first_.empty()) {
        first_ = name;
        on_cuda_ = on_cuda;
    }
    if (on_cuda != on_cuda_)
        throw py::value_error(std::string(name) + (on_cuda_ ? " must be on the CUDA device of " : " must be in host memory as ") +
                              first_ + (on_cuda_ ? "; it is in host memory" : " is; it is on a CUDA device") +
                              ": move one to the other");
    if (!on_cuda) {
        if (stream_given_) throw py::value_error("stream must be left out for arrays in host memory; " + first_ + " is there");
        return;
    }
    require_current_device(foreign->view, name);
    const auto &theirs = foreign->producers_stream;
    if (theirs && *theirs != stream_ && std::find(producers_.begin(), producers_.end(), *theirs) == producers_.end())
        producers_.push_back(*theirs);
}

#if defined(ASD_WITH_CUDA)
asd_status Place::wait_for_producers() const {
    int error = 0;
    for (const std::int64_t theirs : producers_)
        if (error == 0) error = cuda::run_after(handle(stream_), handle(theirs));
    return cuda::status(error);
}

asd_status Place::let_producers_wait() const {
    int error = 0;
    for (const std::int64_t theirs : producers_)
        if (error == 0) error = cuda::run_after(handle(theirs), handle(stream_));
    return cuda::status(error);
}
#else
asd_status Place::wait_for_producers() const { return ASD_OK; }
asd_status Place::let_producers_wait() const { return ASD_OK; }
#endif

void Place::raise_for_status(asd_status status) { raise_for(status); }

}  // namespace asd::bindings
