// Where the arrays of one call are: all in host memory, or all on the current CUDA device. The first array decides.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <vector>

#include "asd/asd.h"
#include "foreign_array.hpp"

namespace asd::bindings {

class Place {
public:
    // The argument `stream`: None, or a cudaStream_t as an int. None and 0 are the legacy default stream.
    explicit Place(const py::object &stream);

    // Adds an array to the call; nullptr for one of NumPy's. Raises ValueError for one that lies elsewhere than the first or on
    // another device than the current one, RuntimeError for one on a CUDA device that this build cannot use.
    void join(const char *name, const ForeignArray *foreign);

    std::int32_t device() const { return on_cuda_ ? ASD_DEVICE_CUDA : ASD_DEVICE_CPU; }
    bool on_cuda() const { return on_cuda_; }
    std::int64_t dlpack_stream() const { return stream_; }
    void *stream() const { return on_cuda_ ? reinterpret_cast<void *>(static_cast<std::intptr_t>(stream_)) : nullptr; }

    // call() without Python's lock; on CUDA after what the arrays' producers have queued, and before what they queue next. Raises
    // for a status that is not ASD_OK.
    template <class Call>
    void run(const Call &call) const {
        asd_status status;
        {
            const py::gil_scoped_release released;
            status = wait_for_producers();
            if (status == ASD_OK) status = call();
            if (status == ASD_OK) status = let_producers_wait();
        }
        raise_for_status(status);
    }

private:
    asd_status wait_for_producers() const;
    asd_status let_producers_wait() const;
    static void raise_for_status(asd_status status);

    std::int64_t stream_ = 1;  // the legacy default stream, as DLPack and the CUDA array interface number it
    bool stream_given_;
    bool on_cuda_ = false;
    std::string first_;  // name of the array that decided
    std::vector<std::int64_t> producers_;
};

}  // namespace asd::bindings
