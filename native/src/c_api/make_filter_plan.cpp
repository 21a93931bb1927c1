#include "make_filter_plan.hpp"

#include <algorithm>
#include <cmath>

#include "checks.hpp"

namespace asd::c_api {
namespace {

static_assert(kernels::MAX_SECTIONS == ASD_MAX_SECTIONS);

// The triangle of Jury's criterion: both poles inside the unit circle.
bool is_stable(double a1, double a2) { return std::abs(a2) < 1.0 && std::abs(a1) < 1.0 + a2; }

asd_status require_section(const double *row, long long index) {
    if (!std::all_of(row, row + 6, [](double value) { return std::isfinite(value); }))
        return fail(ASD_INVALID_ARGUMENT, "sos must be finite; section %lld is not", index);
    if (row[3] != 1.0)
        return fail(ASD_INVALID_ARGUMENT, "sos must have a0 = 1 in column 3; section %lld has %g: divide it by that", index,
                    row[3]);
    if (!is_stable(row[4], row[5]))
        return fail(ASD_INVALID_ARGUMENT, "sos must be stable; section %lld has a pole on or outside the unit circle: design "
                                          "the filter with output=\"sos\" or a lower order",
                    index);
    return ASD_OK;
}

}  // namespace

asd_status make_filter_plan(const double *sos, std::int64_t sections, bool zero_phase, kernels::FilterPlan *plan) {
    *plan = {};
    plan->zero_phase = zero_phase;
    plan->sections = static_cast<std::int32_t>(sections);
    std::int64_t first_order_b = 0, first_order_a = 0;
    plan->gain[0] = 1.0;
    for (std::int64_t i = 0; i < sections; ++i) {
        const double *row = sos + 6 * i;
        ASD_REQUIRE(require_section(row, static_cast<long long>(i)));
        const double b0 = row[0], b1 = row[1], b2 = row[2], a1 = row[4], a2 = row[5];
        plan->b0[i] = b0;
        plan->b1[i] = b1;
        plan->b2[i] = b2;
        plan->a1[i] = a1;
        plan->a2[i] = a2;
        first_order_b += b2 == 0.0;
        first_order_a += a2 == 0.0;
        plan->gain[i + 1] = plan->gain[i] * ((b0 + b1 + b2) / (1.0 + a1 + a2));
    }
    for (std::int64_t i = 1; i <= sections; ++i)
        if (!std::isfinite(plan->gain[i]))
            return fail(ASD_INVALID_ARGUMENT, "sos must have a finite gain at frequency zero; that of its first %lld sections "
                                              "is %g: scale b0, b1 and b2 down",
                        static_cast<long long>(i), plan->gain[i]);
    plan->pad_samples = zero_phase ? 3 * (2 * sections + 1 - std::min(first_order_b, first_order_a)) : 0;
    return ASD_OK;
}

}  // namespace asd::c_api
