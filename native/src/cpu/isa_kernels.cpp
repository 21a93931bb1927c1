// The hot loops of isa_kernels.hpp for one instruction set: ASD_ISA names it, the build sets the compiler's flags.
//
// Everything is internal, and the standard library's templates stay out: see ASD_HD.
#include "isa_kernels.hpp"

#include <cstring>

#include "../kernels/biquad.hpp"
#include "../kernels/lane_sum.hpp"
#include "../kernels/sample_value.hpp"
#include "section_lanes.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace {

using asd::cpu::Direction;
using asd::cpu::Stores;
using asd::kernels::Biquad;
using asd::kernels::FilterPlan;
using asd::kernels::Moments;
using asd::kernels::Standardise;
using std::int64_t;

template <class Bits, class Value>
int64_t first_not_finite(const Value *values, int64_t count, Bits exponent) {
    constexpr int64_t BLOCK = 1024;
    for (int64_t begin = 0; begin < count; begin += BLOCK) {
        const int64_t end = begin + BLOCK < count ? begin + BLOCK : count;
        Bits found = 0;
        for (int64_t i = begin; i < end; ++i) {
            Bits bits;
            std::memcpy(&bits, values + i, sizeof bits);
            found |= static_cast<Bits>((bits & exponent) == exponent);
        }
        for (int64_t i = begin; found && i < end; ++i) {
            Bits bits;
            std::memcpy(&bits, values + i, sizeof bits);
            if ((bits & exponent) == exponent) return i;
        }
    }
    return count;
}

int64_t first_not_finite_f32(const float *values, int64_t count) {
    return first_not_finite<std::uint32_t>(values, count, 0x7f800000u);
}

int64_t first_not_finite_f64(const double *values, int64_t count) {
    return first_not_finite<std::uint64_t>(values, count, 0x7ff0000000000000u);
}

// In parts that stay in the first-level cache between their two passes.
template <class Sample>
Moments moments(const Sample *wave, int64_t count) {
    constexpr int64_t PART = 1024;
    Moments total{0.0, 0.0, 0.0};
    for (int64_t begin = 0; begin < count; begin += PART) {
        const Sample *part = wave + begin;
        const auto load = [part](int64_t i) { return asd::kernels::sample_value(part[i]); };
        const int64_t size = begin + PART < count ? PART : count - begin;
        total = asd::kernels::combine(total, asd::kernels::moments_of(load, size));
    }
    return total;
}

template <class Sample>
void standardise_cached(const Sample *wave, int64_t count, Standardise by, float *out) {
    for (int64_t i = 0; i < count; ++i) out[i] = by(wave[i]);
}

template <class Sample>
void standardise(const Sample *wave, int64_t count, Standardise by, Stores stores, float *out) {
#if defined(__SSE2__)
    // One cache line at a time, so that write-combining never has to read the line.
    constexpr int64_t LINE = 16;
    if (stores == Stores::streaming && count >= 2 * LINE) {
        const auto misaligned = static_cast<int64_t>(reinterpret_cast<std::uintptr_t>(out) / sizeof(float) % LINE);
        int64_t i = misaligned ? LINE - misaligned : 0;
        standardise_cached(wave, i, by, out);
        for (; i + LINE <= count; i += LINE) {
            alignas(64) float line[LINE];
            for (int k = 0; k < LINE; ++k) line[k] = by(wave[i + k]);
            for (int k = 0; k < LINE; k += 4) _mm_stream_ps(out + i + k, _mm_load_ps(line + k));
        }
        standardise_cached(wave + i, count - i, by, out + i);
        _mm_sfence();  // before the thread that joins us reads
        return;
    }
#endif
    (void)stores;
    standardise_cached(wave, count, by, out);
}

template <class Sample>
void to_double(const Sample *wave, int64_t count, double *out) {
    for (int64_t i = 0; i < count; ++i) out[i] = asd::kernels::sample_value(wave[i]);
}

// A decaying filter state ends in denormal numbers, which cost 100 cycles each on some processors; they are below 1e-307 and
// their squares are zero anyway. The caller's mode comes back at the end.
class DenormalsAreZero {
public:
#if defined(__SSE2__)
    DenormalsAreZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040u); }
    ~DenormalsAreZero() { _mm_setcsr(before_); }

private:
    unsigned before_;
#endif
};

constexpr int VECTORS = WIDTH >= 8 ? 2 : 12 / WIDTH;
constexpr int LANES = WIDTH * VECTORS;

