// Power of the filtered clip in each time bin of each segment (Fujimura 2023, weights of the weighted mean): filtered forwards and
// backwards as in the paper, or forwards only as a stream does.
//
// A work item is a clip: it is filtered once as a whole, and its overlapping segments only add up squares.
#include <algorithm>
#include <vector>

#include "../kernels/odd_extension.hpp"
#include "bin_power.hpp"
#include "first_index.hpp"
#include "launchers.hpp"
#include "parallel_for.hpp"
#include "sample_kernels.hpp"

namespace asd::cpu {
namespace {

using kernels::FilterPlan;
using kernels::OddExtension;
using kernels::SegmentGrid;
using std::int64_t;

template <class Sample>
void extend(const IsaKernels &isa, const OddExtension<Sample> &extension, double *signal) {
    const int64_t inside = extension.pad_samples + std::min(extension.samples, extension.repeated_samples);
    for (int64_t i = 0; i < extension.pad_samples; ++i) signal[i] = extension(i);
    to_double(isa, extension.clip, inside - extension.pad_samples, signal + extension.pad_samples);
    for (int64_t i = inside; i < extension.size(); ++i) signal[i] = extension(i);
}

}  // namespace

template <class Sample>
int64_t high_passed_power(const Sample *wave, int64_t clips, const SegmentGrid &grid, const FilterPlan &plan,
                          int64_t bins, std::int32_t threads_wanted, double *power) {
    const IsaKernels &isa = isa_kernels();
    const int64_t threads = thread_count(threads_wanted, clips);
    const int64_t size = grid.extended_samples(plan.pad_samples);
    std::vector<double> scratch(static_cast<std::size_t>(size * threads));

    FirstIndex not_finite;
    parallel_for(clips, threads, [&](int64_t clip, int64_t thread) {
        const Sample *samples = wave + clip * grid.samples;
        const int64_t found = first_not_finite(isa, samples, grid.samples);
        if (found < grid.samples) {
            not_finite.report(clip * grid.samples + found);
            return;
        }
        double *signal = scratch.data() + thread * size;
        extend(isa, OddExtension<Sample>{samples, grid.samples, grid.repeated_samples(), plan.pad_samples}, signal);
        kernels::FilterState state = kernels::settled(plan, signal[0]);
        isa.filter(plan, &state, signal, size, Direction::forwards);
        if (plan.zero_phase) {
            state = kernels::settled(plan, signal[size - 1]);
            isa.filter(plan, &state, signal, size, Direction::backwards);
        }
        const double *filtered = signal + plan.pad_samples;
        double *of_clip = power + clip * grid.count() * bins;
        for (int64_t s = 0; s < grid.count(); ++s)
            bin_power(isa, filtered + grid.start(s), grid.segment_samples, bins, of_clip + s * bins);
    });
    return not_finite.get();
}

template int64_t high_passed_power(const std::int16_t *, int64_t, const SegmentGrid &, const FilterPlan &, int64_t,
                                   std::int32_t, double *);
template int64_t high_passed_power(const float *, int64_t, const SegmentGrid &, const FilterPlan &, int64_t, std::int32_t,
                                   double *);

}  // namespace asd::cpu
