// The product of a row vector with an upper triangular matrix: the whitening of a vector.
//
// Eight rows of the matrix at a time, so that the sums are loaded and stored one eighth as many times; each sum still adds its terms
// row by row, whatever the grouping. Terms and sums are double. A product of two float32 values is exact there.
#pragma once

#include <cstdint>

#include "host_device.hpp"

namespace asd::kernels {

// Stored in full, row by row; values below the diagonal are not read.
struct FullTriangle {
    using Value = double;
    const double *values;
    std::int64_t size;

    // Element (i, j) is row(i)[j].
    ASD_HD const double *row(std::int64_t i) const { return values + i * size; }
};

// Row by row from the diagonal on: size (size + 1) / 2 values.
struct PackedTriangle {
    using Value = float;
    const float *values;
    std::int64_t size;

    ASD_HD const float *row(std::int64_t i) const { return values + i * size - i * (i + 1) / 2; }
};

// product[j] = sum over i <= j of vector[i] * triangle(i, j). Both have triangle.size elements and do not overlap.
template <class Triangle>
ASD_HD void triangle_product(const Triangle &triangle, const double *vector, double *__restrict product) {
    constexpr int ROWS = 8;
    const std::int64_t size = triangle.size, even = size - size % ROWS;
    for (std::int64_t j = 0; j < size; ++j) product[j] = 0.0;
    for (std::int64_t i = 0; i < even; i += ROWS) {
        const typename Triangle::Value *row[ROWS];
        const double *x = vector + i;
        for (int r = 0; r < ROWS; ++r) {
            row[r] = triangle.row(i + r);
            for (std::int64_t j = i + r; j < i + ROWS; ++j) product[j] += x[r] * row[r][j];
        }
        for (std::int64_t j = i + ROWS; j < size; ++j) {
            double sum = product[j];
            for (int r = 0; r < ROWS; ++r) sum += x[r] * row[r][j];
            product[j] = sum;
        }
    }
    for (std::int64_t i = even; i < size; ++i)
        for (std::int64_t j = i; j < size; ++j) product[j] += vector[i] * triangle.row(i)[j];
}

}  // namespace asd::kernels
