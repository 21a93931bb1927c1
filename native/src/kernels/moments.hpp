// Mean and population variance of a range of samples, from parts that are combined (Chan, Golub and LeVeque 1983).
//
// Each part takes two passes, so that a large offset costs no precision. A constant range gives exactly zero: sums of up to 2^29
// equal float32 values are exact in double, and equal means combine without rounding.
#pragma once

#include <cmath>
#include <cstdint>

#include "host_device.hpp"
#include "lane_sum.hpp"

namespace asd::kernels {

struct Moments {
    double count;
    double mean;
    double squares;  // sum of (x - mean)^2

    ASD_HD double deviation() const { return sqrt(squares / count); }

    // The moments of the same samples, each taken `times` times.
    ASD_HD Moments repeated(double times) const { return {count * times, mean, squares * times}; }
};

ASD_HD Moments combine(const Moments &a, const Moments &b) {
    if (a.count == 0.0) return b;
    if (b.count == 0.0) return a;
    const double count = a.count + b.count;
    const double delta = b.mean - a.mean;
    const double share = b.count / count;
    return {count, a.mean + delta * share, a.squares + b.squares + delta * delta * (a.count * share)};
}

// Moments of load(i) for i in [0, count).
template <class Load>
ASD_HD Moments moments_of(const Load &load, std::int64_t count) {
    if (count == 0) return {0.0, 0.0, 0.0};
    const double mean = lane_sum(load, count) / static_cast<double>(count);
    const auto square = [&](std::int64_t i) {
        const double centred = load(i) - mean;
        return centred * centred;
    };
    return {static_cast<double>(count), mean, lane_sum(square, count)};
}

}  // namespace asd::kernels
