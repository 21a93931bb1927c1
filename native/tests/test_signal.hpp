// Signals and a filter for the tests.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

inline std::vector<std::int16_t> noise_i16(std::int64_t count, unsigned seed) {
    std::mt19937 generator(seed);
    std::uniform_int_distribution<int> value(-32768, 32767);
    std::vector<std::int16_t> wave(static_cast<std::size_t>(count));
    for (auto &sample : wave) sample = static_cast<std::int16_t>(value(generator));
    return wave;
}

inline std::vector<float> noise_f32(std::int64_t count, unsigned seed, float offset = 0.0f) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> value(offset, 0.1f);
    std::vector<float> wave(static_cast<std::size_t>(count));
    for (auto &sample : wave) sample = value(generator);
    return wave;
}

// Stable sections with poles of radius 0.3 to 0.9 around the circle, and zeros at frequency zero: K x 6.
inline std::vector<double> high_pass_sections(int sections) {
    std::vector<double> sos;
    for (int i = 0; i < sections; ++i) {
        const double share = (i + 0.5) / sections, radius = 0.3 + 0.6 * share, angle = 1.2 + 1.5 * share;
        sos.insert(sos.end(), {0.3, -0.6, 0.3, 1.0, -2.0 * radius * std::cos(angle), radius * radius});
    }
    return sos;
}