// Up to LANES sections starting at `first`, in place; stride -1 runs backwards from signal.
template <int stride>
void filter_group(const FilterPlan &plan, int first, int sections, double scale, double *signal, int64_t count) {
    double state1[LANES] = {}, state2[LANES] = {}, out[LANES] = {};
    for (int i = 0; i < sections; ++i) {
        state1[i] = plan.steady1[first + i] * scale;
        state2[i] = plan.steady2[first + i] * scale;
    }
    const auto section = [&](int i, double in) {
        const int s = first + i;
        Biquad<double> biquad{plan.b0[s], plan.b1[s], plan.b2[s], plan.a1[s], plan.a2[s], state1[i], state2[i]};
        biquad.step(in, out[i]);
        state1[i] = biquad.state1;
        state2[i] = biquad.state2;
    };
    if (count < sections) {
        for (int64_t n = 0; n < count; ++n) {
            for (int i = 0; i < sections; ++i) section(i, i == 0 ? signal[n * stride] : out[i - 1]);
            signal[n * stride] = out[sections - 1];
        }
        return;
    }
    // Fill the pipeline: section i joins at step i.
    for (int n = 0; n < sections - 1; ++n)
        for (int i = n; i >= 0; --i) section(i, i == 0 ? signal[n * stride] : out[i - 1]);

    Biquad<Vector> lanes[VECTORS];
    Vector y[VECTORS];
    for (int v = 0; v < VECTORS; ++v) {
        for (int k = 0; k < WIDTH; ++k) {
            const int i = v * WIDTH + k, s = first + i;
            const bool used = i < sections;
            lanes[v].b0[k] = used ? plan.b0[s] : 0.0;
            lanes[v].b1[k] = used ? plan.b1[s] : 0.0;
            lanes[v].b2[k] = used ? plan.b2[s] : 0.0;
            lanes[v].a1[k] = used ? plan.a1[s] : 0.0;
            lanes[v].a2[k] = used ? plan.a2[s] : 0.0;
            lanes[v].state1[k] = state1[i];
            lanes[v].state2[k] = state2[i];
            y[v][k] = out[i];
        }
    }
    const int delay = sections - 1, last_vector = delay / WIDTH, last_lane = delay % WIDTH;
    const auto step = [&](double in) {
        Vector entering = y[0];
        entering[WIDTH - 1] = in;
        Vector x[VECTORS];
        for (int v = VECTORS - 1; v > 0; --v) x[v] = moved_up(y[v], y[v - 1]);
        x[0] = moved_up(y[0], entering);
        for (int v = 0; v < VECTORS; ++v) lanes[v].step(x[v], y[v]);
        return y[last_vector][last_lane];
    };
    for (int64_t n = delay; n < count; ++n) signal[(n - delay) * stride] = step(signal[n * stride]);
    for (int64_t n = count; n < count + delay; ++n) signal[(n - delay) * stride] = step(0.0);
}

void filter(const FilterPlan &plan, double *signal, int64_t count, Direction direction) {
    const DenormalsAreZero mode;
    double *begin = direction == Direction::forwards ? signal : signal + count - 1;
    const double scale = *begin;
    for (int first = 0; first < plan.sections; first += LANES) {
        const int sections = plan.sections - first < LANES ? plan.sections - first : LANES;
        if (direction == Direction::forwards)
            filter_group<1>(plan, first, sections, scale, begin, count);
        else
            filter_group<-1>(plan, first, sections, scale, begin, count);
    }
}

double mean_square(const double *signal, int64_t count) {
    const auto square = [signal](int64_t i) { return signal[i] * signal[i]; };
    return asd::kernels::lane_sum(square, count) / static_cast<double>(count);
}

}  // namespace

#define ASD_TEXT2(x) #x
#define ASD_TEXT(x) ASD_TEXT2(x)
#define ASD_JOIN2(a, b) a##b
#define ASD_JOIN(a, b) ASD_JOIN2(a, b)

namespace asd::cpu {

extern const IsaKernels ASD_JOIN(isa_kernels_, ASD_ISA);
const IsaKernels ASD_JOIN(isa_kernels_, ASD_ISA) = {
    ASD_TEXT(ASD_ISA),
    first_not_finite_f32,
    first_not_finite_f64,
    moments<std::int16_t>,
    moments<float>,
    standardise<std::int16_t>,
    standardise<float>,
    to_double<std::int16_t>,
    to_double<float>,
    filter,
    mean_square,
};

}  // namespace asd::cpu
