#include "place.hpp"

#include <algorithm>
#include <stdexcept>

#include "arguments.hpp"

namespace asd::bindings {
namespace {

// CUDA is asked about the pointer, because a producer may number devices in another way.
void require_current_device(const py::array &view, const std::string &name) {
    std::int32_t device = -1, current = -1;
    const asd_status status = asd_cuda_device(&current);
    if (status == ASD_NOT_BUILT_WITH_CUDA)
        throw std::runtime_error("not built with CUDA: " + name + " is on a CUDA device; pass it in host memory (" + name +
                                 ".cpu()), or build asd-native with -DASD_CUDA=ON");
    raise_for(status);
    if (view.size() == 0) return;
    raise_for(asd_cuda_device_of(view.data(), &device));
    if (device < 0)
        throw py::value_error(name + " must be memory of a CUDA device; its producer says that it is, and CUDA that it is not");
    if (device != current)
        throw py::value_error(name + " must be on the current CUDA device, " + std::to_string(current) + "; it is on " +
                              std::to_string(device) + ": make that the current one for the call, as with torch.cuda.device(" +
                              std::to_string(device) + ")");
}

void *handle(std::int64_t stream) { return reinterpret_cast<void *>(static_cast<std::intptr_t>(stream)); }

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

asd_status Place::wait_for_producers() const {
    for (const std::int64_t theirs : producers_)
        if (const asd_status status = asd_cuda_run_after(handle(stream_), handle(theirs)); status != ASD_OK) return status;
    return ASD_OK;
}

asd_status Place::let_producers_wait() const {
    for (const std::int64_t theirs : producers_)
        if (const asd_status status = asd_cuda_run_after(handle(theirs), handle(stream_)); status != ASD_OK) return status;
    return ASD_OK;
}

void Place::raise_for_status(asd_status status) { raise_for(status); }

}  // namespace asd::bindings
