// The hot loops by sample type.
#pragma once

#include <cstdint>

#include "isa_kernels.hpp"

namespace asd::cpu {

inline std::int64_t first_not_finite(const IsaKernels &, const std::int16_t *, std::int64_t count) { return count; }
inline std::int64_t first_not_finite(const IsaKernels &isa, const float *wave, std::int64_t count) {
    return isa.first_not_finite_f32(wave, count);
}

inline kernels::Moments moments(const IsaKernels &isa, const std::int16_t *wave, std::int64_t count) {
    return isa.moments_i16(wave, count);
}
inline kernels::Moments moments(const IsaKernels &isa, const float *wave, std::int64_t count) {
    return isa.moments_f32(wave, count);
}

inline void standardise(const IsaKernels &isa, const std::int16_t *wave, std::int64_t count, kernels::Standardise by,
                        Stores stores, float *out) {
    isa.standardise_i16(wave, count, by, stores, out);
}
inline void standardise(const IsaKernels &isa, const float *wave, std::int64_t count, kernels::Standardise by,
                        Stores stores, float *out) {
    isa.standardise_f32(wave, count, by, stores, out);
}

inline void to_double(const IsaKernels &isa, const std::int16_t *wave, std::int64_t count, double *out) {
    isa.to_double_i16(wave, count, out);
}
inline void to_double(const IsaKernels &isa, const float *wave, std::int64_t count, double *out) {
    isa.to_double_f32(wave, count, out);
}

}  // namespace asd::cpu
