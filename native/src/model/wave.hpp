// The samples of a recording, of either type, which belong to the caller.
#pragma once

#include <cstdint>

#include "asd/asd.h"

namespace asd::model {

struct Wave {
    const void *samples;
    std::int64_t count;
    std::int32_t sample_type;  // ASD_INT16 or ASD_FLOAT32

    // body(typed samples).
    template <class Body>
    auto typed(const Body &body) const {
        return sample_type == ASD_INT16 ? body(static_cast<const std::int16_t *>(samples)) : body(static_cast<const float *>(samples));
    }
};

}  // namespace asd::model
