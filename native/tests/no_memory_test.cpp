// Whichever allocation of parallel_for fails, it either throws before any thread runs, or all work is done.
#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "../src/cpu/parallel_for.hpp"
#include "check.hpp"

namespace {

// Counts down the allocations of this thread; at 0 that one and all after it fail. Negative: none fails.
thread_local int left = -1;

}  // namespace

void *operator new(std::size_t size) {
    if (left == 0) throw std::bad_alloc();
    if (left > 0) --left;
    if (void *memory = std::malloc(size > 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}

void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }

namespace {

void each_item_is_done_once_however_many_threads_memory_gives() {
    constexpr std::int64_t ITEMS = 200, THREADS = 4;
    int done_calls = 0;
    for (int allocations = 0; allocations <= 5; ++allocations) {
        std::vector<std::atomic<int>> done(ITEMS);
        bool thrown = false;
        left = allocations;
        try {
            asd::cpu::parallel_for(ITEMS, THREADS, [&](std::int64_t item, std::int64_t thread) {
                if (thread >= 0 && thread < THREADS) ++done[static_cast<std::size_t>(item)];
            });
        } catch (const std::bad_alloc &) {
            thrown = true;
        }
        left = -1;
        for (const auto &times : done) CHECK(times == (thrown ? 0 : 1));
        done_calls += !thrown;
    }
    CHECK(done_calls >= 4);  // only the list of threads itself is indispensable
}

}  // namespace

int main() {
    each_item_is_done_once_however_many_threads_memory_gives();
    return summary("no_memory");
}
