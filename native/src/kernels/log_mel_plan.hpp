// The tables of the log-mel kernel: made once, in c_api/make_log_mel_plan.cpp, and only read afterwards.
#pragma once

#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

// Number of frames that are transformed together, the same for every instruction set. A frame's result does not depend on its
// neighbours, but the staged samples and the work items depend on this number.
constexpr int FRAME_BLOCK = 16;

constexpr int MOST_LANES = 8;  // frames that any instruction set transforms at once

// The transform of W / 2 complex points, decimated in frequency. The first pass leaves rows of sixteen points, which it writes
// one after another: stores to many places at once would wait three times as long for the second-level cache. Column c of the
// rows is the part with the points k = c (mod 16) of the result. It is finished in a small work area, which stays in the
// first-level cache, together with column 16 - c, which has its mirrored points; then both are unfolded to bins.
constexpr int FIRST_RADIX = 16;
constexpr int ROW_POINTS = FIRST_RADIX + 1;  // distance between rows: with a power of two they would share one set of the cache
constexpr int COLUMN_PAIRS = FIRST_RADIX / 2 + 1;  // columns 0 and 8 mirror themselves

// Points `bin` and points() - `bin` of the transform, whose bins follow from each other.
struct MirroredPair {
    std::int32_t bin;
    std::int32_t at, mirror_at;  // where the points are in the work area
    double cos, sin;             // of -2 pi bin / window_samples
};

constexpr int BAND_STEP = 4;

// One band: the sum over k of weights[k] * bins[first_bin + k].
struct MelBand {
    std::int32_t first_bin;
    std::int32_t bins;  // a multiple of BAND_STEP; the last weights may be 0
    const float *weights;
};

struct LogMelPlan {
    std::int64_t window_samples;  // 2^8 .. 2^13, of the real transform; half as many points of the complex one
    std::int64_t hop_samples;
    std::int64_t bands;
    bool squared;  // sums of powers, not of magnitudes
    bool log;
    bool reflect;  // the clip is continued by its reflection, otherwise by zeros
    float decibels_per_octave;  // of the sum
    float floor_decibels;

    const double *window;  // halved, so that unfolding the real transform needs no further factor
    const std::int32_t *staged_at;  // [window_samples] place of a frame's sample among the staged ones, see StagedFrames

    const double *first_twiddles;  // [points() / 16][15] (cos, sin)
    const double *pass_twiddles;   // [points() / 128][7], if there are passes
    std::int32_t last_points;      // 8, 16 or 32
    const double *last_twiddles;   // [8][last_points / 8 - 1] (cos, sin)
    const MirroredPair *pair;
    std::int32_t pair_begin[COLUMN_PAIRS + 1];  // those of columns c and 16 - c are [pair_begin[c], pair_begin[c + 1])

    const MelBand *band;

    ASD_HD std::int64_t points() const { return window_samples / 2; }
    ASD_HD std::int64_t bins() const { return window_samples / 2 + 1; }
    ASD_HD std::int64_t padded_bins() const { return bins() + BAND_STEP - 1; }
    ASD_HD std::int64_t part_points() const { return points() / FIRST_RADIX; }
    ASD_HD std::int64_t frames(std::int64_t samples) const { return 1 + samples / hop_samples; }
};

// How the samples of a block of frames are laid out in memory: a matrix whose rows hold samples a hop apart. Sample n of sixteen
// neighbouring frames is then contiguous, and a sample of the wave is stored once, however many frames contain it.
struct StagedFrames {
    std::int64_t rows;          // min(hop, window)
    std::int64_t columns;       // a whole number of vectors
    std::int64_t hops;          // columns that a frame reaches
    std::int64_t rows_of_last;  // rows that it reads of the last of these

    ASD_HD StagedFrames(std::int64_t window_samples, std::int64_t hop_samples)
        : rows(hop_samples < window_samples ? hop_samples : window_samples), columns(0), hops(0), rows_of_last(0) {
        hops = (window_samples - 1) / hop_samples + 1;
        columns = (FRAME_BLOCK + hops - 1 + MOST_LANES - 1) / MOST_LANES * MOST_LANES;
        rows_of_last = window_samples - (hops - 1) * hop_samples;
    }

    ASD_HD std::int64_t size() const { return rows * columns; }
    ASD_HD std::int64_t at(std::int64_t sample, std::int64_t hop_samples) const {
        return sample % hop_samples * columns + sample / hop_samples;
    }
};

}  // namespace asd::kernels
