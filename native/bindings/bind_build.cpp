#include "arguments.hpp"
#include "topics.hpp"

namespace asd::bindings {

void bind_build(py::module_ &module) {
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
