// A file's bytes, mapped into memory if the platform can, otherwise read.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "asd/asd.h"

namespace asd::c_api {

class MappedFile {
public:
    MappedFile() = default;
    MappedFile(const MappedFile &) = delete;
    MappedFile &operator=(const MappedFile &) = delete;
    ~MappedFile();

    // ASD_FILE_FAILED unless path names a regular file that can be read: errno says why. Does not wait for a pipe's writer.
    // To be called once.
    asd_status open(const char *path);

    std::string_view bytes() const { return {data_, size_}; }

private:
    const char *data_ = nullptr;
    std::size_t size_ = 0;
    std::vector<char> read_;  // if nothing is mapped
};

}  // namespace asd::c_api
