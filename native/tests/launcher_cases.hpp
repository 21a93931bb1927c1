// The cases of the launchers that work on the host and on a CUDA device, through the ABI: one table for launcher_test.cpp,
// emulated_cuda_test.cpp and cuda_test.cu, so that a device must give the host's results.
//
// Memory says where the arrays are: DEVICE, stream(), Array<Value> made of a vector or a size, with data() and host().
#pragma once

#include "launcher_references.hpp"

// The orders of the sums and the contraction of products differ: a few units in the last place of double, times the root
// of the number of terms, relative to the largest value.
constexpr double TOLERANCE = 1e-12;
// (x - mean) / std rounds to float32: moments that differ in the last place may round the other way.
constexpr double FLOAT_TOLERANCE = 1.3e-7;

template <class Value>
bool close(const std::vector<Value> &a, const std::vector<Value> &b, double tolerance) {
    double worst = 0.0, largest = 0.0;
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
        const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
        if (!(difference <= worst)) worst = difference;  // NaN becomes the worst
        largest = std::fmax(largest, std::abs(static_cast<double>(b[i])));
    }
    if (!(worst <= tolerance * largest)) std::printf("largest error %g of %g\n", worst, largest);
    return a.size() == b.size() && worst <= tolerance * largest;
}

inline std::int32_t type_of(const std::vector<std::int16_t> &) { return ASD_INT16; }
inline std::int32_t type_of(const std::vector<float> &) { return ASD_FLOAT32; }
inline std::int32_t type_of(const std::vector<double> &) { return ASD_FLOAT64; }

struct Shape {
    std::int64_t clips, samples, segment, hop, bins;
};

// On the hop grid; with a tail; shorter than a segment, down to one sample; hops longer than segments and one bin for each
// sample; more clips than segments.
constexpr Shape SHAPES[] = {{3, 1500, 1000, 250, 1}, {2, 1511, 1000, 250, 7}, {4, 300, 1000, 250, 10}, {1, 1, 500, 1, 1},
                            {2, 400, 77, 110, 77}, {9, 300, 300, 1, 3}};
constexpr std::int64_t LONG_SEGMENT = 16 * 256 + 77;  // divided among several blocks

template <class Memory, class Sample>
void segments_follow_the_reference(const Memory &memory, const std::vector<Sample> &noise) {
    std::vector<Shape> shapes(SHAPES, SHAPES + 6);
    shapes.push_back({2, LONG_SEGMENT + 500, LONG_SEGMENT, 500, 1});
    for (const Shape &shape : shapes) {
        std::vector<Sample> wave(noise.begin(), noise.begin() + shape.clips * shape.samples);
        std::fill(wave.begin(), wave.begin() + shape.samples, noise[0]);  // a clip that is constant
        const MeanAndStd given{0.01, 0.2};
        const std::vector<std::int64_t> starts = starts_of(shape.samples, shape.segment, shape.hop);
        for (const int per_segment : {0, 1}) {
            std::vector<float> expected;
            for (std::int64_t clip = 0; clip < shape.clips; ++clip) {
                const auto values = repeated(wave.data() + clip * shape.samples, shape.samples, shape.segment);
                for (const std::int64_t start : starts) {
                    const auto segment = standardised(values.data() + start, shape.segment, per_segment ? nullptr : &given);
                    expected.insert(expected.end(), segment.begin(), segment.end());
                }
            }
            asd_segment_options options = ASD_SEGMENT_OPTIONS_INIT;
            options.segment_samples = shape.segment;
            options.hop_samples = shape.hop;
            options.sample_type = type_of(wave);
            options.per_segment = per_segment;
            options.mean = given.mean;
            options.std = given.std;
            options.device = Memory::DEVICE;
            options.stream = memory.stream();
            typename Memory::template Array<Sample> input(memory, wave);
            typename Memory::template Array<float> output(memory, expected.size());
            CHECK(asd_cut_segments(input.data(), shape.clips, shape.samples, &options, output.data()) == ASD_OK);
            CHECK(close(output.host(), expected, FLOAT_TOLERANCE));
        }
    }
}

