// Spreads independent items over threads that the call starts and joins. There is no pool, so that forking is safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace asd::cpu {

// Number of threads for `items`: threads == 0 means all cores; never more than there are items.
inline std::int64_t thread_count(std::int32_t threads, std::int64_t items) {
    const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
    const std::int64_t wanted = threads > 0 ? threads : (cores > 0 ? cores : 1);
    return wanted < items ? wanted : (items > 0 ? items : 1);
}

// work(item, thread) for each item in [0, items), thread in [0, threads). work must not throw.
template <class Work>
void parallel_for(std::int64_t items, std::int64_t threads, const Work &work) {
    std::atomic<std::int64_t> next{0};
    const auto run = [&](std::int64_t thread) {
        for (std::int64_t item = next++; item < items; item = next++) work(item, thread);
    };
    std::vector<std::thread> others;
    others.reserve(static_cast<std::size_t>(threads - 1));
    for (std::int64_t thread = 1; thread < threads; ++thread) {
        try {
            others.emplace_back(run, thread);
        } catch (...) {
            break;  // no thread or no memory for one is available: the threads that run do the work
        }
    }
    run(0);
    for (std::thread &other : others) other.join();
}

}  // namespace asd::cpu
