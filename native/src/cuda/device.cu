// What device there is, whose memory this is, what CUDA said, and which stream waits for which.
#include <cuda_runtime.h>

#include "../c_api/last_error.hpp"
#include "launchers.hpp"

namespace asd::cuda {

int device_count() {
    const cudaError_t earlier = cudaPeekAtLastError();
    int count = 0;
    if (cudaGetDeviceCount(&count) != cudaSuccess) {
        // A missing driver is an answer, not an error that a later call should see. An earlier error stays for the caller.
        if (earlier == cudaSuccess) cudaGetLastError();
        return 0;
    }
    return count;
}

const char *earlier_error() {
    const cudaError_t error = cudaPeekAtLastError();
    return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

int current_device(int *device) { return cudaGetDevice(device); }

int device_of(const void *pointer, int *device) {
    cudaPointerAttributes attributes = {};
    const cudaError_t error = cudaPointerGetAttributes(&attributes, pointer);
    if (error != cudaSuccess) cudaGetLastError();  // reported here, not to the caller's next CUDA call
    const bool device_reads = attributes.type == cudaMemoryTypeDevice || attributes.type == cudaMemoryTypeManaged;
    *device = error == cudaSuccess && device_reads ? attributes.device : -1;
    return error;
}

int run_after(void *later, void *earlier) {
    cudaEvent_t event = nullptr;
    cudaError_t error = cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
    if (error == cudaSuccess) error = cudaEventRecord(event, static_cast<cudaStream_t>(earlier));
    if (error == cudaSuccess) error = cudaStreamWaitEvent(static_cast<cudaStream_t>(later), event, 0);
    if (event) cudaEventDestroy(event);  // CUDA destroys it only when the streams are done with it
    if (error != cudaSuccess) cudaGetLastError();
    return error;
}

asd_status status(int cuda_error) {
    if (cuda_error == cudaSuccess) return ASD_OK;
    const asd_status kind = cuda_error == cudaErrorMemoryAllocation ? ASD_OUT_OF_MEMORY : ASD_CUDA_FAILED;
    return c_api::fail(kind, "CUDA: %s", cudaGetErrorString(static_cast<cudaError_t>(cuda_error)));
}

}  // namespace asd::cuda
