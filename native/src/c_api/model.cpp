// Models.
#include "../model/model.hpp"

#include <cerrno>
#include <string>

#include "checks.hpp"

using namespace asd::c_api;

asd_status asd_model_open(const char *folder, asd_model **model) {
    ASD_REQUIRE(require_pointer(folder, "folder"));
    ASD_REQUIRE(require_pointer(model, "model"));
    int error = 0;
    const asd_status status = guarded([&] {
        auto made = std::make_unique<asd_model>();
        const asd_status opened = asd::model::open_model(folder, made.get());
        error = errno;
        if (opened != ASD_OK) {
            // A long path is cut to its end, so that the reason stays whole.
            constexpr std::size_t MOST = 120;
            const std::string reason = asd_last_error(), path = folder;
            const std::string shown_path = path.size() > MOST ? "..." + path.substr(path.size() - MOST) : path;
            return fail(opened, "%s: %s", shown_path.c_str(), reason.c_str());
        }
        *model = made.release();
        return ASD_OK;
    });
    if (status == ASD_FILE_FAILED) errno = error;
    return status;
}

void asd_model_destroy(asd_model *model) { delete model; }

asd_status asd_model_describe(const asd_model *model, asd_model_description *description) {
    ASD_REQUIRE(require_pointer(model, "model"));
    ASD_REQUIRE(require_pointer(description, "description"));
    ASD_REQUIRE(require_struct(description->struct_size, sizeof(asd_model_description), "description"));
    const asd::model::Manifest &manifest = model->manifest;
    const asd::model::FrontEnd &front = manifest.front_end;
    description->machine = manifest.machine.c_str();
    description->system = manifest.system.c_str();
    description->precision = manifest.precision.c_str();
    description->sample_rate_hz = front.sample_rate_hz;
    description->segment_samples = front.segment_samples;
    description->hop_samples = front.hop_samples;
    description->bands = front.log_mel.bands;
    description->frames = front.frames();
    description->dimensions = model->dimensions;
    description->networks = static_cast<int64_t>(manifest.networks.size());
    description->threshold = manifest.threshold;
    description->stretch_s = manifest.stretch_s;
    description->channel = front.channel;
    description->resample = front.resample;
    description->synthetic = manifest.synthetic;
    description->reserved = 0;
    return ASD_OK;
}

namespace {

asd_status require_network(const asd_model *model, int64_t network) {
    ASD_REQUIRE(require_pointer(model, "model"));
    const auto count = static_cast<long long>(model->manifest.networks.size());
    if (network >= 0 && network < count) return ASD_OK;
    return fail(ASD_INVALID_ARGUMENT, "network must be one of the model's %lld, from 0; got %lld", count,
                static_cast<long long>(network));
}

}  // namespace

asd_status asd_model_describe_network(const asd_model *model, int64_t network, asd_network_description *description) {
    ASD_REQUIRE(require_network(model, network));
    ASD_REQUIRE(require_pointer(description, "description"));
    ASD_REQUIRE(require_struct(description->struct_size, sizeof(asd_network_description), "description"));
    return guarded([&] {
        const auto number = static_cast<std::size_t>(network);
        const asd::model::Network &facts = model->manifest.networks[number];
        description->attribute = facts.attribute ? facts.attribute->c_str() : nullptr;
        description->onnx_bytes = model->manifest.file(asd::model::network_file(number)).bytes;
        description->flow = facts.flow;
        description->reserved = 0;
        return ASD_OK;
    });
}

asd_status asd_model_read_network(const asd_model *model, int64_t network, void *onnx, int64_t capacity) {
    ASD_REQUIRE(require_network(model, network));
    ASD_REQUIRE(require_pointer(onnx, "onnx"));
    return guarded([&] {
        const std::string name = asd::model::network_file(static_cast<std::size_t>(network));
        ASD_REQUIRE(require_size(capacity, "capacity", model->manifest.file(name).bytes));
        return asd::model::read_file(*model, name, static_cast<char *>(onnx));
    });
}
