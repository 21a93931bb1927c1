// Queues a kernel on the caller's stream and returns the CUDA error, 0 for none. Neither waits nor allocates.
#pragma once

#include <cuda_runtime.h>

namespace asd::cuda {

template <class... Parameters, class... Arguments>
int launch(void (*kernel)(Parameters...), dim3 blocks, unsigned threads, void *stream, const Arguments &...arguments) {
    cudaLaunchConfig_t config = {};
    config.gridDim = blocks;
    config.blockDim = dim3(threads);
    config.stream = static_cast<cudaStream_t>(stream);
    const cudaError_t error = cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...);
    if (error != cudaSuccess) cudaGetLastError();  // reported here, not to the caller's next CUDA call
    return error;
}

}  // namespace asd::cuda
