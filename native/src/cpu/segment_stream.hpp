// A recording that comes in blocks, cut into segments as soon as their last samples have arrived. Only the constructor allocates.
#pragma once

#include <algorithm>
#include <cstdint>

#include "../kernels/segment_grid.hpp"
#include "causal_power.hpp"
#include "last_samples.hpp"
#include "segment_log_mel.hpp"

namespace asd::cpu {

template <class Sample>
class SegmentStream {
public:
    // mel must live as long as this object.
    SegmentStream(const kernels::LogMelPlan &mel, const kernels::FilterPlan &filter, std::int64_t segment_samples,
                  std::int64_t hop_samples, const CutOptions &options)
        : segment_samples_(segment_samples), hop_samples_(hop_samples), until_due_(segment_samples),
          samples_(segment_samples), power_(filter, segment_samples),
          log_mel_(mel, segment_samples, hop_samples, options) {}

    std::int64_t received() const { return samples_.received(); }

    // Number of samples until the next segment is due; 0: it is due now.
    std::int64_t until_due() const { return until_due_; }

    // count: at most until_due().
    void push(const Sample *block, std::int64_t count) {
        samples_.append(block, count);
        power_.push(block, count);
        until_due_ -= count;
    }

    // Ends the recording. A short one is repeated to fill a segment; a tail that no segment covers makes one more due.
    void end() {
        if (received() < segment_samples_ || until_due_ < hop_samples_) until_due_ = 0;
    }

    // The segment that is due; it always ends with the last sample. mel: bands x frames; power: bins. Returns its first sample.
    std::int64_t take(std::int64_t bins, float *mel, double *power, double *weight) {
        const kernels::SegmentGrid grid{received(), segment_samples_, hop_samples_};
        for (std::int64_t more = segment_samples_ - received(); more > 0; more -= received())
            power_.push(samples_.begin(), std::min(more, received()));
        power_.of_last_segment(bins, power);
        if (bins == 1)
            *weight = power[0];
        else
            power_.of_last_segment(1, weight);
        log_mel_.run(samples_.begin(), grid, taken_, mel);
        ++taken_;
        until_due_ = hop_samples_;
        return grid.repeats() ? 0 : received() - segment_samples_;
    }

    void clear() {
        samples_.clear();
        power_.clear();
        until_due_ = segment_samples_;
        taken_ = 0;
    }

private:
    std::int64_t segment_samples_;
    std::int64_t hop_samples_;
    std::int64_t until_due_;
    std::int64_t taken_ = 0;
    LastSamples<Sample> samples_;
    CausalPower power_;
    SegmentLogMel log_mel_;
};

}  // namespace asd::cpu
