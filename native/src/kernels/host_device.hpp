// ASD_HD marks a functor that the CPU and the CUDA launchers share.
//
// It is always inlined: the CPU launchers are compiled once per instruction set, and the linker could pick an out-of-line
// copy made for AVX-512 for a processor without it.
#pragma once

#if defined(__CUDACC__)
#define ASD_HD __host__ __device__ __forceinline__
#elif defined(__GNUC__)
#define ASD_HD inline __attribute__((always_inline))
#else
#define ASD_HD inline
#endif
