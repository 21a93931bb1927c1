#include <atomic>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "arguments.hpp"
#include "topics.hpp"

namespace asd::bindings {
namespace {

using std::int64_t;

std::int32_t to_sample_type(const py::object &value) {
    const py::dtype dtype = py::dtype::from_args(value);
    if (dtype.equal(py::dtype::of<std::int16_t>())) return ASD_INT16;
    if (dtype.equal(py::dtype::of<float>())) return ASD_FLOAT32;
    throw py::type_error("dtype must be int16 or float32; got " + std::string(py::str(py::object(dtype))) +
                         ": that of the blocks to come");
}

// The whole block is checked before any of it is taken.
void require_finite(const Input &block, int64_t received) {
    if (block.type != ASD_FLOAT32) return;
    const auto *samples = static_cast<const float *>(block.data());
    for (py::ssize_t i = 0; i < block.dense.size(); ++i) {
        std::uint32_t bits;
        std::memcpy(&bits, samples + i, sizeof bits);
        if ((bits & 0x7f800000u) == 0x7f800000u)
            throw py::value_error("block must be finite; sample " + std::to_string(i) + " of it, " +
                                  std::to_string(received + i) +
                                  " of the recording, is NaN or infinite: nothing was taken; repair it, or leave it out");
    }
}

class Stream {
public:
    Stream(const py::object &log_mel, const py::object &sos, const py::object &dtype, const py::object &segment_samples,
           const py::object &hop_samples, const py::object &mean, const py::object &std, const py::object &per_segment,
           const py::object &bins) {
        const asd_log_mel_options mel = to_log_mel_options(log_mel);
        const Input sections = to_sos(sos);
        const asd_segment_options cut =
            to_segment_options(segment_samples, hop_samples, mean, std, per_segment, py::int_(1));
        asd_stream_options options = ASD_STREAM_OPTIONS_INIT;
        options.segment_samples = cut.segment_samples;
        options.hop_samples = cut.hop_samples;
        options.mean = cut.mean;
        options.std = cut.std;
        options.per_segment = cut.per_segment;
        options.bins = to_size(bins, "bins");
        options.sections = sections.dim(0);
        options.sample_type = to_sample_type(dtype);
        asd_stream *made = nullptr;
        raise_for(asd_stream_create(&mel, static_cast<const double *>(sections.data()), &options, &made));
        handle_.reset(made);
        type_ = static_cast<asd_sample_type>(options.sample_type);
        bands_ = mel.bands;
        frames_ = 1 + options.segment_samples / mel.hop_samples;
        bins_ = options.bins;
    }

    void push(const py::object &block) {
        const OneThread one(*this);
        Input samples = to_input(block, "block", {type_}, "that is the stream's dtype; convert the block");
        if (samples.dense.ndim() != 1)
            raise_shape("block", "(T,)", samples.original, "one channel is block[channel] or block[:, channel]");
        if (due_) throw std::runtime_error("segments are due: iterate over what push or finish returned before the next call");
        require_finite(samples, received_);
        block_ = std::move(samples);
        begin_ = 0;
        take_samples();
    }

    void finish() {
        const OneThread one(*this);
        if (due_) throw std::runtime_error("segments are due: iterate over what push returned before the recording ends");
        raise_for(asd_stream_finish(handle_.get(), &due_));
    }

    py::object next() {
        const OneThread one(*this);
        if (!due_) throw py::stop_iteration();
        py::array_t<float> mel({bands_, frames_});
        py::array_t<double> power(bins_);
        float *mel_data = mel.mutable_data();
        double *power_data = power.mutable_data(), weight = 0.0;
        int64_t start = 0;
        asd_status status;
        {
            const py::gil_scoped_release released;
            status = asd_stream_take(handle_.get(), mel_data, power_data, &start, &weight);
        }
        raise_for(status);
        due_ = 0;
        take_samples();  // before the segment is returned: a caller who leaves the loop after the last one loses no sample
        return py::module_::import("asd_native._core").attr("StreamSegment")(start, mel, power, weight);
    }

    double add_score(const py::object &score) {
        const OneThread one(*this);
        raise_for(asd_stream_add_score(handle_.get(), to_number(score, "score")));
        return mean_so_far();
    }

    double mean() const {
        const OneThread one(*this);
        return mean_so_far();
    }

    void reset() {
        const OneThread one(*this);
        raise_for(asd_stream_reset(handle_.get()));
        block_.reset();
        received_ = begin_ = 0;
        due_ = 0;
    }

private:
    // Python's lock is released while a segment is computed.
    class OneThread {
    public:
        explicit OneThread(const Stream &stream) : busy_(stream.busy_) {
            if (busy_.test_and_set())
                throw std::runtime_error("the stream is in use by another thread: give each thread a stream of its own");
        }
        ~OneThread() { busy_.clear(); }
        OneThread(const OneThread &) = delete;
        OneThread &operator=(const OneThread &) = delete;

    private:
        std::atomic_flag &busy_;
    };

