// Power of a signal that comes in blocks, filtered forwards only.
//
// Samples are collected until there are enough of them or a segment is due: the filter's pipeline takes some hundred steps to fill
// and to empty, however few samples pass through it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bin_power.hpp"
#include "last_samples.hpp"
#include "sample_kernels.hpp"

namespace asd::cpu {

class CausalPower {
public:
    CausalPower(const kernels::FilterPlan &plan, std::int64_t segment_samples)
        : plan_(plan), segment_samples_(segment_samples), filtered_(segment_samples),
          stretch_(static_cast<std::size_t>(std::min(segment_samples, STRETCH))) {}

    template <class Sample>
    void push(const Sample *samples, std::int64_t count) {
        const auto size = static_cast<std::int64_t>(stretch_.size());
        while (count > 0) {
            const std::int64_t fits = std::min(count, size - waiting_);
            to_double(isa_, samples, fits, stretch_.data() + waiting_);
            waiting_ += fits;
            samples += fits;
            count -= fits;
            if (waiting_ == size) filter_waiting();
        }
    }

    // Of the last segment; power[0 .. bins).
    void of_last_segment(std::int64_t bins, double *power) {
        filter_waiting();
        bin_power(isa_, filtered_.begin(), segment_samples_, bins, power);
    }

    void clear() {
        waiting_ = 0;
        filtered_.clear();
    }

private:
    static constexpr std::int64_t STRETCH = 8192;

    void filter_waiting() {
        if (waiting_ == 0) return;
        if (filtered_.received() == 0) state_ = kernels::settled(plan_, stretch_[0]);
        isa_.filter(plan_, &state_, stretch_.data(), waiting_, Direction::forwards);
        filtered_.append(stretch_.data(), waiting_);
        waiting_ = 0;
    }

    const IsaKernels &isa_ = isa_kernels();
    kernels::FilterPlan plan_;
    kernels::FilterState state_{};
    std::int64_t segment_samples_;
    LastSamples<double> filtered_;
    std::vector<double> stretch_;
    std::int64_t waiting_ = 0;
};

}  // namespace asd::cpu
