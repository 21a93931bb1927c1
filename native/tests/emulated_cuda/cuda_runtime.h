// Emulates on the host as much of the CUDA runtime as the launchers and their tests use, so that src/cuda is run and tested without
// a device. Blocks run one after the other; the threads of a block are fibres that take turns at every barrier.
//
// What it shows: that the kernels' index arithmetic, barriers and reductions are right (a barrier that not all threads reach
// ends the test), in both orders of the threads, and under the address sanitizer. What it does not show: speed, alignment, the
// limits of a launch, the memory model, contraction of products. All memory counts as the device's; a kernel runs when it is queued.
#pragma once

#include <setjmp.h>
#include <ucontext.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <type_traits>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
inline dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulated {

constexpr unsigned WARP = 32, MOST_THREADS = 1024;
constexpr std::size_t STACK_BYTES = 1 << 16;

// A thread of a block, with a stack of its own; it is started once and runs kernel after kernel.
struct Fibre {
    std::vector<char> stack;
    jmp_buf place;  // where it waits; _setjmp because swapcontext makes a system call for the signal mask each time
    bool done = false;
    unsigned shuffles = 0;
};

inline bool reversed = false;  // order of the threads: code that lacks a barrier fails in one order or the other
inline Fibre fibres[MOST_THREADS];
inline unsigned running = 0;
inline jmp_buf scheduler;
inline std::function<void()> kernel;

inline void barrier() {
    if (_setjmp(fibres[running].place) == 0) _longjmp(scheduler, 1);
}

inline void live() {
    for (;;) {
        kernel();
        fibres[running].done = true;
        barrier();
    }
}

inline void resume(Fibre &fibre) {
    if (_setjmp(scheduler) != 0) return;
    if (!fibre.stack.empty()) _longjmp(fibre.place, 1);
    fibre.stack.resize(STACK_BYTES);
    ucontext_t start;
    getcontext(&start);
    start.uc_stack.ss_sp = fibre.stack.data();
    start.uc_stack.ss_size = fibre.stack.size();
    makecontext(&start, live, 0);
    setcontext(&start);
}

inline void run_block() {
    const unsigned count = blockDim.x;
    for (unsigned t = 0; t < count; ++t) fibres[t].done = false;
    for (unsigned done = 0; done < count;) {
        done = 0;
        for (unsigned turn = 0; turn < count; ++turn) {
            running = threadIdx.x = reversed ? count - 1 - turn : turn;
            resume(fibres[running]);
            done += fibres[running].done;
        }
        if (done != 0 && done != count) {
            std::printf("failed: %u of %u threads came to a barrier\n", count - done, count);
            std::exit(1);
        }
    }
}

// The value of another thread of the warp, which is the block. Two buffers: one is read while the next is written.
inline double shuffle(double own, unsigned from) {
    static double values[2][WARP];
    double *buffer = values[fibres[running].shuffles++ % 2];
    buffer[running] = own;
    barrier();
    return buffer[from];
}

}  // namespace emulated

inline void __syncthreads() { emulated::barrier(); }
inline void __syncwarp() { emulated::barrier(); }
inline double __shfl_sync(unsigned, double value, int from) { return emulated::shuffle(value, from % emulated::WARP); }
inline double __shfl_up_sync(unsigned, double value, unsigned by) {
    return emulated::shuffle(value, threadIdx.x >= by ? threadIdx.x - by : threadIdx.x);
}

enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidDevice = 101,
    cudaErrorStreamCaptureUnsupported = 900
};

namespace emulated {

inline cudaError_t last = cudaSuccess;
inline bool capturing = false;
inline std::size_t captured = 0;

inline cudaError_t result(cudaError_t error) {
    if (error != cudaSuccess) last = error;
    return error;
}
// As on a device, calls that wait or allocate are refused while a stream is captured.
inline cudaError_t not_captured() { return result(capturing ? cudaErrorStreamCaptureUnsupported : cudaSuccess); }

}  // namespace emulated

inline cudaError_t cudaPeekAtLastError() { return emulated::last; }
inline cudaError_t cudaGetLastError() {
    const cudaError_t error = emulated::last;
    emulated::last = cudaSuccess;
    return error;
}
inline const char *cudaGetErrorString(cudaError_t) { return "an error of the emulation"; }

