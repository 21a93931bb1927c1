// A cascade of second-order sections, slow and readable.
#pragma once

#include <vector>

#include "test_signal.hpp"

// Section after section in transposed direct form II, with the steady state that SciPy's sosfilt_zi solves for.
inline std::vector<double> reference_filter(int sections, std::vector<double> x) {
    const std::vector<double> sos = high_pass_sections(sections);
    long double past = x.empty() ? 0.0L : x[0];
    std::vector<long double> values(x.begin(), x.end());
    for (int i = 0; i < sections; ++i) {
        const double *c = sos.data() + 6 * i;
        const long double after = past * (c[0] + c[1] + c[2]) / (1.0L + c[4] + c[5]);
        long double state1 = after - c[0] * past, state2 = c[2] * past - c[5] * after;
        for (long double &value : values) {
            const long double y = c[0] * value + state1;
            state1 = c[1] * value - c[4] * y + state2;
            state2 = c[2] * value - c[5] * y;
            value = y;
        }
        past = after;
    }
    return {values.begin(), values.end()};
}
