// A cascade of second-order sections as a pipeline across the lanes of vectors.
//
// The recurrence of a section, its settled state and the plan are those of the CUDA launcher (kernels/biquad.hpp,
// filter_plan.hpp). The pipeline around them is not: here a section is a lane of a register and three samples apart from the
// next, on the device it is a thread of a warp, one sample apart, and its neighbour is reached by a shuffle. A shared pipeline
// would hide both behind a layer, and the compiler would no longer keep this one in registers.
//
// Included only by isa_kernels.cpp, which is compiled once per instruction set: everything has internal linkage.
#pragma once

#include <cstdint>

#include "../kernels/biquad.hpp"
#include "isa_kernels.hpp"
#include "section_lanes.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace {

using asd::cpu::Direction;
using asd::kernels::Biquad;
using asd::kernels::FilterPlan;
using asd::kernels::FilterState;
using std::int64_t;

// A decaying filter state ends in denormal numbers, which cost 100 cycles each on some processors; they are below 1e-307 and
// their squares are zero anyway. The caller's mode is restored at the end.
class DenormalsAreZero {
public:
#if defined(__SSE2__)
    DenormalsAreZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040u); }
    ~DenormalsAreZero() { _mm_setcsr(before_); }

private:
    unsigned before_;
#endif
};

constexpr int LANES = WIDTH * VECTORS;

// Samples by which a section lags the one before it. With 1, each step would wait for the lanes to move up; with 3 that is
// hidden behind the recurrence inside the sections.
constexpr int LAG = 3;

// Up to LANES sections from `first`, in place; stride -1 runs backwards from signal. Starts from the given state and leaves that
// after the last sample.
//
// The lanes form a pipeline: section i works on sample n - LAG * i. Sections that still wait for the first sample, or are done with
// the last, keep their state. Each section thus takes exactly the steps that it would take alone, so that neither the block size nor
// the number of lanes changes a bit. Unused lanes pass their input on, so that the last lane is always the output.
template <int stride>
void filter_group(const FilterPlan &plan, int first, int sections, FilterState &state, double *signal, int64_t count) {
    Biquad<Vector> lanes[VECTORS];
    Vector out[LAG][VECTORS] = {}, begin[VECTORS], end[VECTORS];
    for (int v = 0; v < VECTORS; ++v) {
        for (int k = 0; k < WIDTH; ++k) {
            const int i = v * WIDTH + k, s = first + i;
            const bool used = i < sections;
            lanes[v].b0[k] = used ? plan.b0[s] : 1.0;
            lanes[v].b1[k] = used ? plan.b1[s] : 0.0;
            lanes[v].b2[k] = used ? plan.b2[s] : 0.0;
            lanes[v].a1[k] = used ? plan.a1[s] : 0.0;
            lanes[v].a2[k] = used ? plan.a2[s] : 0.0;
            lanes[v].x1[k] = used ? state.x1[s] : 0.0;
            lanes[v].x2[k] = used ? state.x2[s] : 0.0;
            lanes[v].y1[k] = used ? state.y1[s] : 0.0;
            lanes[v].y2[k] = used ? state.y2[s] : 0.0;
            begin[v][k] = LAG * i;
            end[v][k] = static_cast<double>(LAG * i + count);
        }
    }
    const auto step = [&](int j, double in) {
        Vector x[VECTORS];
        for (int v = VECTORS - 1; v > 0; --v) x[v] = moved_up(out[j][v], out[j][v - 1]);
        x[0] = moved_up(out[j][0], everywhere(in));
        for (int v = 0; v < VECTORS; ++v) lanes[v].step(x[v], out[j][v]);
        return out[j][VECTORS - 1][WIDTH - 1];
    };
    constexpr int64_t DELAY = LAG * (LANES - 1);
    int64_t n = 0;
    const auto careful = [&](int64_t until) {
        for (; n < until; n += LAG) {
            for (int j = 0; j < LAG; ++j) {
                const int64_t at = n + j, done = at - DELAY;
                Biquad<Vector> kept[VECTORS];
                for (int v = 0; v < VECTORS; ++v) kept[v] = lanes[v];
                const double y = step(j, at < count ? signal[at * stride] : 0.0);
                const auto clock = static_cast<double>(at);
                for (int v = 0; v < VECTORS; ++v) {
                    lanes[v].x1 = within(begin[v], end[v], clock, lanes[v].x1, kept[v].x1);
                    lanes[v].x2 = within(begin[v], end[v], clock, lanes[v].x2, kept[v].x2);
                    lanes[v].y1 = within(begin[v], end[v], clock, lanes[v].y1, kept[v].y1);
                    lanes[v].y2 = within(begin[v], end[v], clock, lanes[v].y2, kept[v].y2);
                }
                if (done >= 0 && done < count) signal[done * stride] = y;
            }
        }
    };
    careful(DELAY);
    for (; n + LAG <= count; n += LAG)
        for (int j = 0; j < LAG; ++j) signal[(n + j - DELAY) * stride] = step(j, signal[(n + j) * stride]);
    careful(count + DELAY);
    for (int i = 0; i < sections; ++i) {
        const Biquad<Vector> &lane = lanes[i / WIDTH];
        state.x1[first + i] = lane.x1[i % WIDTH];
        state.x2[first + i] = lane.x2[i % WIDTH];
        state.y1[first + i] = lane.y1[i % WIDTH];
        state.y2[first + i] = lane.y2[i % WIDTH];
    }
}

void filter(const FilterPlan &plan, FilterState *state, double *signal, int64_t count, Direction direction) {
    const DenormalsAreZero mode;
    for (int first = 0; first < plan.sections; first += LANES) {
        const int sections = plan.sections - first < LANES ? plan.sections - first : LANES;
        if (direction == Direction::forwards)
            filter_group<1>(plan, first, sections, *state, signal, count);
        else
            filter_group<-1>(plan, first, sections, *state, signal + count - 1, count);
    }
}

}  // namespace
