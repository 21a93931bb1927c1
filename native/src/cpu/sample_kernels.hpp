// The hot loops by sample type.
#pragma once

#include <cstdint>

#include "isa_kernels.hpp"

namespace asd::cpu {

inline std::int64_t first_not_finite(const IsaKernels &, const std::int16_t *, std::int64_t count) { return count; }
inline std::int64_t first_not_finite(const IsaKernels &isa, const float *wave, std::int64_t count) {
    return isa.first_not_finite_f32(wave, count);
}
inline std::int64_t first_not_finite(const IsaKernels &isa, const double *wave, std::int64_t count) {
    return isa.first_not_finite_f64(wave, count);
}

inline kernels::Moments moments(const IsaKernels &isa, const std::int16_t *wave, std::int64_t count) {
    return isa.moments_i16(wave, count);
}
inline kernels::Moments moments(const IsaKernels &isa, const float *wave, std::int64_t count) {
    return isa.moments_f32(wave, count);
}
inline kernels::Moments moments(const IsaKernels &isa, const double *wave, std::int64_t count) {
    return isa.moments_f64(wave, count);
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

inline IsaKernels::LogMelBlock<std::int16_t> log_mel_block(const IsaKernels &isa, const std::int16_t *) {
    return isa.log_mel_block_i16;
}
inline IsaKernels::LogMelBlock<float> log_mel_block(const IsaKernels &isa, const float *) { return isa.log_mel_block_f32; }
inline IsaKernels::LogMelBlock<double> log_mel_block(const IsaKernels &isa, const double *) {
    return isa.log_mel_block_f64;
}

}  // namespace asd::cpu
