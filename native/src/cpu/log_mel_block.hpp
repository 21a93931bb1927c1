// A block of frames from samples to log-mel.
//
// Included only by isa_kernels.cpp, which is compiled once per instruction set: everything has internal linkage.
#pragma once

#include <cstdint>

#include "../kernels/log_mel_workspace.hpp"
#include "frame_spectrum.hpp"
#include "frame_staging.hpp"
#include "mel_bands.hpp"

namespace {

using asd::kernels::LogMelWorkspace;

template <class Sample>
void log_mel_block(const LogMelPlan &plan, const FramedClip<Sample> &clip, int64_t first, int64_t frames, double *memory,
                   float *mel, int64_t stride) {
    const LogMelWorkspace work(plan, memory);
    stage(plan, clip, first, frames, work);
    for (int64_t group = 0; group < frames; group += GROUP) {
        frame_spectra(plan, work, group);
        mel_bands(plan, work, group, frames - group, mel + group, stride);
    }
}

}  // namespace
