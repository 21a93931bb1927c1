// Crops of a bank on the device: each thread of a block every BLOCK-th sample of a crop.
#include "../kernels/gather.hpp"
#include "launch.cuh"
#include "launchers.hpp"
#include "standardise_row.cuh"

namespace asd::cuda {
namespace {

using kernels::CropFault;
using kernels::CropPlace;
using kernels::Gather;
using std::int64_t;

// A crop that is out of range: NaN tells its reader, because the call could not report it.
struct NoSample {
    __device__ float operator()(int64_t) const { return static_cast<float>(NAN); }
};

template <class Sample>
__global__ void gather(Gather<Sample> from, int64_t crops, bool per_segment, float *segments) {
    const int64_t length = from.crop_samples;
    for (int64_t crop = blockIdx.x; crop < crops; crop += gridDim.x) {
        const CropPlace place = from.place(crop);
        float *out = segments + crop * length;
        if (place.fault == CropFault::none)  // the same for the whole block
            standardise_row(from.run(place), length, per_segment, from.standardise(crop), out);
        else
            standardise_row(NoSample{}, length, false, from.given, out);
    }
}

}  // namespace

template <class Sample>
int gather_segments(const Gather<Sample> &from, int64_t crops, bool per_segment, float *segments, void *stream) {
    return launch(gather<Sample>, row_blocks(crops, from.crop_samples, per_segment), BLOCK, stream, from, crops, per_segment,
                  segments);
}

template int gather_segments(const Gather<std::int16_t> &, int64_t, bool, float *, void *);
template int gather_segments(const Gather<float> &, int64_t, bool, float *, void *);

}  // namespace asd::cuda
