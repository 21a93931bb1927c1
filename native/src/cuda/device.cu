// Is there a device, and what did CUDA say.
#include <cuda_runtime.h>

#include "../c_api/last_error.hpp"
#include "launchers.hpp"

namespace asd::cuda {

int device_count() {
    int count = 0;
    if (cudaGetDeviceCount(&count) != cudaSuccess) {
        cudaGetLastError();  // no driver is an answer, not an error that a later call should see
        return 0;
    }
    return count;
}

asd_status status(int cuda_error) {
    if (cuda_error == cudaSuccess) return ASD_OK;
    const asd_status kind = cuda_error == cudaErrorMemoryAllocation ? ASD_OUT_OF_MEMORY : ASD_CUDA_FAILED;
    return c_api::fail(kind, "CUDA: %s", cudaGetErrorString(static_cast<cudaError_t>(cuda_error)));
}

}  // namespace asd::cuda