inline cudaError_t cudaGetDeviceCount(int *count) { return *count = 1, cudaSuccess; }
inline cudaError_t cudaGetDevice(int *device) { return *device = 0, cudaSuccess; }
inline cudaError_t cudaSetDevice(int device) { return emulated::result(device == 0 ? cudaSuccess : cudaErrorInvalidDevice); }

enum cudaMemoryType { cudaMemoryTypeDevice = 2, cudaMemoryTypeManaged = 3 };
struct cudaPointerAttributes {
    cudaMemoryType type;
    int device;
};
inline cudaError_t cudaPointerGetAttributes(cudaPointerAttributes *attributes, const void *) {
    *attributes = {cudaMemoryTypeManaged, 0};
    return cudaSuccess;
}

enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2 };
template <class Value>
cudaError_t cudaMalloc(Value **memory, std::size_t bytes) {
    *memory = static_cast<Value *>(std::malloc(bytes > 0 ? bytes : 1));
    std::memset(*memory, 0xff, bytes);  // NaN for whatever is read before it is written
    return emulated::not_captured();
}
inline cudaError_t cudaFree(void *memory) { return std::free(memory), cudaSuccess; }
inline cudaError_t cudaMemcpy(void *to, const void *from, std::size_t bytes, cudaMemcpyKind) {
    if (bytes > 0) std::memcpy(to, from, bytes);
    return emulated::not_captured();
}

struct cudaStreamState {};
using cudaStream_t = cudaStreamState *;
constexpr unsigned cudaStreamNonBlocking = 1;
inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned) {
    return *stream = new cudaStreamState, cudaSuccess;
}
inline cudaError_t cudaStreamDestroy(cudaStream_t stream) { return delete stream, cudaSuccess; }
inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return emulated::not_captured(); }

struct cudaEventState {};
using cudaEvent_t = cudaEventState *;
constexpr unsigned cudaEventDisableTiming = 2;
inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned) { return *event = new cudaEventState, cudaSuccess; }
inline cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }
inline cudaError_t cudaEventDestroy(cudaEvent_t event) { return delete event, cudaSuccess; }

enum cudaStreamCaptureMode { cudaStreamCaptureModeGlobal = 0 };
enum cudaGraphNodeType { cudaGraphNodeTypeKernel = 0 };
struct cudaGraphState {
    std::size_t kernels;
};
using cudaGraph_t = cudaGraphState *;
struct cudaGraphNodeState {};
using cudaGraphNode_t = cudaGraphNodeState *;
inline cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
    emulated::captured = 0;
    return emulated::capturing = true, cudaSuccess;
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t *graph) {
    *graph = new cudaGraphState{emulated::captured};
    return emulated::capturing = false, cudaSuccess;
}
inline cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *, std::size_t *count) {
    return *count = graph->kernels, cudaSuccess;
}
inline cudaError_t cudaGraphNodeGetType(cudaGraphNode_t, cudaGraphNodeType *type) {
    return *type = cudaGraphNodeTypeKernel, cudaSuccess;
}
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return delete graph, cudaSuccess; }

struct cudaLaunchConfig_t {
    dim3 gridDim, blockDim;
    std::size_t dynamicSmemBytes;
    cudaStream_t stream;
};
template <class... Parameters>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t *config, void (*kernel)(Parameters...),
                               std::common_type_t<Parameters>... arguments) {
    if (config->gridDim.x == 0 || config->gridDim.y == 0 || config->blockDim.x > emulated::MOST_THREADS)
        return emulated::result(cudaErrorInvalidValue);
    emulated::kernel = [&] { kernel(arguments...); };
    emulated::captured += emulated::capturing;
    gridDim = config->gridDim;
    blockDim = config->blockDim;
    for (blockIdx.y = 0; blockIdx.y < gridDim.y; ++blockIdx.y)
        for (blockIdx.x = 0; blockIdx.x < gridDim.x; ++blockIdx.x) emulated::run_block();
    return cudaSuccess;
}
