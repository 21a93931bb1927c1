// Magnitudes or powers of a group of windowed frames, one frame per lane.
//
// The real transform of W samples is a complex one of W / 2 points (see FIRST_RADIX), unfolded afterwards. All in double: in
// float the rounding, 1e-7 of the loudest bin, would drown quiet bands beside a loud tone.
//
// Included only by isa_kernels.cpp, which is compiled once per instruction set: everything has internal linkage.
#pragma once

#include <cstdint>

#include "../kernels/complex_points.hpp"
#include "../kernels/log_mel_workspace.hpp"
#include "frame_lanes.hpp"

namespace {

using asd::kernels::COLUMN_PAIRS;
using asd::kernels::Complex;
using asd::kernels::FIRST_RADIX;
using asd::kernels::FRAME_BLOCK;
using asd::kernels::LogMelPlan;
using asd::kernels::LogMelWorkspace;
using asd::kernels::MirroredPair;
using asd::kernels::ROW_POINTS;
using std::int64_t;

using Point = Complex<DoubleLanes>;

// x[i] times entry i of the twiddles, of which the first, 1, is left out.
template <int radix>
ASD_HD void turn(Point *x, const double *twiddles) {
    for (int i = 1; i < radix; ++i) x[i] = asd::kernels::turned(x[i], twiddles[2 * i - 2], twiddles[2 * i - 1]);
}

// Point a times e^(-2 pi i k / 16), 0 <= k < 8.
ASD_HD Point turned_by_sixteenths(const Point &a, int k) {
    constexpr double COS[8] = {1.0, 0.92387953251128675613, 0.70710678118654752440, 0.38268343236508977173,
                               0.0, -0.38268343236508977173, -0.70710678118654752440, -0.92387953251128675613};
    if (k == 0) return a;
    if (k == 4) return asd::kernels::turned_back(a);
    return asd::kernels::turned(a, COS[k], -COS[k < 4 ? 4 - k : k - 4]);
}

template <bool scaled>
ASD_HD Point windowed(const LogMelPlan &plan, int64_t n, const double *staged, const DoubleLanes &scale) {
    const Point x{load<DoubleLanes>(staged + plan.staged_at[n]) * plan.window[n],
                  load<DoubleLanes>(staged + plan.staged_at[n + 1]) * plan.window[n + 1]};
    if constexpr (scaled) return {x.re * scale, x.im * scale};
    return x;
}

// The first pass, of sixteen points, reads the staged samples; even ones are real parts, odd ones imaginary parts.
template <bool scaled>
void first_pass(const LogMelPlan &plan, const double *staged, const DoubleLanes &scale, Point *rows) {
    const int64_t part = plan.part_points();
    for (int64_t j = 0; j < part; ++j) {
        Point x[2][8];
#pragma GCC unroll 8
        for (int i = 0; i < 8; ++i) {
            const Point a = windowed<scaled>(plan, 2 * (j + i * part), staged, scale);
            const Point b = windowed<scaled>(plan, 2 * (j + (i + 8) * part), staged, scale);
            x[0][i] = a + b;
            x[1][i] = turned_by_sixteenths(a - b, i);
        }
        const double *twiddles = plan.first_twiddles + (2 * FIRST_RADIX - 2) * j;
        Point *row = rows + j * ROW_POINTS;
        for (int r = 0; r < 2; ++r) asd::kernels::transform<8>(x[r]);
        row[0] = x[0][0];
        for (int k = 1; k < FIRST_RADIX; ++k)
            row[k] = asd::kernels::turned(x[k % 2][k / 2], twiddles[2 * k - 2], twiddles[2 * k - 1]);
    }
}

void one_pass(const LogMelPlan &plan, const Point *column, Point *to) {
    const int64_t part = plan.part_points() / 8;
    for (int64_t j = 0; j < part; ++j) {
        Point x[8];
        for (int i = 0; i < 8; ++i) x[i] = column[(j + i * part) * ROW_POINTS];
        asd::kernels::transform<8>(x);
        turn<8>(x, plan.pass_twiddles + 14 * j);
        for (int i = 0; i < 8; ++i) to[j + i * part] = x[i];
    }
}

// A pass of `parts` points and one of eight, repeated for each group of 8 * parts points of a column.
template <int parts>
void last_passes(const LogMelPlan &plan, const Point *from, int64_t step, Point *to) {
    for (int64_t done = 0; done < plan.part_points(); done += 8 * parts, from += 8 * parts * step, to += 8 * parts) {
        Point x[parts][8];
#pragma GCC unroll 8
        for (int i = 0; i < 8; ++i) {
            Point y[parts];
            for (int r = 0; r < parts; ++r) y[r] = from[(i + 8 * r) * step];
            if constexpr (parts > 1) asd::kernels::transform<parts>(y);
            turn<parts>(y, plan.last_twiddles + (2 * parts - 2) * i);
            for (int r = 0; r < parts; ++r) x[r][i] = y[r];
        }
#pragma GCC unroll 4
        for (int r = 0; r < parts; ++r) {
            asd::kernels::transform<8>(x[r]);
            for (int i = 0; i < 8; ++i) to[8 * r + i] = x[r][i];
        }
    }
}

void last_passes(const LogMelPlan &plan, const Point *from, int64_t step, Point *to) {
    if (plan.last_points == 8) last_passes<1>(plan, from, step, to);
    if (plan.last_points == 16) last_passes<2>(plan, from, step, to);
    if (plan.last_points == 32) last_passes<4>(plan, from, step, to);
}

void finish_column(const LogMelPlan &plan, const Point *column, Point *to) {
    if (plan.last_points == plan.part_points()) return last_passes(plan, column, ROW_POINTS, to);
    one_pass(plan, column, to);
    last_passes(plan, to, 1, to);
}

template <bool root>
void unfold(const MirroredPair *pair, int64_t count, int64_t last_bin, const Point *points, float *bins) {
    for (const MirroredPair *end = pair + count; pair < end; ++pair) {
        const Point a = points[pair->at], b = points[pair->mirror_at];
        const Point even{a.re + b.re, a.im - b.im};
        const Point odd = asd::kernels::turned(Point{a.im + b.im, b.re - a.re}, pair->cos, pair->sin);
        const Point low = even + odd, high = even - odd;
        store_float<root>(low.re * low.re + low.im * low.im, bins + pair->bin * GROUP);
        store_float<root>(high.re * high.re + high.im * high.im, bins + (last_bin - pair->bin) * GROUP);
    }
}

// Fills bins of the GROUP frames from `first` on.
void frame_spectra(const LogMelPlan &plan, const LogMelWorkspace &work, int64_t first) {
    auto *rows = reinterpret_cast<Point *>(work.rows);
    auto *points = reinterpret_cast<Point *>(work.points);
    for (int64_t lane = 0; lane < GROUP; lane += DOUBLES) {
        bool scaled = false;
        for (int64_t i = lane; i < lane + DOUBLES; ++i) scaled |= work.scale[first + i] != 1.0;
        const DoubleLanes scale = load<DoubleLanes>(work.scale + first + lane);
        const double *staged = work.staged + first + lane;
        if (scaled)
            first_pass<true>(plan, staged, scale, rows);
        else
            first_pass<false>(plan, staged, scale, rows);
        for (int column = 0; column < COLUMN_PAIRS; ++column) {
            const int mirror = (FIRST_RADIX - column) % FIRST_RADIX;
            finish_column(plan, rows + column, points);
            if (mirror != column) finish_column(plan, rows + mirror, points + plan.part_points());
            const MirroredPair *pair = plan.pair + plan.pair_begin[column];
            const int64_t count = plan.pair_begin[column + 1] - plan.pair_begin[column];
            if (plan.squared)
                unfold<false>(pair, count, plan.points(), points, work.bins + lane);
            else
                unfold<true>(pair, count, plan.points(), points, work.bins + lane);
        }
    }
    for (int64_t i = plan.bins() * GROUP; i < plan.padded_bins() * GROUP; ++i) work.bins[i] = 0.0f;
}

}  // namespace