    // Takes samples of the block up to where a segment is due.
    void take_samples() {
        if (!block_) return;
        const auto *bytes = static_cast<const char *>(block_->data()) + begin_ * block_->dense.itemsize();
        int64_t taken = 0;
        asd_status status;
        {
            const py::gil_scoped_release released;
            status = asd_stream_push(handle_.get(), bytes, block_->dense.size() - begin_, &taken, &due_);
        }
        if (status != ASD_OK) block_.reset();
        raise_for(status);
        begin_ += taken;
        received_ += taken;
        if (begin_ == block_->dense.size()) block_.reset();
    }

    double mean_so_far() const {
        double mean = 0.0;
        raise_for(asd_stream_mean(handle_.get(), &mean));
        return mean;
    }

    struct Destroy {
        void operator()(asd_stream *handle) const { asd_stream_destroy(handle); }
    };
    std::unique_ptr<asd_stream, Destroy> handle_;
    asd_sample_type type_ = ASD_INT16;
    int64_t bands_ = 0, frames_ = 0, bins_ = 0;
    std::optional<Input> block_;  // samples of it are left
    int64_t begin_ = 0;           // the first of them
    int64_t received_ = 0;
    std::int32_t due_ = 0;
    mutable std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
};

}  // namespace

void bind_stream(py::module_ &module) {
    using namespace py::literals;
    module.attr("StreamSegment") = py::module_::import("collections")
                                       .attr("namedtuple")("StreamSegment", "start log_mel power weight",
                                                           "module"_a = "asd_native");
    const auto iterate = [](const py::object &stream) { return stream; };
    py::class_<Stream>(module, "Stream", R"(A recording in blocks: gives each segment as soon as its last sample has arrived.

However the recording is split, the results are the same, to the bit, as those of LogMel.segments,
high_passed_power(..., causal=True) and weighted_mean on the whole recording. All memory is allocated when the stream is
made. To be used by one thread at a time.
)")
        .def(py::init<const py::object &, const py::object &, const py::object &, const py::object &, const py::object &,
                      const py::object &, const py::object &, const py::object &, const py::object &>(),
             "log_mel"_a, "sos"_a, py::kw_only(), "dtype"_a, "segment_samples"_a, "hop_samples"_a, "mean"_a = 0.0,
             "std"_a = 1.0, "per_segment"_a = false, "bins"_a = 1,
             R"(Make the tables and allocate the memory.

Args:
    log_mel: a LogMel; the stream makes one of its own with the same options.
    sos: (K, 6) float64, as in high_passed_power.
    dtype: of the blocks, int16 (scaled by 1 / 32768 first) or float32.
    segment_samples: length of a segment, more than half a window.
    hop_samples: distance between segments.
    mean, std: (x - mean) / std is transformed.
    per_segment: standardise each segment by its own mean and population deviation; a constant one gives silence.
    bins: number of equal parts of a segment; the power of each is given.

Raises:
    TypeError: if an argument has another type.
    ValueError: if an argument is outside its range.
)")
        .def(
            "push",
            [iterate](const py::object &stream, const py::object &block) {
                py::cast<Stream &>(stream).push(block);
                return iterate(stream);
            },
            "block"_a, R"(Take the next samples of the recording.

Args:
    block: (T,) of the stream's dtype, of any length. Do not change it before the returned iterator has ended.

Returns:
    An iterator over the segments that become due in it, as StreamSegment: start (first sample in the recording), log_mel
    ((M, F) float32), power ((bins,) float64) and weight (power of the whole segment, the weight of its score). The rest of
    a long block is taken while iterating, so that a block of minutes needs no more memory than a short one.

Raises:
    TypeError: if block is of another type.
    ValueError: if block is not finite; the stream is unchanged.
    RuntimeError: if segments of an earlier block are still due, or after finish.
)")
        .def(
            "finish",
            [iterate](const py::object &stream) {
                py::cast<Stream &>(stream).finish();
                return iterate(stream);
            },
            R"(End the recording.

Returns:
    An iterator over the last segment, if there is one: aligned to the end, if a tail is uncovered; or the whole recording,
    repeated, if it is shorter than a segment.

Raises:
    RuntimeError: if segments are still due, no sample has been pushed, or the recording has already ended.
)")
        .def("__iter__", iterate)
        .def("__next__", &Stream::next)
        .def("add_score", &Stream::add_score, "score"_a, R"(Give the score of the last segment.

A segment without a score does not count in the mean.

Returns:
    The weighted mean of the recording's scores so far.

Raises:
    TypeError: if score is not a number.
    ValueError: if the score, or the segment's weight, is not finite.
    RuntimeError: if that segment already has a score, or there is none.
)")
        .def_property_readonly("mean", &Stream::mean, R"(Weighted mean of the recording's scores so far.

Raises:
    RuntimeError: if there is none.
)")
        .def("reset", &Stream::reset, "Forget the recording and begin the next one; may be called at any time.");
}

}  // namespace asd::bindings
