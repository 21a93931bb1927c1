// The message of the last failure on this thread.
#pragma once

#include "asd/asd.h"

namespace asd::c_api {

// Keeps the formatted message and returns the status.
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
asd_status fail(asd_status status, const char *format, ...);

}  // namespace asd::c_api
