#include "model_folder.hpp"

#include <cerrno>
#include <system_error>

#include "../c_api/checks.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#include <filesystem>
#include <fstream>
#endif

namespace asd::model {
namespace {

using c_api::fail;
using std::int64_t;

asd_status wrong_file(const std::string &name, const std::string &problem) {
    return fail(ASD_INVALID_MODEL, "%s %s: copy the model again from the original, or make it again with `asd fit`", name.c_str(),
                problem.c_str());
}

asd_status wrong_size(const std::string &name, int64_t size) {
    return wrong_file(name, "is empty or too large (" + std::to_string(size) + " bytes)");
}

asd_status wrong_path(int error) {
    const std::string reason = std::generic_category().message(error);  // strerror is not thread-safe
    fail(ASD_FILE_FAILED, "cannot be opened (%s): pass the folder of a model that `asd fit` made", reason.c_str());
    errno = error;
    return ASD_FILE_FAILED;
}

}  // namespace

#if defined(__unix__) || defined(__APPLE__)

namespace {

struct Descriptor {
    int number = -1;
    Descriptor() = default;
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor() { close(); }

    void close() {
        if (number >= 0) ::close(number);
        number = -1;
    }
};

asd_status not_opened(const std::string &name, int error) {
    if (error == ENOENT) return wrong_file(name, "is missing");
    if (error == ELOOP || error == ENOTDIR) return wrong_file(name, "is a link, or lies in a folder that is none");
    return wrong_file(name, "cannot be read (" + std::generic_category().message(error) + ")");
}

// Folder after folder, so that no link on the way is followed; a pipe's writer is not waited for.
asd_status open_below(int folder, const std::string &name, Descriptor *file) {
    constexpr int EACH = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    Descriptor above;
    std::size_t begin = 0;
    for (std::size_t end; (end = name.find('/', begin)) != name.npos; begin = end + 1) {
        const int inner = openat(above.number >= 0 ? above.number : folder, name.substr(begin, end - begin).c_str(), EACH | O_DIRECTORY);
        if (inner < 0) return not_opened(name, errno);
        above.close();
        above.number = inner;
    }
    file->number = openat(above.number >= 0 ? above.number : folder, name.substr(begin).c_str(), EACH);
    return file->number < 0 ? not_opened(name, errno) : ASD_OK;
}

asd_status size_of(const Descriptor &file, const std::string &name, int64_t *size) {
    struct stat facts {};
    if (fstat(file.number, &facts) != 0) return not_opened(name, errno);
    if (!S_ISREG(facts.st_mode)) return wrong_file(name, "is not a regular file");
    *size = static_cast<int64_t>(facts.st_size);
    return ASD_OK;
}

}  // namespace

ModelFolder::~ModelFolder() {
    if (folder_ >= 0) ::close(folder_);
}

asd_status ModelFolder::open(const char *path) {
    folder_ = ::open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    return folder_ < 0 ? wrong_path(errno) : ASD_OK;
}

asd_status ModelFolder::measure(const std::string &name, int64_t most, int64_t *size) const {
    Descriptor file;
    ASD_REQUIRE(open_below(folder_, name, &file));
    ASD_REQUIRE(size_of(file, name, size));
    return *size < 1 || *size > most ? wrong_size(name, *size) : ASD_OK;
}

asd_status ModelFolder::read(const std::string &name, int64_t size, char *bytes) const {
    Descriptor file;
    int64_t now = 0, done = 0;
    ASD_REQUIRE(open_below(folder_, name, &file));
    ASD_REQUIRE(size_of(file, name, &now));
    if (now != size) return wrong_size(name, now);
    while (done < size) {
        const ssize_t count = ::read(file.number, bytes + done, static_cast<std::size_t>(size - done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return not_opened(name, errno);
        if (count == 0) return wrong_file(name, "was shortened while it was read");
        done += count;
    }
    return ASD_OK;
}

#else

ModelFolder::~ModelFolder() = default;

asd_status ModelFolder::open(const char *path) {
    std::error_code error;
    folder_ = std::string(path) + "/";
    return std::filesystem::is_directory(path, error) ? ASD_OK : wrong_path(error ? error.value() : ENOTDIR);
}

asd_status ModelFolder::measure(const std::string &name, int64_t most, int64_t *size) const {
    std::error_code error;
    const std::filesystem::path path = folder_ + name;
    if (std::filesystem::symlink_status(path, error).type() != std::filesystem::file_type::regular)
        return wrong_file(name, "is missing, or not a regular file");
    *size = static_cast<int64_t>(std::filesystem::file_size(path, error));
    return error || *size < 1 || *size > most ? wrong_size(name, *size) : ASD_OK;
}

asd_status ModelFolder::read(const std::string &name, int64_t size, char *bytes) const {
    std::ifstream file(folder_ + name, std::ios::binary);
    return file.read(bytes, static_cast<std::streamsize>(size)) ? ASD_OK : wrong_file(name, "cannot be read");
}

#endif

}  // namespace asd::model
