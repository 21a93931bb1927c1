// Crops, by clip and offset, from a flat bank of clips: where a crop is, and how it is standardised.
//
// Clip c is samples [edges[c], edges[c + 1]) of the bank. A crop lies inside its clip; a clip shorter than the crop is read
// cyclically from its first sample on, as SegmentGrid has it.
#pragma once

#include <cmath>
#include <cstdint>

#include "cyclic_run.hpp"
#include "host_device.hpp"
#include "standardise.hpp"

namespace asd::kernels {

enum class CropFault { none, clip, edges, offset };

struct CropPlace {
    CropFault fault;
    std::int64_t begin;    // of the clip, in the bank
    std::int64_t samples;  // of the clip
    std::int64_t offset;   // of the crop, in the clip
};

template <class Sample>
struct Gather {
    const Sample *bank;
    std::int64_t bank_samples;
    const std::int64_t *edges;  // bank_clips + 1
    std::int64_t bank_clips;
    const std::int64_t *clips;    // one for each crop
    const std::int64_t *offsets;  // one for each crop
    const double *means;          // one for each crop, or nullptr: given
    const double *stds;
    Standardise given;
    std::int64_t crop_samples;

    // Never reads an edge or a sample out of range: on a device the indices have not been checked before.
    ASD_HD CropPlace place(std::int64_t crop) const {
        const std::int64_t clip = clips[crop], offset = offsets[crop];
        if (clip < 0 || clip >= bank_clips) return {CropFault::clip, 0, 0, 0};
        const std::int64_t begin = edges[clip], end = edges[clip + 1];
        if (begin < 0 || end <= begin || end > bank_samples) return {CropFault::edges, 0, 0, 0};
        const std::int64_t room = end - begin > crop_samples ? end - begin - crop_samples : 0;
        if (offset < 0 || offset > room) return {CropFault::offset, begin, end - begin, 0};
        return {CropFault::none, begin, end - begin, offset};
    }

    ASD_HD CyclicRun<Sample> run(const CropPlace &place) const { return {bank + place.begin, place.samples, place.offset}; }

    // All NaN for a deviation that is not positive.
    ASD_HD Standardise standardise(std::int64_t crop) const {
        if (!means) return given;
        return {means[crop], stds[crop] > 0.0 ? 1.0 / stds[crop] : static_cast<double>(NAN)};
    }
};

}  // namespace asd::kernels
