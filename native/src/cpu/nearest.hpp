// Keeps the k smallest of the values that are offered, in any order.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace asd::cpu {

// A heap with the largest on top, in the caller's memory.
struct Nearest {
    float *kept;  // [most]
    std::int64_t most;
    std::int64_t count;

    // NaN for all or for none.
    void offer(float value) {
        if (count < most) {
            kept[count++] = value;
            std::push_heap(kept, kept + count);
        } else if (value < kept[0]) {
            std::pop_heap(kept, kept + count);
            kept[count - 1] = value;
            std::push_heap(kept, kept + count);
        }
    }

    void take(const Nearest &other) {
        for (std::int64_t i = 0; i < other.count; ++i) offer(other.kept[i]);
    }

    // Mean square root. Summed in rising order, so that the order of the offers does not matter. Destroys the heap.
    double mean_root() {
        std::sort(kept, kept + count);
        double sum = 0.0;
        for (std::int64_t i = 0; i < count; ++i) sum += std::sqrt(static_cast<double>(kept[i]));
        return sum / static_cast<double>(count);
    }
};

}  // namespace asd::cpu
