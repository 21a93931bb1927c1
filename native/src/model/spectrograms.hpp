// Log-mel spectrograms of a recording's segments and parts: samples are standardised, rounded to float32 as the network was trained on
// them, and transformed in double.
#pragma once

#include <cstdint>
#include <vector>

#include "../kernels/log_mel_plan.hpp"
#include "../kernels/segment_grid.hpp"
#include "asd/asd.h"
#include "manifest.hpp"
#include "wave.hpp"

namespace asd::model {

class Spectrograms {
public:
    // plan must live as long as this object.
    Spectrograms(const Wave &wave, const FrontEnd &front_end, const kernels::LogMelPlan &plan, std::int32_t threads);

    // Segments [first, first + count): count x M x F. A segment's values do not depend on first and count.
    asd_status of_segments(std::int64_t first, std::int64_t count, float *mel) const;

    // Samples [begin, end) as one segment: M x F, F = 1 + (end - begin) / hop.
    asd_status of_part(std::int64_t begin, std::int64_t end, std::vector<float> *mel) const;

private:
    asd_status of_cut(const std::vector<float> &cut, std::int64_t first, std::int64_t count, std::int64_t length, float *mel) const;
    std::vector<float> cut(std::int64_t begin, const kernels::SegmentGrid &grid) const;

    Wave wave_;
    kernels::SegmentGrid grid_;
    const kernels::LogMelPlan &plan_;
    std::int32_t threads_;
    bool per_segment_;
    Scale level_;
};

}  // namespace asd::model
