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
    // Whole cache lines, so that write-combining never has to read one. By way of a block in the first-level cache, because the
    // compiler makes better vector code of a plain loop than of one with stores of our choice.
    constexpr int64_t LINE = 16, BLOCK = 32 * LINE;
    if (stores == Stores::streaming && count >= 2 * LINE) {
        alignas(64) float block[BLOCK];
        const auto misaligned = static_cast<int64_t>(reinterpret_cast<std::uintptr_t>(out) / sizeof(float) % LINE);
        int64_t i = misaligned ? LINE - misaligned : 0;
        standardise_cached(wave, i, by, out);
        while (i + LINE <= count) {
            const int64_t left = (count - i) / LINE * LINE, size = left < BLOCK ? left : BLOCK;
            standardise_cached(wave + i, size, by, block);
            for (int64_t k = 0; k < size; k += 4) _mm_stream_ps(out + i + k, _mm_load_ps(block + k));
            i += size;
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

constexpr int LANES = WIDTH * VECTORS;

// Samples by which a section lags the one before it. With 1, each step would wait for the lanes to move up; with 3 that is
// hidden behind the recurrence inside the sections.
constexpr int LAG = 3;

// Up to LANES sections from `first`, in place; stride -1 runs backwards from signal. `scale` is the constant that came before the
// first sample of the whole cascade.
//
// The lanes form a pipeline: section i works on sample n - LAG * i. All start settled, so that those that still wait for the first
// sample only go on with the constant past. Unused lanes hand their input on, so that the last lane is always the output.
template <int stride>
void filter_group(const FilterPlan &plan, int first, int sections, double scale, double *signal, int64_t count) {
    Biquad<Vector> lanes[VECTORS];
    Vector out[LAG][VECTORS];
    for (int v = 0; v < VECTORS; ++v) {
        Vector settled_in{}, settled_out{};
        for (int k = 0; k < WIDTH; ++k) {
            const int i = v * WIDTH + k, s = first + i;
            const bool used = i < sections;
            lanes[v].b0[k] = used ? plan.b0[s] : 1.0;
            lanes[v].b1[k] = used ? plan.b1[s] : 0.0;
            lanes[v].b2[k] = used ? plan.b2[s] : 0.0;
            lanes[v].a1[k] = used ? plan.a1[s] : 0.0;
            lanes[v].a2[k] = used ? plan.a2[s] : 0.0;
            settled_in[k] = scale * plan.gain[used ? s : first + sections];
            settled_out[k] = scale * plan.gain[used ? s + 1 : first + sections];
        }
        lanes[v].settle(settled_in, settled_out);
        for (int j = 0; j < LAG; ++j) out[j][v] = settled_out;
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
    const auto careful = [&](int64_t end) {
        for (; n < end; n += LAG) {
            for (int j = 0; j < LAG; ++j) {
                const int64_t at = n + j, done = at - DELAY;
                const double y = step(j, at < count ? signal[at * stride] : 0.0);
                if (done >= 0 && done < count) signal[done * stride] = y;
            }
        }
    };
    careful(DELAY);
    for (; n + LAG <= count; n += LAG)
        for (int j = 0; j < LAG; ++j) signal[(n + j - DELAY) * stride] = step(j, signal[(n + j) * stride]);
    careful(count + DELAY);
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
