// From options to the tables of a log-mel plan, which is what the handle asd_log_mel points to.
#pragma once

#include "../kernels/log_mel_plan.hpp"
#include "asd/asd.h"
#include "fourier_tables.hpp"
#include "mel_filters.hpp"

// Not copied: the plan points into the tables beside it.
struct asd_log_mel {
    asd_log_mel() = default;
    asd_log_mel(const asd_log_mel &) = delete;
    asd_log_mel &operator=(const asd_log_mel &) = delete;

    asd::kernels::LogMelPlan plan{};
    asd::c_api::FourierTables tables;
    asd::c_api::MelFilters filters;
    std::vector<float> weights;
    std::vector<asd::kernels::MelBand> bands;
};

namespace asd::c_api {

// Fails on options outside their range, and on a band that contains no bin.
asd_status make_log_mel_plan(const asd_log_mel_options &options, asd_log_mel *made);

}  // namespace asd::c_api
