#include "spectrograms.hpp"

#include <algorithm>

#include "../c_api/checks.hpp"
#include "../cpu/launchers.hpp"
#include "../cpu/sample_kernels.hpp"
#include "level.hpp"

namespace asd::model {
namespace {

using kernels::SegmentGrid;
using std::int64_t;

constexpr int64_t SAMPLES_AT_ONCE = 1 << 21;  // of standardised segments: 8 MB

}  // namespace

Spectrograms::Spectrograms(const Wave &wave, const FrontEnd &front_end, const kernels::LogMelPlan &plan, std::int32_t threads)
    : wave_(wave), grid_{wave.count, front_end.segment_samples, front_end.hop_samples}, plan_(plan), threads_(threads),
      per_segment_(front_end.standardise == Standardise::segment), level_(front_end.level) {
    if (front_end.standardise == Standardise::clip)
        level_ = wave.typed([&](const auto *samples) { return level_of(samples, wave.count); });
}

std::vector<float> Spectrograms::cut(int64_t begin, const SegmentGrid &grid) const {
    std::vector<float> segments(static_cast<std::size_t>(grid.count() * grid.segment_samples));
    wave_.typed([&](const auto *samples) {
        return cpu::cut_segments(samples + begin, 1, grid, {per_segment_, level_.mean, level_.std, threads_}, segments.data());
    });
    return segments;
}

asd_status Spectrograms::of_cut(const std::vector<float> &cut, int64_t first, int64_t count, int64_t length, float *mel) const {
    const float *segments = cut.data() + first * length;
    if (cpu::first_not_finite(cpu::isa_kernels(), segments, count * length) < count * length)
        return c_api::fail(ASD_INVALID_ARGUMENT, "a standardised sample exceeds the range of float32: the recording's scale is far "
                                                 "from that of the training recordings; leave it out, or repair its samples");
    cpu::log_mel(segments, count, SegmentGrid{length, length, length}, plan_, {false, 0.0, 1.0, threads_}, mel);
    return ASD_OK;
}

asd_status Spectrograms::of_segments(int64_t first, int64_t count, float *mel) const {
    const int64_t length = grid_.segment_samples, size = plan_.bands * plan_.frames(length);
    const int64_t together = std::max<int64_t>(1, SAMPLES_AT_ONCE / length);
    for (int64_t done = 0, part; done < count; done += part) {
        part = std::min(together, count - done);
        const int64_t segment = first + done, last = segment + part - 1;
        // The one that is aligned to the end is cut beside the one before it, as if all were cut: so its moments have the same bits.
        const int64_t from = segment >= grid_.whole() ? segment - 1 : segment, begin = grid_.start(from);
        const int64_t end = std::min(grid_.samples, grid_.start(last) + length);
        const std::vector<float> segments = cut(begin, {end - begin, length, grid_.hop_samples});
        ASD_REQUIRE(of_cut(segments, segment - from, part, length, mel + done * size));
    }
    return ASD_OK;
}

asd_status Spectrograms::of_part(int64_t begin, int64_t end, std::vector<float> *mel) const {
    const int64_t length = end - begin;
    ASD_REQUIRE(c_api::require_more_than_half_a_window(plan_, length));
    mel->resize(static_cast<std::size_t>(plan_.bands * plan_.frames(length)));
    return of_cut(cut(begin, {length, length, length}), 0, 1, length, mel->data());
}

}  // namespace asd::model
