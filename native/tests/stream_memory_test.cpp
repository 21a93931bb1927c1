// A stream allocates nothing after it is made: neither operator new nor, where the test can count it, malloc is called.
#include <atomic>
#include <cstdlib>
#include <new>

#include "check.hpp"
#include "stream_batch.hpp"
#include "test_signal.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ASD_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define ASD_SANITIZED
#endif
#endif

namespace {

std::atomic<long> allocations{0};
std::atomic<long> left{-1};  // allocations until one fails; negative: none fails

bool succeeds() {
    ++allocations;
    return left < 0 || left-- > 0;
}

}  // namespace

// The C library's own functions, counted. A sanitizer has its own, which must not be replaced.
#if defined(__GLIBC__) && !defined(ASD_SANITIZED)
#define ASD_COUNTS_MALLOC
extern "C" {
void *__libc_malloc(std::size_t);
void *__libc_calloc(std::size_t, std::size_t);
void *__libc_realloc(void *, std::size_t);
void *__libc_memalign(std::size_t, std::size_t);
void *malloc(std::size_t size) noexcept { return succeeds() ? __libc_malloc(size) : nullptr; }
void *calloc(std::size_t count, std::size_t size) noexcept { return succeeds() ? __libc_calloc(count, size) : nullptr; }
void *realloc(void *memory, std::size_t size) noexcept { return succeeds() ? __libc_realloc(memory, size) : nullptr; }
void *aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    return succeeds() ? __libc_memalign(alignment, size) : nullptr;
}
int posix_memalign(void **memory, std::size_t alignment, std::size_t size) noexcept {
    *memory = succeeds() ? __libc_memalign(alignment, size) : nullptr;
    return *memory ? 0 : 12;  // ENOMEM
}
}
#else
// Not inlined: GCC 12 would see malloc or free by itself and warn of a mismatched pair.
[[gnu::noinline]] void *operator new(std::size_t size) {
    if (!succeeds()) throw std::bad_alloc();
    if (void *memory = std::malloc(size > 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void *memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace {

StreamCase case_of(std::int64_t hop, int per_segment) {
    StreamCase of;
    of.log_mel.window_samples = 256;
    of.log_mel.hop_samples = 64;
    of.log_mel.bands = 20;
    of.stream.segment_samples = 600;
    of.stream.hop_samples = hop;
    of.stream.bins = 5;
    of.stream.sections = 12;
    of.stream.per_segment = per_segment;
    of.sos = high_pass_sections(12);
    return of;
}

void allocations_are_counted() {
    const long before = allocations;
    std::vector<double> memory(100);
    memory[0] = 1.0;
    CHECK(memory[0] == 1.0 && allocations > before);
#if defined(ASD_COUNTS_MALLOC)
    std::printf("operator new, malloc, calloc, realloc and aligned_alloc are counted\n");
#else
    std::printf("operator new alone is counted: malloc belongs to a sanitizer or to another C library\n");
#endif
}

void without_memory_none_is_made_and_none_is_lost(const StreamCase &of) {
    int refused = 0;
    asd_status status = ASD_OUT_OF_MEMORY;
    asd_stream *stream = nullptr;
    for (long allocation = 0; status == ASD_OUT_OF_MEMORY && allocation < 1000; ++allocation) {
        left = allocation;
        status = asd_stream_create(&of.log_mel, of.sos.data(), &of.stream, &stream);
        left = -1;
        refused += status == ASD_OUT_OF_MEMORY;
        CHECK((status == ASD_OK) == (stream != nullptr));
    }
    CHECK(status == ASD_OK && refused > 5);
    asd_stream_destroy(stream);
}

// Two recordings, in blocks, with a refused one and calls out of order between them.
void a_stream_takes_no_memory_after_it_was_made(const StreamCase &of, const std::vector<float> &wave) {
    asd_stream *stream = nullptr;
    std::vector<float> mel(mel_size(of)), bad(10, std::nanf(""));
    std::vector<double> power(5);
    const long at_first = allocations;
    CHECK(asd_stream_create(&of.log_mel, of.sos.data(), &of.stream, &stream) == ASD_OK);
    CHECK(allocations > at_first);  // those of the library are counted too
    const auto take = [&](std::int32_t due) {
        std::int64_t start = 0;
        double weight = 0.0, mean = 0.0;
        if (!due) return;
        CHECK(asd_stream_take(stream, mel.data(), power.data(), &start, &weight) == ASD_OK);
        CHECK(asd_stream_add_score(stream, 2.0) == ASD_OK);
        CHECK(asd_stream_mean(stream, &mean) == ASD_OK && mean == 2.0);
    };
    const long before = allocations;
    for (const std::int64_t samples : {std::int64_t{5000}, std::int64_t{333}}) {
        std::int32_t due = 0;
        for (std::int64_t begin = 0, size = 1; begin < samples; size = size * 3 % 1777) {
            std::int64_t taken = 0, start = 0;
            CHECK(asd_stream_push(stream, bad.data(), 10, &taken, &due) == ASD_INVALID_ARGUMENT);
            CHECK(asd_stream_push(stream, wave.data() + begin, std::min(size, samples - begin), &taken, &due) == ASD_OK);
            take(due);
            CHECK(asd_stream_take(stream, mel.data(), power.data(), &start, power.data()) == ASD_OUT_OF_ORDER);
            begin += taken;
        }
        CHECK(asd_stream_finish(stream, &due) == ASD_OK);
        take(due);
        CHECK(asd_stream_reset(stream) == ASD_OK);
    }
    CHECK(allocations == before);
    asd_stream_destroy(stream);
}

}  // namespace

int main() {
    allocations_are_counted();
    without_memory_none_is_made_and_none_is_lost(case_of(64, 0));
    const std::vector<float> wave = noise_f32(5000, 30, 0.2f);
    for (const std::int64_t hop : {64, 150, 700})
        for (const int per_segment : {0, 1}) a_stream_takes_no_memory_after_it_was_made(case_of(hop, per_segment), wave);
    return summary("stream_memory");
}
