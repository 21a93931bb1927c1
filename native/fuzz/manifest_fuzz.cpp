// A model's manifest from any text, with the right hash: either a refusal that says why, or a manifest within all limits.
#include "../src/model/manifest.hpp"

#include <set>
#include <string>

#include "../tests/model_folder.hpp"
#include "byte_source.hpp"

using namespace asd::model;

namespace {

void check_refusal() {
    const std::string message = asd_last_error();
    LAW(message.size() > 10);
    for (const char c : message) LAW(c >= ' ' && c <= '~');  // whatever was in the text
}

void check_limits(const Manifest &manifest) {
    const FrontEnd &front = manifest.front_end;
    constexpr std::int64_t MOST = 1 << 24;
    LAW(front.segment_samples >= 1 && front.segment_samples <= MOST && front.hop_samples >= 1);
    LAW(front.hop_samples <= front.segment_samples && front.log_mel.hop_samples >= 1);
    LAW(front.frames() >= 1 && front.frames() * front.log_mel.bands <= MOST);
    LAW(stretch_samples(manifest) + 1 >= front.segment_samples && manifest.networks.size() <= 64);
    const bool spectral = manifest.spectral.has_value();
    LAW(spectral || !manifest.networks.empty());
    LAW(!spectral || whole_hops(stretch_samples(manifest), front) ==
                         static_cast<std::int64_t>(manifest.detector(BY_STATISTICS)->shorter.size()) + 1);
    for (const Detector &detector : manifest.detectors) LAW(detector.scale.std > 0.0);
}

void check_files(const Manifest &manifest) {
    std::set<std::string> names;
    for (const FileFacts &file : manifest.files) {
        LAW(file.bytes >= 1 && file.bytes <= 1 << 30 && file.sha256.size() == 64);
        LAW(file.name.find("..") == file.name.npos && file.name.front() != '/');
        LAW(names.insert(file.name).second && &manifest.file(file.name) == &file);
    }
    for (std::size_t n = 0; n < manifest.networks.size(); ++n) LAW(names.count(network_file(n)) == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string text(reinterpret_cast<const char *>(data), size);
    Manifest manifest;
    const bool braced = text.find('{') != text.npos;
    if (read_manifest(braced ? ModelFolderFiles::seal(text) : text, &manifest) != ASD_OK) {
        check_refusal();
        return 0;
    }
    check_limits(manifest);
    check_files(manifest);
    return 0;
}
