// Spectral statistics.
#include "../cpu/launchers.hpp"
#include "../cpu/sample_kernels.hpp"
#include "checks.hpp"

using namespace asd::c_api;

namespace {

asd_status require_statistics(const int32_t *statistics, int64_t count) {
    constexpr int64_t KINDS = ASD_STATISTIC_RANK;
    if (count < 1 || count > KINDS)
        return fail(ASD_INVALID_ARGUMENT, "statistics must be 1 to %lld of asd_statistic; got %lld", static_cast<long long>(KINDS),
                    static_cast<long long>(count));
    ASD_REQUIRE(require_pointer(statistics, "statistics"));
    int32_t seen = 0;
    for (int64_t i = 0; i < count; ++i) {
        const int32_t kind = statistics[i];
        if (kind < 1 || kind > KINDS || (seen >> kind & 1) != 0)
            return fail(ASD_INVALID_ARGUMENT, "statistics must be of asd_statistic, each once; number %lld is %d",
                        static_cast<long long>(i), kind);
        seen |= 1 << kind;
    }
    return ASD_OK;
}

template <class Value>
asd_status pool(const void *mel, int64_t clips, const asd::cpu::FramesOf &shape, const asd::cpu::Statistics &statistics,
                std::int32_t threads, double *pooled) {
    const auto *values = static_cast<const Value *>(mel);
    const int64_t of_clip = shape.bands * shape.frames, count = clips * of_clip;
    const int64_t bad = asd::cpu::first_not_finite(asd::cpu::isa_kernels(), values, count);
    if (bad < count)
        return fail(ASD_INVALID_ARGUMENT, "mel must be finite; clip %lld holds %g at %lld: look at the recording that it is from",
                    static_cast<long long>(bad / of_clip), static_cast<double>(values[bad]),
                    static_cast<long long>(bad % of_clip));
    return guarded([&] {
        asd::cpu::spectral_statistics(values, clips, shape, statistics, threads, pooled);
        return ASD_OK;
    });
}

}  // namespace

asd_status asd_spectral_statistics(const void *mel, int64_t clips, int64_t bands, int64_t frames, const int32_t *statistics,
                                   int64_t count, const asd_statistics_options *options, double *pooled) {
    ASD_REQUIRE(require_options(options));
    ASD_REQUIRE(require_size(clips, "clips", 0));
    ASD_REQUIRE(require_size(bands, "bands", 1));
    ASD_REQUIRE(require_size(frames, "frames", 1));
    ASD_REQUIRE(require_statistics(statistics, count));
    ASD_REQUIRE(require_product(clips, bands, frames, 1));
    ASD_REQUIRE(require_product(clips, bands, count, 1));
    ASD_REQUIRE(require_type(options->value_type, "value_type", ASD_FLOAT32, ASD_FLOAT64));
    ASD_REQUIRE(require_threads(options->threads));
    if (!(options->rank_decay >= 0.0 && options->rank_decay <= 1.0))
        return fail(ASD_INVALID_ARGUMENT, "rank_decay must be 0 (the maximum) to 1 (the mean); got %g", options->rank_decay);
    if (clips == 0) return ASD_OK;
    ASD_REQUIRE(require_pointer(mel, "mel"));
    ASD_REQUIRE(require_pointer(pooled, "pooled"));
    const asd::cpu::FramesOf shape{bands, frames, frames};
    const asd::cpu::Statistics wanted{statistics, count, options->rank_decay};
    return options->value_type == ASD_FLOAT32 ? pool<float>(mel, clips, shape, wanted, options->threads, pooled)
                                              : pool<double>(mel, clips, shape, wanted, options->threads, pooled);
}
