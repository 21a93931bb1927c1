// From the bytes of a model file, which asd-inlier writes, to a model that scores: what the handle asd_inlier points to.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "../kernels/inlier_models.hpp"
#include "asd/asd.h"
#include "mapped_file.hpp"

// Not copied: the model points into the memory beside it.
struct asd_inlier {
    asd_inlier() = default;
    asd_inlier(const asd_inlier &) = delete;
    asd_inlier &operator=(const asd_inlier &) = delete;

    asd_inlier_kind kind = ASD_INLIER_KNN;
    asd::kernels::KnnModel knn{};  // set for that kind only
    asd::kernels::GmmModel gmm{};

    asd::c_api::MappedFile file;  // one of these two holds the arrays
    std::unique_ptr<char[]> copy;
    std::vector<std::unique_ptr<double[]>> aligned;  // copies of arrays that are not aligned for their type
    std::vector<double> log_peaks;
    std::vector<float> weights;
};

namespace asd::c_api {

// bytes must not change while the model exists. ASD_INVALID_MODEL, with the reason, for whatever asd-inlier's own loader refuses.
asd_status load_inlier(std::string_view bytes, asd_inlier *made);

}  // namespace asd::c_api
