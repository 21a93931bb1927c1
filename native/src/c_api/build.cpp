// What was built, and the version of the ABI.

#include "../cpu/isa_kernels.hpp"
#include "checks.hpp"

namespace {

#if defined(__clang__)
constexpr const char *COMPILER = "clang " __clang_version__;
#elif defined(__GNUC__)
constexpr const char *COMPILER = "gcc " __VERSION__;
#else
constexpr const char *COMPILER = "unknown";
#endif

}  // namespace

int32_t asd_abi_version(void) { return ASD_ABI_VERSION; }

asd_status asd_build_info(asd_build *build) {
    using namespace asd::c_api;
    ASD_REQUIRE(require_pointer(build, "build"));
    ASD_REQUIRE(require_struct(build->struct_size, sizeof(asd_build), "build"));
    build->version = ASD_VERSION;
    build->compiler = COMPILER;
    build->instruction_set = asd::cpu::isa_kernels().name;
    build->abi_version = ASD_ABI_VERSION;
#if defined(ASD_WITH_CUDA)
    build->cuda = 1;
    build->cuda_architectures = ASD_CUDA_ARCHITECTURES;
#else
    build->cuda = 0;
    build->cuda_architectures = "";
#endif
    return ASD_OK;
}
