// Chooses the hot loops that this processor can run.
#include "isa_kernels.hpp"

namespace asd::cpu {

extern const IsaKernels isa_kernels_baseline;
#if defined(ASD_ISA_X86)
extern const IsaKernels isa_kernels_avx2;
extern const IsaKernels isa_kernels_avx512;
#endif

namespace {

struct Runnable {
    const IsaKernels *list[4] = {&isa_kernels_baseline, nullptr, nullptr, nullptr};
    int best = 0;

    Runnable() {
#if defined(ASD_ISA_X86)
        __builtin_cpu_init();
        if (__builtin_cpu_supports("avx2")) list[++best] = &isa_kernels_avx2;
        if (best == 1 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
            list[++best] = &isa_kernels_avx512;
#endif
    }
};

const Runnable &runnable() {
    static const Runnable found;
    return found;
}

}  // namespace

const IsaKernels &isa_kernels() { return *runnable().list[runnable().best]; }

const IsaKernels *const *runnable_isa_kernels() { return runnable().list; }

}  // namespace asd::cpu
