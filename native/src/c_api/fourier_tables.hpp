// The tables of the transform, and the plan of its passes.
#pragma once

#include <cstdint>
#include <vector>

#include "../kernels/log_mel_plan.hpp"

namespace asd::c_api {

struct FourierTables {
    std::vector<double> window;
    std::vector<std::int32_t> staged_at;
    std::vector<double> first_twiddles, pass_twiddles, last_twiddles;
    std::vector<kernels::MirroredPair> pairs;
};

// Fills the tables and those fields of the plan that point to them; the plan's window_samples and hop_samples must be set.
void make_fourier_tables(bool normalise_window, kernels::LogMelPlan *plan, FourierTables *tables);

}  // namespace asd::c_api
