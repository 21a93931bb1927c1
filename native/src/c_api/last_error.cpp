#include "last_error.hpp"

#include <cstdarg>
#include <cstdio>

namespace asd::c_api {
namespace {

thread_local char message[512] = "";

}  // namespace

asd_status fail(asd_status status, const char *format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return status;
}

}  // namespace asd::c_api

const char *asd_last_error(void) { return asd::c_api::message; }

const char *asd_status_name(int32_t status) {
    switch (status) {
        case ASD_OK: return "ok";
        case ASD_INVALID_ARGUMENT: return "invalid argument";
        case ASD_OUT_OF_MEMORY: return "out of memory";
        case ASD_NOT_BUILT_WITH_CUDA: return "not built with CUDA";
        case ASD_NO_DEVICE: return "no device";
        case ASD_CUDA_FAILED: return "CUDA failed";
        case ASD_FILE_FAILED: return "file failed";
        case ASD_INVALID_MODEL: return "invalid model";
        case ASD_OUT_OF_ORDER: return "out of order";
        case ASD_NO_SOUND: return "no sound";
        default: return "unknown status";
    }
}
