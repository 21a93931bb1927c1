// Reads the files of a model's folder without trusting it: regular files only, and no link below the folder is followed. The folder
// stays the one that was opened, whatever is put in its place later.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "asd/asd.h"

namespace asd::model {

class ModelFolder {
public:
    ModelFolder() = default;
    ModelFolder(const ModelFolder &) = delete;
    ModelFolder &operator=(const ModelFolder &) = delete;
    ~ModelFolder();

    // ASD_FILE_FAILED, with errno, unless path names a folder. To be called once.
    asd_status open(const char *path);

    // *size of the file `name`, 1 to most bytes; its folders are separated by '/'. ASD_INVALID_MODEL unless it is a regular file of
    // such a size.
    asd_status measure(const std::string &name, std::int64_t most, std::int64_t *size) const;

    // All of a file that has `size` bytes.
    asd_status read(const std::string &name, std::int64_t size, char *bytes) const;

private:
#if defined(__unix__) || defined(__APPLE__)
    int folder_ = -1;
#else
    std::string folder_;
#endif
};

}  // namespace asd::model
