/*
 * wav_scores FILE.wav: cuts a recording (16-bit PCM, mono, 16 kHz) into segments of 5 s every 1.25 s and prints, for each, the
 * loudest cell of its log-mel spectrogram and its share of the power above 4 kHz; then the mean of these levels, plain and
 * weighted by that power. The level stands in for the score that a model would give.
 */
#include <asd/asd.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_HZ = 16000, SEGMENT = 80000, HOP = 20000, SECTIONS = 12 };

static void stop(const char *what, const char *why) {
    fprintf(stderr, "wav_scores: %s: %s\n", what, why);
    exit(1);
}

static void check(asd_status status) {
    if (status != ASD_OK) stop(asd_status_name(status), asd_last_error());
}

static void *memory(int64_t count, size_t size) {
    void *block = calloc((size_t)count, size);
    if (block == NULL) stop("memory", "not enough of it");
    return block;
}

static uint32_t number(const unsigned char *bytes, int count) {
    uint32_t value = 0;
    while (count-- > 0) value = value << 8 | bytes[count];
    return value;
}

static unsigned char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = NULL;
    size_t room = 0;
    if (file == NULL) stop(path, "cannot be opened");
    for (*size = 0; *size == room; *size += fread(bytes + *size, 1, room - *size, file)) {
        room = 2 * room + 65536;
        bytes = realloc(bytes, room);
        if (bytes == NULL) stop(path, "does not fit into memory");
    }
    if (ferror(file)) stop(path, "cannot be read");
    fclose(file);
    return bytes;
}

/* Samples of a wav file, which the caller frees. Anything but whole 16-bit PCM, mono, at RATE_HZ ends the program. */
static int16_t *read_wav(const char *path, int64_t *samples) {
    size_t size, at, length;
    unsigned char *bytes = read_file(path, &size);
    int known = 0;
    if (size < 12 || memcmp(bytes, "RIFF", 4) || memcmp(bytes + 8, "WAVE", 4)) stop(path, "is not a wav file");
    for (at = 12; size - at >= 8; at += 8 + length + length % 2) {
        const unsigned char *chunk = bytes + at + 8;
        length = number(bytes + at + 4, 4);
        if (length > size - at - 8) stop(path, "ends within a chunk");
        if (!memcmp(bytes + at, "fmt ", 4)) {
            known = length >= 16 && number(chunk, 2) == 1 && number(chunk + 2, 2) == 1 &&
                    number(chunk + 4, 4) == RATE_HZ && number(chunk + 14, 2) == 16;
            if (!known) stop(path, "is not 16-bit PCM, mono, at 16000 Hz");
        } else if (!memcmp(bytes + at, "data", 4)) {
            int16_t *wave;
            int64_t i;
            if (!known) stop(path, "has data before their format");
            if (length == 0 || length % 2) stop(path, "does not hold whole samples");
            *samples = (int64_t)(length / 2);
            wave = memory(*samples, sizeof *wave);
            for (i = 0; i < *samples; ++i) wave[i] = (int16_t)number(chunk + 2 * i, 2);
            free(bytes);
            return wave;
        }
        if (size - at - 8 == length) break; /* the last chunk may lack its padding */
    }
    stop(path, "has no data");
    return NULL;
}

/* Butterworth high-pass of order 24, 3 dB down at 4 kHz: section k has a pole pair of damping 2 sin(pi (2 k + 1) / 48). */
static void high_pass_sections(double sos[SECTIONS][6]) {
    const double pi = acos(-1.0), order = 2 * SECTIONS;
    const double edge = tan(pi * 4000.0 / RATE_HZ) * pow(pow(10.0, 0.3) - 1.0, 0.5 / order);
    int k;
    for (k = 0; k < SECTIONS; ++k) {
        const double damping = 2.0 * sin(pi * (2 * k + 1) / (2.0 * order)) * edge, square = edge * edge;
        const double scale = 1.0 / (1.0 + damping + square);
        sos[k][0] = scale, sos[k][1] = -2.0 * scale, sos[k][2] = scale;
        sos[k][3] = 1.0, sos[k][4] = 2.0 * (square - 1.0) * scale, sos[k][5] = (1.0 - damping + square) * scale;
    }
}

int main(int argc, char **argv) {
    const asd_log_mel_options mel_options = ASD_LOG_MEL_OPTIONS_INIT;
    asd_segment_options segment_options = ASD_SEGMENT_OPTIONS_INIT;
    asd_power_options power_options = ASD_POWER_OPTIONS_INIT;
    const asd_mean_options mean_options = ASD_MEAN_OPTIONS_INIT;
    double sos[SECTIONS][6], *power, *levels, *equal, total = 0.0, mean, weighted;
    int64_t samples, segments, frames, cells, *starts, s, i;
    asd_log_mel *log_mel;
    int16_t *wave;
    float *mel;

    if (argc != 2) stop("usage", "wav_scores FILE.wav");
    if (asd_abi_version() != ASD_ABI_VERSION) stop("libasd", "has another ABI than the header");
    wave = read_wav(argv[1], &samples);

    segment_options.segment_samples = power_options.segment_samples = SEGMENT;
    segment_options.hop_samples = power_options.hop_samples = HOP;
    segment_options.sample_type = power_options.sample_type = ASD_INT16;
    power_options.sections = SECTIONS;
    check(asd_segment_count(samples, SEGMENT, HOP, &segments));
    starts = memory(segments, sizeof *starts);
    check(asd_segment_starts(samples, SEGMENT, HOP, starts, segments));

    check(asd_log_mel_create(&mel_options, &log_mel));
    check(asd_log_mel_frames(log_mel, SEGMENT, &frames));
    cells = mel_options.bands * frames;
    mel = memory(segments * cells, sizeof *mel);
    check(asd_log_mel_segments(log_mel, wave, 1, samples, &segment_options, mel));
    asd_log_mel_destroy(log_mel);

    high_pass_sections(sos);
    power = memory(segments, sizeof *power);
    check(asd_high_passed_power(wave, 1, samples, &sos[0][0], &power_options, power));
    for (s = 0; s < segments; ++s) total += power[s];

    levels = memory(segments, sizeof *levels);
    equal = memory(segments, sizeof *equal);
    printf("%lld segments of %lld bands x %lld frames\n", (long long)segments, (long long)mel_options.bands,
           (long long)frames);
    printf("start_s  loudest_db  band  frame    weight\n");
    for (s = 0; s < segments; ++s) {
        const float *cell = mel + s * cells;
        int64_t loudest = 0;
        for (i = 1; i < cells; ++i)
            if (cell[i] > cell[loudest]) loudest = i;
        levels[s] = cell[loudest];
        printf("%7.2f  %10.4f  %4d  %5d  %8.6f\n", (double)starts[s] / RATE_HZ, levels[s], (int)(loudest / frames),
               (int)(loudest % frames), total > 0.0 ? power[s] / total : 0.0);
    }
    /* Weights of zero mean equal weights. */
    check(asd_weighted_mean(levels, equal, 1, segments, &mean_options, &mean));
    check(asd_weighted_mean(levels, power, 1, segments, &mean_options, &weighted));
    printf("mean %.4f  weighted %.4f\n", mean, weighted);

    free(wave), free(starts), free(mel), free(power), free(levels), free(equal);
    return 0;
}
