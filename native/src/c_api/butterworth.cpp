#include "butterworth.hpp"

#include <cmath>

namespace asd::c_api {

std::vector<double> butterworth_sections(const HighPass &wanted, double sample_rate_hz, std::int64_t most) {
    const double pi = std::acos(-1.0);
    const double pass = std::tan(pi * wanted.pass_hz / sample_rate_hz), stop = std::tan(pi * wanted.stop_hz / sample_rate_hz);
    const double stopped = std::pow(10.0, 0.1 * wanted.stop_db) - 1.0, passed = std::pow(10.0, 0.1 * wanted.pass_db) - 1.0;
    const double least = std::log10(stopped / passed) / (2.0 * std::log10(pass / stop));
    if (!(least <= static_cast<double>(2 * most))) return {};
    const auto order = static_cast<std::int64_t>(std::ceil(least));
    // The frequency of 3 dB, for which the pass band's edge is attenuated by pass_db exactly.
    const double edge = pass * std::pow(passed, 0.5 / static_cast<double>(order));
    std::vector<double> sections;
    if (order % 2 == 1) {
        const double scale = 1.0 / (1.0 + edge);
        sections = {scale, -scale, 0.0, 1.0, (edge - 1.0) * scale, 0.0};
    }
    // A pole pair of damping 2 cos(angle), by the bilinear transform.
    for (std::int64_t pair = order / 2; pair > 0; --pair) {
        const double angle = pi * static_cast<double>(2 * pair - 1) / static_cast<double>(2 * order);
        const double damping = 2.0 * std::sin(angle) * edge, square = edge * edge;
        const double scale = 1.0 / (1.0 + damping + square);
        sections.insert(sections.end(), {scale, -2.0 * scale, scale, 1.0, 2.0 * (square - 1.0) * scale,
                                         (1.0 - damping + square) * scale});
    }
    return sections;
}

}  // namespace asd::c_api
