// Devices and streams, for bindings that link this library and not CUDA.
#include "checks.hpp"

#if defined(ASD_WITH_CUDA)
#include "../cuda/launchers.hpp"
#endif

using namespace asd::c_api;

asd_status asd_cuda_device(int32_t *device) {
    ASD_REQUIRE(require_pointer(device, "device"));
    ASD_REQUIRE(require_cuda());
#if defined(ASD_WITH_CUDA)
    return asd::cuda::status(asd::cuda::current_device(device));
#else
    return ASD_OK;
#endif
}

asd_status asd_cuda_device_of(const void *pointer, int32_t *device) {
    ASD_REQUIRE(require_pointer(pointer, "pointer"));
    ASD_REQUIRE(require_pointer(device, "device"));
    ASD_REQUIRE(require_cuda());
#if defined(ASD_WITH_CUDA)
    return asd::cuda::status(asd::cuda::device_of(pointer, device));
#else
    return ASD_OK;
#endif
}

asd_status asd_cuda_run_after(void *later, void *earlier) {
    ASD_REQUIRE(require_cuda());
#if defined(ASD_WITH_CUDA)
    return asd::cuda::status(asd::cuda::run_after(later, earlier));
#else
    (void)later;
    (void)earlier;
    return ASD_OK;
#endif
}
