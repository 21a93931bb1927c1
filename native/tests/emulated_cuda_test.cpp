// The CUDA launchers on the emulated device (see emulated_cuda/cuda_runtime.h), the threads of a block in both orders.
#include "cuda_laws.hpp"

int main() {
    cudaStream_t stream = nullptr;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    for (const bool reversed : {false, true}) {
        emulated::reversed = reversed;
        all_laws_hold(DeviceMemory(stream));
    }
    CHECK(cudaStreamDestroy(stream) == cudaSuccess);
    return summary("emulated_cuda");
}
