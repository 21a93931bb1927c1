// Runs a fuzz target over files, without a fuzzer: `replay_NAME corpus/NAME [more files or folders]`.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

namespace {

namespace fs = std::filesystem;

void add_files(const fs::path &path, std::vector<fs::path> *files) {
    if (!fs::is_directory(path)) return files->push_back(path);
    for (const fs::directory_entry &entry : fs::directory_iterator(path))
        if (entry.is_regular_file()) files->push_back(entry.path());
}

bool replay(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file.is_open() || file.bad()) return false;
    // A buffer of exactly its size, so that a sanitizer sees a read past the end; its name is printed first, in case of an abort.
    const std::vector<std::uint8_t> data(bytes.begin(), bytes.end());
    std::printf("%s\n", path.filename().c_str());
    std::fflush(stdout);
    LLVMFuzzerTestOneInput(data.data(), data.size());
    return true;
}

}  // namespace

int main(int count, char **arguments) {
    std::vector<fs::path> files;
    for (int i = 1; i < count; ++i) add_files(arguments[i], &files);
    std::sort(files.begin(), files.end());
    for (const fs::path &path : files) {
        if (replay(path)) continue;
        std::printf("cannot read %s\n", path.c_str());
        return 1;
    }
    std::printf("replayed %zu inputs\n", files.size());
    return files.empty() ? 1 : 0;
}
