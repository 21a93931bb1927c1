#include "mapped_file.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include "last_error.hpp"

// ASD_READ_FILES: as on a platform without mapping, so that the tests cover that path too.
#if !defined(ASD_READ_FILES) && (defined(__unix__) || defined(__APPLE__))
#define ASD_MAP_FILES
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#include <cstdio>
#include <memory>
#endif

namespace asd::c_api {
namespace {

asd_status not_read(const char *doing, int error) {
    const std::string reason = std::generic_category().message(error);  // strerror is not thread-safe
    const asd_status status = fail(ASD_FILE_FAILED, "cannot be %s (%s): check the path and its permissions", doing, reason.c_str());
    errno = error;
    return status;
}

}  // namespace

#if defined(ASD_MAP_FILES)

namespace {

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0) close(number);
    }
};

}  // namespace

asd_status MappedFile::open(const char *path) {
    const Descriptor file{::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat facts {};
    if (file.number < 0 || fstat(file.number, &facts) != 0) return not_read("opened", errno);
    if (S_ISDIR(facts.st_mode)) return not_read("opened", EISDIR);
    if (!S_ISREG(facts.st_mode)) return not_read("mapped", ENODEV);
    const auto size = static_cast<std::size_t>(facts.st_size);
    if (size == 0) return ASD_OK;
    void *mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
    if (mapped == MAP_FAILED) return not_read("mapped", errno);
    data_ = static_cast<const char *>(mapped);
    size_ = size;
    return ASD_OK;
}

MappedFile::~MappedFile() {
    if (data_) munmap(const_cast<char *>(data_), size_);
}

#else

asd_status MappedFile::open(const char *path) {
    struct Close {
        void operator()(std::FILE *file) const { std::fclose(file); }
    };
    const std::unique_ptr<std::FILE, Close> file(std::fopen(path, "rb"));
    if (!file) return not_read("opened", errno);
    char part[1 << 16];
    for (std::size_t count = sizeof part; count == sizeof part;) {
        count = std::fread(part, 1, sizeof part, file.get());
        read_.insert(read_.end(), part, part + count);
    }
    if (std::ferror(file.get())) return not_read("read", errno);
    data_ = read_.data();
    size_ = read_.size();
    return ASD_OK;
}

MappedFile::~MappedFile() = default;

#endif

}  // namespace asd::c_api
