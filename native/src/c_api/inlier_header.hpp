// The header that asd-inlier writes into a model file: which class it is, and the parameters that its user chose.
#pragma once

#include <cstdint>
#include <string_view>

#include "asd/asd.h"

namespace asd::c_api {

struct InlierHeader {
    asd_inlier_kind kind;
    std::int64_t neighbours = 1;  // of a MahalanobisKNN
    bool local_density = false;   // of a MahalanobisKNN: its distances are divided by local ones
    std::int64_t components = 1;  // of a GaussianMixtureInlier
};

const char *class_name(asd_inlier_kind kind);

// text: JSON, as it came out of the file. ASD_INVALID_MODEL with the reason.
asd_status read_inlier_header(std::string_view text, InlierHeader *header);

}  // namespace asd::c_api
