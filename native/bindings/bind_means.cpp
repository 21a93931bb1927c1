#include "arguments.hpp"
#include "topics.hpp"

namespace asd::bindings {
namespace {

using std::int64_t;

void require_filled(const Input &input, const char *name) {
    for (py::ssize_t axis = 1; axis < input.dense.ndim(); ++axis)
        if (input.dim(axis) == 0)
            raise_shape(name, "without an empty axis after the first", input.original, "leave empty clips out");
}

asd_mean_options to_mean_options(const Input &values, const py::object &threads, const Place &place) {
    asd_mean_options options = ASD_MEAN_OPTIONS_INIT;
    options.value_type = values.type;
    options.threads = to_threads(threads);
    options.device = place.device();
    options.stream = place.stream();
    return options;
}

py::object weighted_mean(const py::object &scores, const py::object &weights, const py::object &threads,
                         const py::object &stream, const py::object &out) {
    Place place(stream);
    const Input values = to_input(scores, "scores", {ASD_FLOAT64, ASD_FLOAT32}, "pass it .astype(np.float64)", &place);
    const Input factors = to_float64(weights, "weights", &place);
    if (values.dense.ndim() != 2) raise_shape("scores", "(N, S)", values.original, "for one clip pass scores[None, :]");
    require_filled(values, "scores");
    if (factors.dense.ndim() != 2 || factors.dim(0) != values.dim(0) || factors.dim(1) != values.dim(1))
        raise_shape("weights", "(N, S) like scores", factors.original, "one weight per score");
    const asd_mean_options options = to_mean_options(values, threads, place);
    const int64_t clips = values.dim(0), segments = values.dim(1);
    const auto means = to_output<double>(out, {clips}, {&values, &factors}, place);
    const void *data = values.data();
    const auto *weight = static_cast<const double *>(factors.data());
    place.run([&] { return asd_weighted_mean(data, weight, clips, segments, &options, means.data); });
    return means.object;
}

py::object weighted_map_mean(const py::object &maps, const py::object &weights, const py::object &threads,
                             const py::object &stream, const py::object &out) {
    Place place(stream);
    const Input values = to_input(maps, "maps", {ASD_FLOAT32, ASD_FLOAT64}, "pass maps.astype(np.float32)", &place);
    const Input factors = to_float64(weights, "weights", &place);
    if (values.dense.ndim() != 4)
        raise_shape("maps", "(N, S, H, W)", values.original, "for one clip pass maps[None]");
    require_filled(values, "maps");
    if (factors.dense.ndim() != 3 || factors.dim(0) != values.dim(0) || factors.dim(1) != values.dim(1) ||
        factors.dim(2) != values.dim(3))
        raise_shape("weights", "(N, S, W) of maps (N, S, H, W)", factors.original, "one weight per time bin");
    const asd_mean_options options = to_mean_options(values, threads, place);
    const int64_t clips = values.dim(0), segments = values.dim(1), height = values.dim(2), width = values.dim(3);
    const auto means = to_output<double>(out, {clips}, {&values, &factors}, place);
    const void *data = values.data();
    const auto *weight = static_cast<const double *>(factors.data());
    place.run([&] { return asd_weighted_map_mean(data, weight, clips, segments, height, width, &options, means.data); });
    return means.object;
}

}  // namespace

void bind_means(py::module_ &module) {
    using namespace py::literals;
    module.def("weighted_mean", &weighted_mean, "scores"_a, "weights"_a, py::kw_only(), "threads"_a = 1,
               "stream"_a = py::none(), "out"_a = py::none(),
               R"(Weighted mean of each clip's segment scores.

Args:
    scores: (N, S) float32 or float64.
    weights: (N, S) float32 or float64, >= 0; weights of a row that are all zero count as equal.
    threads: 0 means all cores. The result does not depend on it.
    stream: for arrays on a CUDA device, see the module; weights are float64 there.
    out: (N,) float64, dense, not overlapping the inputs; required on a CUDA device.

Returns:
    out, or a new (N,) float64.

Raises:
    TypeError: if an array has another type.
    ValueError: if a shape is wrong, a score is not finite, or a weight is negative or not finite.
)");
    module.def("weighted_map_mean", &weighted_map_mean, "maps"_a, "weights"_a, py::kw_only(), "threads"_a = 1,
               "stream"_a = py::none(), "out"_a = py::none(),
               R"(Mean over the frequency axis, then weighted mean over segments and time, of each clip's score maps.

Args:
    maps: (N, S, H, W) float32 or float64.
    weights: (N, S, W) float32 or float64, >= 0; weights of a clip that are all zero count as equal.
    threads: 0 means all cores. The result does not depend on it.
    stream: for arrays on a CUDA device, see the module; weights are float64 there.
    out: (N,) float64, dense, not overlapping the inputs; required on a CUDA device.

Returns:
    out, or a new (N,) float64. A column whose sum exceeds float64's range, 1.8e308, makes its clip NaN.

Raises:
    TypeError: if an array has another type.
    ValueError: if a shape is wrong, a score is not finite, or a weight is negative or not finite.
)");
}

}  // namespace asd::bindings
