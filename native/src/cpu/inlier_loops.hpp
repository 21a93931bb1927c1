// The long sums of the inlier models.
//
// Included only by isa_kernels.cpp, which is compiled once per instruction set: everything has internal linkage.
#pragma once

#include <cstdint>

#include "../kernels/squared_distance.hpp"
#include "../kernels/upper_triangle.hpp"

namespace {

using std::int64_t;

void squared_distances(const float *rows, int64_t count, int64_t dimensions, const float *vector, float *squared) {
    for (int64_t row = 0; row < count; ++row)
        squared[row] = asd::kernels::squared_distance(rows + row * dimensions, vector, dimensions);
}

template <class Triangle>
void triangle_product(const Triangle &triangle, const double *vector, double *product) {
    asd::kernels::triangle_product(triangle, vector, product);
}

}  // namespace
