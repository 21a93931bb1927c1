// One step of a second-order section in direct form I.
//
// Value is double, or a vector of doubles with one section per lane. The brackets are set so that only one
// multiplication and one subtraction lie between an output and the next. Transposed form II, which scipy.signal.sosfilt uses,
// has twice as many; both agree to rounding.
#pragma once

#include "host_device.hpp"

namespace asd::kernels {

template <class Value>
struct Biquad {
    Value b0, b1, b2, a1, a2;
    Value x1, x2, y1, y2;  // the last two inputs and outputs

    // The state after an endless constant `in` that gives `out`: that of scipy.signal.sosfilt_zi.
    ASD_HD void settle(const Value &in, const Value &out) {
        x1 = x2 = in;
        y1 = y2 = out;
    }

    ASD_HD void step(const Value &x, Value &y) {
        y = ((b0 * x + (b1 * x1 + b2 * x2)) - a2 * y2) - a1 * y1;
        x2 = x1;
        x1 = x;
        y2 = y1;
        y1 = y;
    }
};

}  // namespace asd::kernels
