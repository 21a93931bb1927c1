// The high-pass filter whose power weighs the segments (Fujimura 2023, Sec. 3.2): a Butterworth filter of the lowest order that meets
// a specification, as scipy.signal.buttord and butter design it.
#pragma once

#include <cstdint>
#include <vector>

namespace asd::c_api {

// 0 < stop_hz < pass_hz < half the sample rate, 0 < pass_db < stop_db.
struct HighPass {
    double pass_hz, stop_hz, pass_db, stop_db;
};

// (order + 1) / 2 sections of b0 b1 b2 1 a1 a2. Empty if more than `most` sections are needed.
std::vector<double> butterworth_sections(const HighPass &wanted, double sample_rate_hz, std::int64_t most);

}  // namespace asd::c_api
