// The memory that a thread needs for the log-mel of a block of frames, as parts of one array of doubles.
#pragma once

#include <cstdint>

#include "host_device.hpp"
#include "log_mel_plan.hpp"

namespace asd::kernels {

class LogMelWorkspace {
public:
    ASD_HD LogMelWorkspace(const LogMelPlan &plan, double *memory) {
        const StagedFrames shape(plan.window_samples, plan.hop_samples);
        end_ = 0;
        staged = part(memory, shape.size() + MOST_LANES);  // a vector may be loaded from any column on
        rows = part(memory, 2 * MOST_LANES * ROW_POINTS * plan.part_points());
        points = part(memory, 2 * MOST_LANES * 2 * plan.part_points());
        bins = reinterpret_cast<float *>(part(memory, plan.padded_bins() * MOST_LANES / 2));
        sums = reinterpret_cast<float *>(part(memory, plan.bands * MOST_LANES / 2));
        unstaged = part(memory, shape.size());
        largest = part(memory, 2 * shape.columns);
        scale = part(memory, FRAME_BLOCK);
        unscale = part(memory, FRAME_BLOCK);
        octaves = reinterpret_cast<float *>(part(memory, FRAME_BLOCK / 2));
    }

    // Its size in doubles; a multiple of a cache line.
    ASD_HD static std::int64_t size(const LogMelPlan &plan) { return LogMelWorkspace(plan, nullptr).end_; }

    double *staged;
    double *rows;     // of complex points, after the first pass
    double *points;   // work area of two parts
    float *bins;      // [plan.padded_bins()][MOST_LANES] at most
    float *sums;      // [bands][MOST_LANES] at most
    double *unstaged; // the staged columns, one after another
    double *largest;  // of each column, and of each column's part that a frame reads of its last
    double *scale;    // [FRAME_BLOCK]
    double *unscale;  // [FRAME_BLOCK] its inverse
    float *octaves;   // [FRAME_BLOCK]

private:
    ASD_HD double *part(double *memory, std::int64_t count) {
        constexpr std::int64_t LINE = 8;
        double *begin = memory ? memory + end_ : nullptr;
        end_ += (count + LINE - 1) / LINE * LINE;
        return begin;
    }

    std::int64_t end_;
};

}  // namespace asd::kernels
