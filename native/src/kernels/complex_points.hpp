// Butterflies of the discrete Fourier transform, decimated in frequency, over any type that adds and multiplies: a number on
// the device, a vector with one frame per lane on the CPU.
#pragma once

#include "host_device.hpp"

namespace asd::kernels {

template <class Value>
struct Complex {
    Value re, im;
};

template <class Value>
ASD_HD Complex<Value> operator+(const Complex<Value> &a, const Complex<Value> &b) {
    return {a.re + b.re, a.im + b.im};
}

template <class Value>
ASD_HD Complex<Value> operator-(const Complex<Value> &a, const Complex<Value> &b) {
    return {a.re - b.re, a.im - b.im};
}

// a times the number (cos, sin).
template <class Value>
ASD_HD Complex<Value> turned(const Complex<Value> &a, double cos, double sin) {
    return {a.re * cos - a.im * sin, a.re * sin + a.im * cos};
}

// a times -i.
template <class Value>
ASD_HD Complex<Value> turned_back(const Complex<Value> &a) {
    return {a.im, Value{} - a.re};
}

template <class Value>
ASD_HD void transform_of_2(Complex<Value> *x) {
    const Complex<Value> sum = x[0] + x[1], difference = x[0] - x[1];
    x[0] = sum;
    x[1] = difference;
}

template <class Value>
ASD_HD void transform_of_4(Complex<Value> &x0, Complex<Value> &x1, Complex<Value> &x2, Complex<Value> &x3) {
    const Complex<Value> a = x0 + x2, b = x0 - x2, c = x1 + x3, d = x1 - x3;
    x0 = a + c;
    x2 = a - c;
    x1 = {b.re + d.im, b.im - d.re};
    x3 = {b.re - d.im, b.im + d.re};
}

template <class Value>
ASD_HD void transform_of_8(Complex<Value> *x) {
    constexpr double ROOT_HALF = 0.70710678118654752440;
    Complex<Value> even[4] = {x[0] + x[4], x[1] + x[5], x[2] + x[6], x[3] + x[7]};
    const Complex<Value> b = x[1] - x[5], c = x[2] - x[6], d = x[3] - x[7];
    Complex<Value> odd[4] = {x[0] - x[4],
                             {(b.re + b.im) * ROOT_HALF, (b.im - b.re) * ROOT_HALF},
                             turned_back(c),
                             {(d.im - d.re) * ROOT_HALF, (d.re + d.im) * -ROOT_HALF}};
    transform_of_4(even[0], even[1], even[2], even[3]);
    transform_of_4(odd[0], odd[1], odd[2], odd[3]);
    for (int k = 0; k < 4; ++k) {
        x[2 * k] = even[k];
        x[2 * k + 1] = odd[k];
    }
}

template <int points, class Value>
ASD_HD void transform(Complex<Value> *x) {
    static_assert(points == 2 || points == 4 || points == 8, "no other radix is written");
    if constexpr (points == 2) transform_of_2(x);
    if constexpr (points == 4) transform_of_4(x[0], x[1], x[2], x[3]);
    if constexpr (points == 8) transform_of_8(x);
}

}  // namespace asd::kernels
