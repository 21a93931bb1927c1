// Ten thousand handles of each kind, made and destroyed: memory, open files and mappings end as they began. In a build
// with the address sanitizer its leak check runs as well.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <string>

#include "asd/asd.h"
#include "check.hpp"
#include "model_folder.hpp"
#include "test_signal.hpp"

namespace {

std::atomic<std::int64_t> live{0};

void free_counted(void *memory) {
    if (memory) --live;
    std::free(memory);
}

}  // namespace

// Of the whole program and the library, which this test links statically.
void *operator new(std::size_t size) {
    void *memory = std::malloc(size > 0 ? size : 1);
    if (!memory) throw std::bad_alloc();
    ++live;
    return memory;
}

void operator delete(void *memory) noexcept { free_counted(memory); }
void operator delete(void *memory, std::size_t) noexcept { free_counted(memory); }

namespace {

constexpr int TIMES = 10000;

std::int64_t open_files() {
    std::error_code none;
    const std::filesystem::directory_iterator files("/proc/self/fd", none);
    return std::distance(begin(files), end(files));
}

std::int64_t lines_of_maps() {
    std::ifstream maps("/proc/self/maps");
    return std::count(std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>(), '\n');
}

// Twice: the first time sets up what stays, before the count begins.
template <class Once>
void leaves_nothing_behind(const char *name, const Once &once) {
    for (int i = 0; i < TIMES / 10; ++i) once();
    const std::int64_t before = live, files = open_files(), maps = lines_of_maps();
    for (int i = 0; i < TIMES; ++i) once();
    CHECK(live == before);
    CHECK(open_files() == files);
    CHECK(lines_of_maps() <= maps + 10);  // the allocator's own mappings come and go; a leak would leave thousands
    std::printf("%s: %lld allocations, %lld lines of maps more\n", name, static_cast<long long>(live - before),
                static_cast<long long>(lines_of_maps() - maps));
}

asd_log_mel_options small_log_mel() {
    asd_log_mel_options options = ASD_LOG_MEL_OPTIONS_INIT;
    options.window_samples = 256;
    options.bands = 20;
    return options;
}

void log_mel_handles_leave_nothing_behind() {
    leaves_nothing_behind("asd_log_mel", [] {
        const asd_log_mel_options options = small_log_mel();
        asd_log_mel *made = nullptr;
        CHECK(asd_log_mel_create(&options, &made) == ASD_OK);
        asd_log_mel_destroy(made);
    });
}

// Refused after its filters are made.
void refused_log_mel_handles_leave_nothing_behind() {
    leaves_nothing_behind("asd_log_mel, refused", [] {
        asd_log_mel_options options = small_log_mel();
        options.bands = 200;
        asd_log_mel *made = nullptr;
        CHECK(asd_log_mel_create(&options, &made) == ASD_INVALID_ARGUMENT && made == nullptr);
    });
}

void stream_handles_leave_nothing_behind() {
    const std::vector<double> sos = high_pass_sections(3);
    leaves_nothing_behind("asd_stream", [&] {
        const asd_log_mel_options log_mel = small_log_mel();
        asd_stream_options options = ASD_STREAM_OPTIONS_INIT;
        options.segment_samples = 300;
        options.hop_samples = 200;
        options.sections = 3;
        asd_stream *made = nullptr;
        CHECK(asd_stream_create(&log_mel, sos.data(), &options, &made) == ASD_OK);
        asd_stream_destroy(made);
    });
}

void inlier_handles_leave_nothing_behind() {
    for (const std::string &bytes : {small_knn().bytes(), small_gmm().bytes()}) {
        const auto create = [&](std::size_t size, asd_inlier **made) {
            return asd_inlier_create(bytes.data(), static_cast<std::int64_t>(size), made);
        };
        leaves_nothing_behind("asd_inlier", [&] {
            asd_inlier *made = nullptr;
            CHECK(create(bytes.size(), &made) == ASD_OK);
            asd_inlier_destroy(made);
        });
        leaves_nothing_behind("asd_inlier, refused", [&] {
            asd_inlier *made = nullptr;
            CHECK(create(bytes.size() - 1, &made) == ASD_INVALID_MODEL && made == nullptr);
        });
    }
}

// Mapped models; and files that are no models, whose mapping and descriptor are released.
void opened_inlier_handles_leave_nothing_behind() {
    const std::string path = (std::filesystem::temp_directory_path() / "asd_handles_test.safetensors").string();
    const std::string bytes = small_gmm().bytes();
    for (const std::size_t size : {bytes.size(), bytes.size() - 1}) {
        std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(size));
        leaves_nothing_behind(size == bytes.size() ? "asd_inlier, a file" : "asd_inlier, a refused file", [&] {
            asd_inlier *made = nullptr;
            CHECK((asd_inlier_open(path.c_str(), &made) == ASD_OK) == (size == bytes.size()));
            asd_inlier_destroy(made);
        });
    }
    std::filesystem::remove(path);
}

// A recording of two segments; and a model whose last file is no inlier model.
void model_and_recording_handles_leave_nothing_behind() {
    const std::filesystem::path folder = std::filesystem::temp_directory_path() / "asd_handles_test";
    const std::vector<std::int16_t> wave = noise_i16(3000, 1);
    ModelFolderFiles model = small_model();
    model.write(folder);
    leaves_nothing_behind("asd_model and asd_recording", [&] {
        asd_model *made = nullptr;
        asd_recording *recording = nullptr;
        const asd_recording_options options = ASD_RECORDING_OPTIONS_INIT;
        CHECK(asd_model_open(folder.c_str(), &made) == ASD_OK);
        CHECK(asd_recording_create(made, wave.data(), 3000, &options, &recording) == ASD_OK);
        asd_recording_destroy(recording);
        asd_model_destroy(made);
    });
    model.files["spectral.safetensors"] = small_knn().bytes();
    model.write(folder);
    leaves_nothing_behind("asd_model, refused", [&] {
        asd_model *made = nullptr;
        CHECK(asd_model_open(folder.c_str(), &made) == ASD_INVALID_MODEL && made == nullptr);
    });
    std::filesystem::remove_all(folder);
}

}  // namespace

int main() {
    model_and_recording_handles_leave_nothing_behind();
    log_mel_handles_leave_nothing_behind();
    refused_log_mel_handles_leave_nothing_behind();
    stream_handles_leave_nothing_behind();
    inlier_handles_leave_nothing_behind();
    opened_inlier_handles_leave_nothing_behind();
    return summary("handles");
}
