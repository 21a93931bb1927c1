// One function per bind_*.cpp; module.cpp calls them.
#pragma once

#include <pybind11/pybind11.h>

namespace asd::bindings {

void bind_build(pybind11::module_ &module);
void bind_segments(pybind11::module_ &module);
void bind_gather(pybind11::module_ &module);
void bind_log_mel(pybind11::module_ &module);
void bind_power(pybind11::module_ &module);
void bind_means(pybind11::module_ &module);
void bind_inlier(pybind11::module_ &module);
void bind_stream(pybind11::module_ &module);

}  // namespace asd::bindings
