// The smallest index that any thread reports: the same for any number of threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace asd::cpu {

class FirstIndex {
public:
    void report(std::int64_t index) {
        std::int64_t seen = first_.load(std::memory_order_relaxed);
        while (index < seen && !first_.compare_exchange_weak(seen, index, std::memory_order_relaxed)) {
        }
    }

    // -1 if nothing was reported. Call when the threads are done.
    std::int64_t get() const {
        const std::int64_t first = first_.load(std::memory_order_relaxed);
        return first == NONE ? -1 : first;
    }

private:
    static constexpr std::int64_t NONE = std::numeric_limits<std::int64_t>::max();
    std::atomic<std::int64_t> first_{NONE};
};

}  // namespace asd::cpu
