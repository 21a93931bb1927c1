// The samples of a block of frames, laid out as StagedFrames says, and the largest of each frame.
//
// Included only by isa_kernels.cpp, which is compiled once per instruction set: everything has internal linkage.
#pragma once

#include <cstdint>
#include <cstring>

#include "../kernels/framed_clip.hpp"
#include "../kernels/log_mel_workspace.hpp"
#include "frame_lanes.hpp"

namespace {

using asd::kernels::FRAME_BLOCK;
using asd::kernels::FramedClip;
using asd::kernels::LogMelPlan;
using asd::kernels::LogMelWorkspace;
using asd::kernels::StagedFrames;
using std::int64_t;

ASD_HD double larger(double a, double b) { return a > b ? a : b; }

// Largest magnitude of values[0 .. count).
ASD_HD double largest(const double *values, int64_t count) {
    DoubleLanes high{}, low{};
    const int64_t even = count - count % DOUBLES;
    for (int64_t i = 0; i < even; i += DOUBLES) {
        high = larger(load<DoubleLanes>(values + i), high);
        low = smaller(load<DoubleLanes>(values + i), low);
    }
    double lane[2 * DOUBLES], most = 0.0;
    store(high, lane);
    store(low, lane + DOUBLES);
    for (int k = 0; k < 2 * DOUBLES; ++k) most = larger(__builtin_fabs(lane[k]), most);
    for (int64_t i = even; i < count; ++i) most = larger(__builtin_fabs(values[i]), most);
    return most;
}

// A power of two that scales the largest sample of a frame so that its powers neither overflow nor vanish as floats, even in bins
// that contain only the transform's rounding. 1 for silence and for common levels, which saves a multiplication a sample.
ASD_HD double scale_of(double most) {
    constexpr double LEAST_COMMON = 0x1p-10, MOST_COMMON = 0x1p20;
    if (most >= LEAST_COMMON && most <= MOST_COMMON) return 1.0;
    std::uint64_t bits;
    std::memcpy(&bits, &most, sizeof bits);
    const std::uint64_t exponent = bits >> 52;
    if (exponent == 0 || exponent > 2044) return 1.0;
    bits = (2045 - exponent) << 52;
    double scale;
    std::memcpy(&scale, &bits, sizeof scale);
    return scale;
}

// Column of samples begin, begin + 1 .. of the clip into values[0 .. count).
template <class Sample>
ASD_HD void read_column(const FramedClip<Sample> &clip, int64_t begin, int64_t count, double *values) {
    if (begin >= 0 && begin + count <= clip.dense()) {
        const Sample *from = clip.segment + begin;
        for (int64_t i = 0; i < count; ++i) values[i] = clip.by.exact(from[i]);
    } else {
        for (int64_t i = 0; i < count; ++i) values[i] = clip(begin + i);
    }
}

// Turns columns of `rows` samples, stored one after another at `from`, into rows of `stride` samples.
ASD_HD void transpose_columns(const double *from, int64_t columns, int64_t rows, int64_t stride, double *to) {
    const int64_t whole_columns = columns - columns % DOUBLES, whole_rows = rows - rows % DOUBLES;
    for (int64_t column = 0; column < whole_columns; column += DOUBLES) {
        for (int64_t row = 0; row < whole_rows; row += DOUBLES) {
            DoubleLanes x[DOUBLES];
            for (int i = 0; i < DOUBLES; ++i) x[i] = load<DoubleLanes>(from + (column + i) * rows + row);
            transpose(x);
            for (int i = 0; i < DOUBLES; ++i) store(x[i], to + (row + i) * stride + column);
        }
    }
    for (int64_t column = 0; column < columns; ++column)
        for (int64_t row = column < whole_columns ? whole_rows : 0; row < rows; ++row)
            to[row * stride + column] = from[column * rows + row];
}

// Frames [first, first + frames) of a clip: fills staged, scale and octaves.
template <class Sample>
void stage(const LogMelPlan &plan, const FramedClip<Sample> &clip, int64_t first, int64_t frames,
           const LogMelWorkspace &work) {
    const StagedFrames shape(plan.window_samples, plan.hop_samples);
    double *whole = work.largest, *part = work.largest + shape.columns;
    const int64_t begin = first * plan.hop_samples - plan.window_samples / 2;
    const int64_t used = frames + shape.hops - 1;
    for (int64_t column = 0; column < shape.columns; ++column) {
        // The clip is not read beyond its last frame.
        const int64_t rows = column < used - 1 ? shape.rows : column < used ? shape.rows_of_last : 0;
        double *values = work.unstaged + column * shape.rows;
        if (rows > 0) read_column(clip, begin + column * plan.hop_samples, rows, values);
        for (int64_t row = rows; row < shape.rows; ++row) values[row] = 0.0;
        part[column] = largest(values, shape.rows_of_last);
        whole[column] = larger(part[column], largest(values + shape.rows_of_last, shape.rows - shape.rows_of_last));
    }
    transpose_columns(work.unstaged, shape.columns, shape.rows, shape.columns, work.staged);
    for (int64_t frame = 0; frame < FRAME_BLOCK; ++frame) {
        double most = part[frame + shape.hops - 1];
        for (int64_t hop = 0; hop < shape.hops - 1; ++hop) most = larger(whole[frame + hop], most);
        work.scale[frame] = scale_of(most);
        work.unscale[frame] = 1.0 / work.scale[frame];
        std::uint64_t bits;
        std::memcpy(&bits, work.scale + frame, sizeof bits);
        const int octave = 1023 - static_cast<int>(bits >> 52);
        work.octaves[frame] = static_cast<float>(plan.squared ? 2 * octave : octave);
    }
}

}  // namespace
