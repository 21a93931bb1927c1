#include "arguments.hpp"
#include "topics.hpp"

namespace asd::bindings {
namespace {

using std::int64_t;

// Whether there is a mean or a deviation for each crop, and not one number for all.
bool is_array(const py::object &value) {
    if (py::isinstance<py::array>(value)) return py::reinterpret_borrow<py::array>(value).ndim() > 0;
    return py::hasattr(value, "__dlpack__") || py::hasattr(value, "__cuda_array_interface__");
}

struct Moments {
    std::optional<Input> means, stds;

    const double *data(const std::optional<Input> &values) const {
        return values ? static_cast<const double *>(values->data()) : nullptr;
    }
};

Moments to_moments(const py::object &mean, const py::object &std, int64_t crops, Place &place) {
    if (!is_array(mean) && !is_array(std)) return {};
    if (!is_array(mean) || !is_array(std))
        throw py::value_error("mean and std must both be numbers or both be arrays of one value for each crop; got one of each: "
                              "pass np.full(...) for the number");
    Moments moments{to_float64(mean, "mean", &place), to_float64(std, "std", &place)};
    for (const auto &[values, name] : {std::pair{&*moments.means, "mean"}, std::pair{&*moments.stds, "std"}})
        if (values->dense.ndim() != 1 || values->dim(0) != crops)
            raise_shape(name, "(B,) like clips", values->original, "one value for each crop, or a number for all");
    return moments;
}

py::object gather_segments(const py::object &bank, const py::object &edges, const py::object &clips, const py::object &offsets,
                           const py::object &segment_samples, const py::object &mean, const py::object &std,
                           const py::object &per_segment, const py::object &threads, const py::object &stream,
                           const py::object &out) {
    Place place(stream);
    const Input samples = to_input(bank, "bank", {ASD_INT16, ASD_FLOAT32}, "pass bank.astype(np.float32)", &place);
    if (samples.dense.ndim() != 1)
        raise_shape("bank", "(T,), the clips one after the other", samples.original, "pass np.concatenate(clips)");
    const Input table = to_indices(edges, "edges", &place);
    if (table.dim(0) == 0)
        raise_shape("edges", "(C + 1,), where each of C clips begins and the last one ends", table.original, "pass [0] for no clips");
    const Input which = to_indices(clips, "clips", &place), from = to_indices(offsets, "offsets", &place);
    const int64_t crops = which.dim(0), bank_clips = table.dim(0) - 1, bank_samples = samples.dim(0);
    if (from.dim(0) != crops) raise_shape("offsets", "(B,) like clips", from.original, "one offset for each crop");
    const Moments moments = to_moments(mean, std, crops, place);
    const py::object zero = py::float_(0.0), one = py::float_(1.0);
    asd_segment_options options = to_segment_options(segment_samples, py::int_(1), moments.means ? zero : mean,
                                                     moments.means ? one : std, per_segment, threads);
    options.sample_type = samples.type;
    options.device = place.device();
    options.stream = place.stream();
    const double *means = moments.data(moments.means), *stds = moments.data(moments.stds);
    // First without crops: everything but the values is checked before the output is allocated.
    raise_for(asd_gather_segments(nullptr, bank_samples, nullptr, bank_clips, nullptr, nullptr, means, stds, 0, &options, nullptr));

    std::vector<const Input *> inputs = {&samples, &table, &which, &from};
    if (moments.means) inputs.insert(inputs.end(), {&*moments.means, &*moments.stds});
    const auto segments = to_output<float>(out, {crops, options.segment_samples}, inputs, place);
    const auto indices = [](const Input &input) { return static_cast<const int64_t *>(input.data()); };
    const void *data = samples.data();
    const int64_t *starts = indices(table), *clip = indices(which), *offset = indices(from);
    place.run([&] {
        return asd_gather_segments(data, bank_samples, starts, bank_clips, clip, offset, means, stds, crops, &options, segments.data);
    });
    return segments.object;
}

}  // namespace

void bind_gather(py::module_ &module) {
    using namespace py::literals;
    module.def("gather_segments", &gather_segments, "bank"_a, "edges"_a, "clips"_a, "offsets"_a, py::kw_only(),
               "segment_samples"_a, "mean"_a = 0.0, "std"_a = 1.0, "per_segment"_a = false, "threads"_a = 1,
               "stream"_a = py::none(), "out"_a = py::none(),
               R"(Crops, by clip and offset, from a bank of recordings, standardised in one pass: a training batch.

Args:
    bank: (T,) int16 (scaled by 1 / 32768 first) or float32, the clips one after the other; an array that is not dense is copied.
    edges: (C + 1,) int64; clip c is bank[edges[c]:edges[c + 1]].
    clips: (B,) int64, the clip of each crop.
    offsets: (B,) int64, the crop's first sample in its clip, between 0 and max(0, samples of the clip - segment_samples).
    segment_samples: length L of a crop; a shorter clip is repeated.
    mean, std: numbers, or (B,) float64 with one for each crop; (x - mean) / std is computed in double.
    per_segment: standardise each crop by its own mean and population deviation; a constant crop gives zeros.
    threads: 0 means all cores. The result does not depend on it.
    stream: for arrays on a CUDA device, see the module.
    out: array to write to, float32, dense, of the shape returned, not overlapping the inputs; required on a CUDA device.

Returns:
    out, or a new (B, L) float32. A value outside float32's range, 3.4e38, becomes infinite. On a CUDA device indices are not
    checked before the call: a crop that is out of range is filled with NaN.

Raises:
    TypeError: if an array has another type, mean or std is not a number, or per_segment not a bool.
    ValueError: if a shape is wrong, a clip, edge or offset is out of range, a std is not positive, or a sample not finite.
)");
}

}  // namespace asd::bindings
