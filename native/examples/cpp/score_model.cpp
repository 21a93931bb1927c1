// score_model MODEL FILE.wav: the verdict of a model that `asd fit` made on a recording (16-bit PCM). OpenVINO runs the networks, and
// libasd does all the rest: segments and spectrograms before them, scores, stretches and threshold after them.
#include <asd/asd.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <openvino/openvino.hpp>
#include <string>

namespace {

struct Wave {
    std::int64_t rate_hz = 0, channels = 0;
    std::vector<std::int16_t> samples;  // frame after frame
};

std::uint32_t number(const std::string &bytes, std::size_t at, int count) {
    std::uint32_t value = 0;
    while (count-- > 0) value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(count)]);
    return value;
}

void read_format(const std::string &bytes, std::size_t chunk, std::size_t length, Wave *wave) {
    if (length < 16 || number(bytes, chunk, 2) != 1 || number(bytes, chunk + 14, 2) != 16 || number(bytes, chunk + 2, 2) == 0)
        throw std::runtime_error("is not 16-bit PCM");
    wave->channels = number(bytes, chunk + 2, 2);
    wave->rate_hz = number(bytes, chunk + 4, 4);
}

void read_samples(const std::string &bytes, std::size_t chunk, std::size_t length, Wave *wave) {
    if (wave->channels == 0) throw std::runtime_error("has data before their format");
    if (length == 0 || length % static_cast<std::size_t>(2 * wave->channels) != 0) throw std::runtime_error("does not hold whole samples");
    for (std::size_t at = chunk; at < chunk + length; at += 2) wave->samples.push_back(static_cast<std::int16_t>(number(bytes, at, 2)));
}

Wave read_wav(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot be opened");
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (bytes.size() < 12 || bytes.compare(0, 4, "RIFF") != 0 || bytes.compare(8, 4, "WAVE") != 0)
        throw std::runtime_error("is not a wav file");
    Wave wave;
    for (std::size_t at = 12; at + 8 <= bytes.size() && wave.samples.empty();) {
        const std::size_t length = number(bytes, at + 4, 4), chunk = at + 8;
        if (length > bytes.size() - chunk) throw std::runtime_error("ends within a chunk");
        if (bytes.compare(at, 4, "fmt ") == 0) read_format(bytes, chunk, length, &wave);
        if (bytes.compare(at, 4, "data") == 0) read_samples(bytes, chunk, length, &wave);
        at = chunk + length + length % 2;
    }
    if (wave.samples.empty()) throw std::runtime_error("has no data");
    return wave;
}

// The channel that the model scores.
std::vector<std::int16_t> one_channel(const Wave &wave, const asd_model_description &model) {
    if (wave.rate_hz != model.sample_rate_hz)
        throw std::runtime_error("has " + std::to_string(wave.rate_hz) + " Hz, but the model takes " +
                                 std::to_string(model.sample_rate_hz) + " Hz: convert it first");
    const std::int64_t channel = model.channel < 0 ? 0 : model.channel;
    if (channel >= wave.channels || (model.channel < 0 && wave.channels > 1))
        throw std::runtime_error("has " + std::to_string(wave.channels) + " channels: pass a file with the one that the model takes");
    std::vector<std::int16_t> samples;
    for (std::size_t at = static_cast<std::size_t>(channel); at < wave.samples.size(); at += static_cast<std::size_t>(wave.channels))
        samples.push_back(wave.samples[at]);
    if (static_cast<std::int64_t>(samples.size()) < model.segment_samples)
        throw std::runtime_error("has " + std::to_string(samples.size()) + " samples, fewer than a segment of the model, " +
                                 std::to_string(model.segment_samples) + ": record for longer");
    return samples;
}

