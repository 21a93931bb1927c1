// A model whose folder is open: its manifest, and its detectors but for the networks, which the caller runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../c_api/inlier_file.hpp"
#include "../c_api/make_log_mel_plan.hpp"
#include "../kernels/filter_plan.hpp"
#include "manifest.hpp"
#include "model_folder.hpp"

namespace asd::model {

using Inlier = std::unique_ptr<asd_inlier>;

}  // namespace asd::model

// Not copied: plans point into the memory beside them.
struct asd_model {
    asd_model() = default;
    asd_model(const asd_model &) = delete;
    asd_model &operator=(const asd_model &) = delete;

    asd::model::ModelFolder folder;
    asd::model::Manifest manifest;
    asd_log_mel log_mel;
    std::optional<asd::kernels::FilterPlan> filter;       // none: all segments weigh alike
    std::vector<std::vector<asd::model::Inlier>> inlier;  // of each network, as its scores; null for the flow
    asd::model::Inlier spectral;                          // null: the model has none
    std::int64_t dimensions = 0;                          // of an embedding; 0: no inlier model reads them
};

namespace asd::model {

// Fills a new model. ASD_FILE_FAILED or ASD_INVALID_MODEL, as asd_model_open.
asd_status open_model(const char *path, asd_model *made);

// The bytes of one of its files, checked to be those that were written.
asd_status read_file(const asd_model &model, const std::string &name, char *bytes);

}  // namespace asd::model
