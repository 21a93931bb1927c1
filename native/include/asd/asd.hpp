// The C ABI for C++17: failures as exceptions, arrays as vectors. Header-only; link the C library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "asd.h"

namespace asd {

class Error : public std::runtime_error {
public:
    explicit Error(asd_status status) : std::runtime_error(asd_last_error()), status_(status) {}
    asd_status status() const noexcept { return status_; }

private:
    asd_status status_;
};

// Throws unless status is ASD_OK.
inline void check(asd_status status) {
    if (status != ASD_OK) throw Error(status);
}

inline std::int64_t segment_count(std::int64_t samples, std::int64_t segment_samples, std::int64_t hop_samples) {
    std::int64_t count = 0;
    check(asd_segment_count(samples, segment_samples, hop_samples, &count));
    return count;
}

inline std::vector<std::int64_t> segment_starts(std::int64_t samples, std::int64_t segment_samples,
                                                std::int64_t hop_samples) {
    const std::int64_t count = segment_count(samples, segment_samples, hop_samples);
    std::vector<std::int64_t> starts(static_cast<std::size_t>(count));
    check(asd_segment_starts(samples, segment_samples, hop_samples, starts.data(), count));
    return starts;
}

// Host memory: clips x samples in, clips x S x L out.
inline std::vector<float> cut_segments(const float *wave, std::int64_t clips, std::int64_t samples,
                                       asd_segment_options options) {
    options.sample_type = ASD_FLOAT32;
    const std::int64_t count = segment_count(samples, options.segment_samples, options.hop_samples);
    std::vector<float> segments(static_cast<std::size_t>((clips > 0 ? clips : 0) * count * options.segment_samples));
    check(asd_cut_segments(wave, clips, samples, &options, segments.data()));
    return segments;
}

// Host memory: clips x samples in, clips x S x bins out; sos has 6 values a section.
inline std::vector<double> high_passed_power(const float *wave, std::int64_t clips, std::int64_t samples,
                                             const std::vector<double> &sos, asd_power_options options) {
    options.sample_type = ASD_FLOAT32;
    options.sections = static_cast<std::int64_t>(sos.size() / 6);
    const std::int64_t count = segment_count(samples, options.segment_samples, options.hop_samples);
    std::vector<double> power(static_cast<std::size_t>((clips > 0 ? clips : 0) * count * options.bins));
    check(asd_high_passed_power(wave, clips, samples, sos.data(), &options, power.data()));
    return power;
}

}  // namespace asd
