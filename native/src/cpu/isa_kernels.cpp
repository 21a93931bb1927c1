// The hot loops of isa_kernels.hpp for one instruction set: ASD_ISA names it, the build sets the compiler's flags.
//
// Everything has internal linkage, and no template of the standard library is used: see ASD_HD.
#include "isa_kernels.hpp"

#include "../kernels/lane_sum.hpp"
#include "../kernels/square.hpp"
#include "finite_scan.hpp"
#include "inlier_loops.hpp"
#include "log_mel_block.hpp"
#include "section_pipeline.hpp"
#include "wave_loops.hpp"

namespace {

double mean_square(const double *signal, int64_t count) {
    return asd::kernels::lane_sum(asd::kernels::Square{signal}, count) / static_cast<double>(count);
}

}  // namespace

#define ASD_TEXT2(x) #x
#define ASD_TEXT(x) ASD_TEXT2(x)
#define ASD_JOIN2(a, b) a##b
#define ASD_JOIN(a, b) ASD_JOIN2(a, b)

namespace asd::cpu {

extern const IsaKernels ASD_JOIN(isa_kernels_, ASD_ISA);
const IsaKernels ASD_JOIN(isa_kernels_, ASD_ISA) = {
    ASD_TEXT(ASD_ISA),
    first_not_finite_f32,
    first_not_finite_f64,
    moments,
    moments<float>,
    moments<double>,
    standardise<std::int16_t>,
    standardise<float>,
    to_double<std::int16_t>,
    to_double<float>,
    filter,
    mean_square,
    log_mel_block<std::int16_t>,
    log_mel_block<float>,
    log_mel_block<double>,
    log2_f32,
    squared_distances,
    triangle_product<asd::kernels::FullTriangle>,
    triangle_product<asd::kernels::PackedTriangle>,
};

}  // namespace asd::cpu