enum class Standardisation { given, of_each_crop, own };

template <class Memory, class Sample>
void crops_follow_the_reference(const Memory &memory, const std::vector<Sample> &noise) {
    const std::vector<std::int64_t> edges = {0, 6000, 6300, 6301, 9100}, clips = {0, 3, 0, 1, 2, 3, 0};
    const std::vector<double> means = {0, 0.5, -0.25, 0.1, 3, 0.01, 0.02}, stds = {1, 2, 0.125, 0.3, 4, 0.1, 1e-3};
    const std::vector<Sample> bank(noise.begin(), noise.begin() + edges.back());
    for (const std::int64_t length : {std::int64_t{1}, std::int64_t{300}, std::int64_t{1000}, LONG_SEGMENT}) {
        std::vector<std::int64_t> offsets = {0, 17, 1234567, 5, 0, 1234567, 99};
        for (std::size_t crop = 0; crop < clips.size(); ++crop)  // the last offset that fits in the clip
            offsets[crop] = std::min(offsets[crop], std::max<std::int64_t>(0, edges[clips[crop] + 1] - edges[clips[crop]] - length));
        for (const Standardisation by : {Standardisation::given, Standardisation::of_each_crop, Standardisation::own}) {
            std::vector<float> expected;
            for (std::size_t crop = 0; crop < clips.size(); ++crop) {
                const std::int64_t begin = edges[clips[crop]], samples = edges[clips[crop] + 1] - begin;
                const auto values = repeated(bank.data() + begin, samples, length);
                const MeanAndStd given = by == Standardisation::given ? MeanAndStd{0.01, 0.2} : MeanAndStd{means[crop], stds[crop]};
                const auto segment =
                    standardised(values.data() + offsets[crop], length, by == Standardisation::own ? nullptr : &given);
                expected.insert(expected.end(), segment.begin(), segment.end());
            }
            asd_segment_options options = ASD_SEGMENT_OPTIONS_INIT;
            options.segment_samples = length;
            options.sample_type = type_of(bank);
            options.per_segment = by == Standardisation::own;
            options.mean = 0.01;
            options.std = 0.2;
            options.device = Memory::DEVICE;
            options.stream = memory.stream();
            const bool each = by == Standardisation::of_each_crop;
            typename Memory::template Array<Sample> samples(memory, bank);
            typename Memory::template Array<std::int64_t> table(memory, edges), which(memory, clips), from(memory, offsets);
            typename Memory::template Array<double> mean(memory, means), std(memory, stds);
            typename Memory::template Array<float> output(memory, expected.size());
            CHECK(asd_gather_segments(samples.data(), edges.back(), table.data(), 4, which.data(), from.data(),
                                      each ? mean.data() : nullptr, each ? std.data() : nullptr, 7, &options,
                                      output.data()) == ASD_OK);
            CHECK(close(output.host(), expected, FLOAT_TOLERANCE));
        }
    }
}

