#include <cstring>
#include <string>

#include "arguments.hpp"
#include "topics.hpp"

namespace asd::bindings {
namespace {

// The loader may take a library of the same name that the process has already loaded, or that is on LD_LIBRARY_PATH.
void require_own_library() {
    asd_build build = ASD_BUILD_INIT;
    raise_for(asd_build_info(&build));
    if (std::strcmp(build.version, ASD_VERSION) == 0) return;
    const std::string message = std::string("asd_native " ASD_VERSION " needs the library that is installed with it; "
        "the process has loaded libasd ") + build.version + ": take the other one off LD_LIBRARY_PATH, or install asd-native " +
        build.version;
    throw py::import_error(message);
}

}  // namespace

void bind_build(py::module_ &module) {
    require_own_library();
    module.def("abi_version", &asd_abi_version, "Version of the C ABI that this module was built with.");
    module.def(
        "build_info",
        [] {
            asd_build build = ASD_BUILD_INIT;
            raise_for(asd_build_info(&build));
            py::dict info;
            info["version"] = build.version;
            info["abi_version"] = build.abi_version;
            info["compiler"] = build.compiler;
            info["instruction_set"] = build.instruction_set;
            info["cuda"] = build.cuda == 1;
            info["cuda_architectures"] = build.cuda_architectures;
            return info;
        },
        "What was built: version, abi_version, compiler, instruction_set (chosen on this processor), cuda,\n"
        "cuda_architectures.");
}

}  // namespace asd::bindings
