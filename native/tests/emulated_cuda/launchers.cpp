// The CUDA launchers as C++ on the emulated device beside this file (-DASD_EMULATED_CUDA=ON).
#include "../../src/cuda/cut_segments.cu"
#include "../../src/cuda/device.cu"
#include "../../src/cuda/gather_segments.cu"
#include "../../src/cuda/high_passed_power.cu"
#include "../../src/cuda/weighted_means.cu"
