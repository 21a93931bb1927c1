// Is there a device, and what did CUDA say.
#include <cuda_runtime.h>

#include "../c_api/last_error.hpp"
#include "launchers.hpp"

namespace asd::cuda {

int device_count() {
    const cudaError_t earlier = cudaPeekAtLastError();
    int count = 0;
    if (cudaGetDeviceCount(&count) != cudaSuccess) {
        // No driver is an answer, not an error that a later call should see; one that was there before is the caller's.
        if (earlier == cudaSuccess) cudaGetLastError();
        return 0;
    }
    return count;
}

const char *earlier_error() {
    const cudaError_t error = cudaPeekAtLastError();
    return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

asd_status status(int cuda_error) {
    if (cuda_error == cudaSuccess) return ASD_OK;
    const asd_status kind = cuda_error == cudaErrorMemoryAllocation ? ASD_OUT_OF_MEMORY : ASD_CUDA_FAILED;
    return c_api::fail(kind, "CUDA: %s", cudaGetErrorString(static_cast<cudaError_t>(cuda_error)));
}

}  // namespace asd::cuda