template <class Memory, class Sample>
void power_follows_the_reference(const Memory &memory, const std::vector<Sample> &noise, int causal) {
    for (const Shape &shape : SHAPES) {
        for (const int sections : {1, 12, 32}) {
            const std::vector<Sample> wave(noise.begin(), noise.begin() + shape.clips * shape.samples);
            const std::vector<double> sos = high_pass_sections(sections);
            const std::int64_t pad = causal == 1 ? 0 : 3 * (2 * sections + 1);
            std::vector<double> expected;
            for (std::int64_t clip = 0; clip < shape.clips; ++clip) {
                const auto values = repeated(wave.data() + clip * shape.samples, shape.samples, shape.segment);
                const auto filtered =
                    causal == 1 ? reference_filter(sections, values) : zero_phase(values, sections, pad);
                for (const std::int64_t start : starts_of(shape.samples, shape.segment, shape.hop)) {
                    const auto powers = bin_powers(filtered.data() + start, shape.segment, shape.bins);
                    expected.insert(expected.end(), powers.begin(), powers.end());
                }
            }
            asd_power_options options = ASD_POWER_OPTIONS_INIT;
            options.segment_samples = shape.segment;
            options.hop_samples = shape.hop;
            options.bins = shape.bins;
            options.sections = sections;
            options.causal = causal;
            options.sample_type = type_of(wave);
            options.device = Memory::DEVICE;
            options.stream = memory.stream();
            CHECK(asd_high_passed_power_workspace(shape.clips, shape.samples, sos.data(), &options,
                                                  &options.workspace_size) == ASD_OK);
            CHECK(options.workspace_size == shape.clips * (std::max(shape.samples, shape.segment) + 2 * pad));
            typename Memory::template Array<Sample> input(memory, wave);
            typename Memory::template Array<double> output(memory, expected.size());
            typename Memory::template Array<double> workspace(memory, static_cast<std::size_t>(options.workspace_size));
            options.workspace = workspace.data();
            CHECK(asd_high_passed_power(input.data(), shape.clips, shape.samples, sos.data(), &options, output.data()) ==
                  ASD_OK);
            CHECK(close(output.host(), expected, TOLERANCE));
        }
    }
}

template <class Memory, class Score>
void means_follow_the_reference(const Memory &memory, const std::vector<Score> &noise) {
    constexpr std::int64_t CLIPS = 4, SEGMENTS = 5, HEIGHT = 7, WIDTH = 60, COLUMNS = SEGMENTS * WIDTH;
    std::vector<double> weights;
    for (const float weight : noise_f32(CLIPS * COLUMNS, 11, 1.0f)) weights.push_back(std::abs(static_cast<double>(weight)));
    std::fill(weights.begin() + COLUMNS, weights.begin() + 2 * COLUMNS, 0.0);  // all weights of clip 1 are zero
    const std::vector<Score> maps(noise.begin(), noise.begin() + CLIPS * COLUMNS * HEIGHT);
    std::vector<double> expected, expected_of_maps;
    for (std::int64_t clip = 0; clip < CLIPS; ++clip) {
        const double *own = weights.data() + clip * COLUMNS;
        expected.push_back(weighted_map_mean_of(maps.data() + clip * COLUMNS, own, COLUMNS, 1, 1));
        expected_of_maps.push_back(weighted_map_mean_of(maps.data() + clip * COLUMNS * HEIGHT, own, SEGMENTS, HEIGHT, WIDTH));
    }
    asd_mean_options options = ASD_MEAN_OPTIONS_INIT;
    options.value_type = type_of(maps);
    options.device = Memory::DEVICE;
    options.stream = memory.stream();
    typename Memory::template Array<Score> input(memory, maps);
    typename Memory::template Array<double> factors(memory, weights), output(memory, 4);
    CHECK(asd_weighted_mean(input.data(), factors.data(), CLIPS, COLUMNS, &options, output.data()) == ASD_OK);
    CHECK(close(output.host(), expected, TOLERANCE));
    CHECK(asd_weighted_map_mean(input.data(), factors.data(), CLIPS, SEGMENTS, HEIGHT, WIDTH, &options, output.data()) ==
          ASD_OK);
    CHECK(close(output.host(), expected_of_maps, TOLERANCE));
}

template <class Memory>
void launchers_follow_the_reference(const Memory &memory) {
    const std::vector<float> f32 = noise_f32(20000, 10, 0.3f);
    const std::vector<std::int16_t> i16 = noise_i16(20000, 11);
    segments_follow_the_reference(memory, f32);
    segments_follow_the_reference(memory, i16);
    crops_follow_the_reference(memory, f32);
    crops_follow_the_reference(memory, i16);
    for (const int causal : {0, 1}) {
        power_follows_the_reference(memory, f32, causal);
        power_follows_the_reference(memory, i16, causal);
    }
    means_follow_the_reference(memory, f32);
    means_follow_the_reference(memory, std::vector<double>(f32.begin(), f32.end()));
}
