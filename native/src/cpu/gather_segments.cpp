// Crops from a flat bank of clips, standardised while they are copied: a training batch. A work item is a crop.
#include <algorithm>

#include "first_index.hpp"
#include "launchers.hpp"
#include "parallel_for.hpp"
#include "repeated_run.hpp"

namespace asd::cpu {

using std::int64_t;

template <class Sample>
int64_t gather_segments(const kernels::Gather<Sample> &from, int64_t crops, bool per_segment, std::int32_t threads,
                        float *segments) {
    const IsaKernels &isa = isa_kernels();
    const int64_t length = from.crop_samples;
    const Stores stores = stores_for(crops * length);

    FirstIndex not_finite;
    parallel_for(crops, thread_count(threads, crops), [&](int64_t crop, int64_t) {
        const kernels::CropPlace place = from.place(crop);
        const Sample *run = from.bank + place.begin + place.offset;
        const int64_t samples = std::min(place.samples, length);  // a shorter clip is read from its first sample on
        const int64_t found = first_not_finite(isa, run, samples);
        if (found < samples) {
            not_finite.report(crop * length + found);
            return;
        }
        const auto by = per_segment ? kernels::standardise_by(moments_of_repeated(isa, run, samples, length))
                                    : from.standardise(crop);
        standardise_repeated(isa, run, samples, length, by, stores, segments + crop * length);
    });
    return not_finite.get();
}

template int64_t gather_segments(const kernels::Gather<std::int16_t> &, int64_t, bool, std::int32_t, float *);
template int64_t gather_segments(const kernels::Gather<float> &, int64_t, bool, std::int32_t, float *);

}  // namespace asd::cpu
