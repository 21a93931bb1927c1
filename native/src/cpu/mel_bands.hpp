// Mel bands of a group of frames from their spectra, in decibels if wanted, one frame per lane.
//
// Included only by isa_kernels.cpp, which is compiled once per instruction set: everything has internal linkage.
#pragma once

#include <cstdint>

#include "../kernels/log_mel_workspace.hpp"
#include "lane_log2.hpp"

namespace {

using asd::kernels::LogMelPlan;
using asd::kernels::LogMelWorkspace;
using asd::kernels::MelBand;
using std::int64_t;

// Summed in runs, so that a band of thousands of bins has no more rounding than one of a few. Four bins at a time; the plan pads
// bands to a multiple of four. Neighbouring bands then mostly have equal lengths, and the processor predicts the end of the loop.
ASD_HD FloatLanes band_sum(const MelBand &band, const float *bins) {
    constexpr int RUN = 16;
    static_assert(RUN % asd::kernels::BAND_STEP == 0 && asd::kernels::BAND_STEP == 4, "as it is written out");
    FloatLanes sum{};
    const float *from = bins + static_cast<int64_t>(band.first_bin) * GROUP, *weights = band.weights;
    for (int begin = 0; begin < band.bins; begin += RUN) {
        const int end = begin + RUN < band.bins ? begin + RUN : band.bins;
        FloatLanes run{};
        for (int k = begin; k < end; k += 4, from += 4 * GROUP, weights += 4) {
            run = run + load<FloatLanes>(from) * weights[0];
            run = run + load<FloatLanes>(from + GROUP) * weights[1];
            run = run + load<FloatLanes>(from + 2 * GROUP) * weights[2];
            run = run + load<FloatLanes>(from + 3 * GROUP) * weights[3];
        }
        sum = sum + run;
    }
    return sum;
}

// octaves: by how many the frame was scaled down, times the power of its bins.
ASD_HD FloatLanes decibels(const LogMelPlan &plan, const FloatLanes &sum, const FloatLanes &octaves) {
    const FloatLanes zero{}, floor = zero + plan.floor_decibels;
    FloatLanes whole;
    const FloatLanes part = lane_log2(sum, whole);
    const FloatLanes level = (whole + octaves + part) * plan.decibels_per_octave;
    return select(sum > zero, select(level > floor, level, floor), floor);
}

// Back to the frames' own level: exact, unless the result is outside float's range.
ASD_HD void rescale(const LogMelPlan &plan, const double *unscale, float *sums) {
    for (int lane = 0; lane < GROUP; ++lane) {
        const double once = static_cast<double>(sums[lane]) * unscale[lane];
        sums[lane] = static_cast<float>(plan.squared ? once * unscale[lane] : once);
    }
}

// The GROUP frames from `first` on, of which `frames` are written: band m to mel + m * stride. First all sums, then all
// logarithms: these are long chains of operations, which would stall at the end of each band.
void mel_bands(const LogMelPlan &plan, const LogMelWorkspace &work, int64_t first, int64_t frames, float *mel,
               int64_t stride) {
    for (int64_t m = 0; m < plan.bands; ++m) store(band_sum(plan.band[m], work.bins), work.sums + m * GROUP);
    const FloatLanes octaves = load<FloatLanes>(work.octaves + first);
    for (int64_t m = 0; m < plan.bands; ++m) {
        float *row = work.sums + m * GROUP;
        if (plan.log)
            store(decibels(plan, load<FloatLanes>(row), octaves), row);
        else
            rescale(plan, work.unscale + first, row);
    }
    const int64_t written = frames < GROUP ? frames : GROUP;
    for (int64_t m = 0; m < plan.bands; ++m) {
        const float *row = work.sums + m * GROUP;
        if (written == GROUP)
            store(load<FloatLanes>(row), mel + m * stride);
        else
            for (int64_t lane = 0; lane < written; ++lane) mel[m * stride + lane] = row[lane];
    }
}

}  // namespace
