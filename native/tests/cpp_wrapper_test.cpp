// The C++ wrapper: values come back as vectors, failures as exceptions with the message.
#include "asd/asd.hpp"

#include <cstring>

#include "check.hpp"

int main() {
    CHECK(asd::segment_starts(12, 5, 3) == (std::vector<std::int64_t>{0, 3, 6, 7}));

    const std::vector<float> wave = {1.0f, 2.0f, 3.0f, 4.0f};
    asd_segment_options options = ASD_SEGMENT_OPTIONS_INIT;
    options.segment_samples = 2;
    options.hop_samples = 1;
    options.per_segment = 1;
    CHECK(asd::cut_segments(wave.data(), 1, 4, options) == (std::vector<float>{-1, 1, -1, 1, -1, 1}));

    asd_power_options power = ASD_POWER_OPTIONS_INIT;
    power.segment_samples = 20;
    power.hop_samples = 20;
    // A clip shorter than a segment is repeated; a filter that passes everything gives its mean square.
    const std::vector<double> squares = asd::high_passed_power(wave.data(), 1, 4, {1, 0, 0, 1, 0, 0}, power);
    CHECK(squares.size() == 1);
    CHECK_NEAR(squares[0], 7.5, 1e-12);

    try {
        options.hop_samples = 0;
        asd::cut_segments(wave.data(), 1, 4, options);
        CHECK(!"refused");
    } catch (const asd::Error &error) {
        CHECK(error.status() == ASD_INVALID_ARGUMENT);
        CHECK(std::strstr(error.what(), "hop_samples") != nullptr);
    }
    return summary("cpp_wrapper");
}
