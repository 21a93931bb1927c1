// One step of a second-order section in transposed direct form II, the form of scipy.signal.sosfilt.
//
// Value is double, or a vector of doubles with one section per lane: the lanes then form a pipeline in which section i works on
// sample n - i. The bracketing keeps the multiplication by a1 last, which is the critical path.
#pragma once

#include "host_device.hpp"

namespace asd::kernels {

template <class Value>
struct Biquad {
    Value b0, b1, b2, a1, a2;
    Value state1, state2;

    ASD_HD void step(const Value &in, Value &out) {
        const Value y = b0 * in + state1;
        state1 = (b1 * in + state2) - a1 * y;
        state2 = b2 * in - a2 * y;
        out = y;
    }
};

}  // namespace asd::kernels
