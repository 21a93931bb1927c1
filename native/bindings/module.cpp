#include "topics.hpp"

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
    module.doc() = "Segments, log-mel spectrograms, high-passed power and weighted means for anomalous sound detection.";
    asd::bindings::bind_build(module);
    asd::bindings::bind_segments(module);
    asd::bindings::bind_gather(module);
    asd::bindings::bind_log_mel(module);
    asd::bindings::bind_power(module);
    asd::bindings::bind_means(module);
    asd::bindings::bind_inlier(module);
    asd::bindings::bind_stream(module);
}