// Runs one segment after another: what a segment gives does not depend on others.
class Network {
public:
    Network(ov::Core *core, const asd::Model &model, std::int64_t number) : number_(number), flow_(model.network(number).flow == 1) {
        const asd_model_description &facts = model.description();
        const std::shared_ptr<ov::Model> graph = core->read_model(model.onnx(number), ov::Tensor());
        graph->reshape(ov::PartialShape{1, facts.bands, facts.frames});
        const ov::element::Type wanted = std::string(facts.precision) == "bfloat16" ? ov::element::bf16 : ov::element::f32;
        ov::CompiledModel compiled = core->compile_model(graph, "CPU", ov::hint::inference_precision(wanted));
        if (compiled.get_property(ov::hint::inference_precision) != wanted)  // OpenVINO takes another one without a word
            throw std::runtime_error(std::string("this processor does not compute in ") + facts.precision +
                                     ", to which the model's threshold belongs");
        request_ = compiled.create_infer_request();
    }

    void score(std::int64_t segment, asd::Recording *recording) {
        const std::vector<float> mel = recording->log_mel(segment, 1);
        std::copy(mel.begin(), mel.end(), request_.get_input_tensor().data<float>());
        request_.infer();
        const ov::Tensor embedding = request_.get_tensor("embedding");
        asd_network_output output = ASD_NETWORK_OUTPUT_INIT;
        output.first = segment;
        output.count = 1;
        output.dimensions = static_cast<std::int64_t>(embedding.get_size());
        output.embeddings = embedding.data<const float>();
        if (flow_) {
            const ov::Tensor map = request_.get_tensor("score_map");
            output.height = static_cast<std::int64_t>(map.get_shape().at(1));
            output.width = static_cast<std::int64_t>(map.get_shape().at(2));
            output.score_maps = map.data<const float>();
        }
        recording->add(number_, output);
    }

private:
    std::int64_t number_;
    bool flow_;
    ov::InferRequest request_;
};

void print_verdict(const asd::Recording &recording, const asd_verdict &verdict, const asd_model_description &model) {
    const asd_stretch worst = recording.stretch(verdict.worst_stretch);
    std::printf("%s: score %+.6f\n", verdict.anomalous ? "ANOMALOUS" : "normal", verdict.score);
    std::printf("worst stretch: %.2f to %.2f s, score %+.6f, threshold %+.6f\n", worst.start_s, worst.end_s, worst.score, model.threshold);
    std::printf("listen to: %.2f to %.2f s\n", worst.worst_start_s, worst.worst_end_s);
    std::printf("stretches above: %d of %d\n", static_cast<int>(verdict.stretches_above),
                static_cast<int>(recording.description().stretches));
    for (std::int64_t i = 0; i < recording.description().gaps; ++i)
        std::printf("gap: %.2f to %.2f s\n", recording.gap(i).start_s, recording.gap(i).end_s);
}

void score(const asd::Model &model, const std::vector<std::int16_t> &wave) {
    const asd_model_description &facts = model.description();
    if (facts.synthetic)
        std::fprintf(stderr, "this model was trained on SYNTHETIC data: its scores of real recordings mean nothing\n");
    asd::Recording recording(model, wave.data(), static_cast<std::int64_t>(wave.size()));
    ov::Core core;
    for (std::int64_t number = 0; number < facts.networks; ++number) {
        Network network(&core, model, number);
        for (std::int64_t segment = 0; segment < recording.description().segments; ++segment) network.score(segment, &recording);
    }
    print_verdict(recording, recording.judge(), facts);
}

}  // namespace

int main(int argc, char **argv) try {
    if (argc != 3) throw std::runtime_error("usage: score_model MODEL FILE.wav");
    if (asd_abi_version() != ASD_ABI_VERSION) throw std::runtime_error("libasd has another ABI than the header");
    const asd::Model model(argv[1]);
    std::vector<std::int16_t> samples;
    try {
        samples = one_channel(read_wav(argv[2]), model.description());
    } catch (const std::exception &error) {
        throw std::runtime_error(std::string(argv[2]) + ": " + error.what());
    }
    score(model, samples);
} catch (const std::exception &error) {
    std::fprintf(stderr, "score_model: %s\n", error.what());
    return 1;
}
