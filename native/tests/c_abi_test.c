/* A C99 consumer of the shared library: each function once, and each way to be refused. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "asd/asd.h"

static int checks = 0, failures = 0;

static void check_that(int holds, const char *what, int line) {
    ++checks;
    if (holds) return;
    ++failures;
    printf("c_abi_test.c:%d: failed: %s (last error: %s)\n", line, what, asd_last_error());
}

#define CHECK(condition) check_that((condition), #condition, __LINE__)
#define OUT_OF_ORDER(call, word) CHECK((call) == ASD_OUT_OF_ORDER && strstr(asd_last_error(), word) != NULL)
#define REFUSED(call, word) CHECK((call) == ASD_INVALID_ARGUMENT && strstr(asd_last_error(), word) != NULL)

static void versions_are_told(void) {
    asd_build build = ASD_BUILD_INIT;
    CHECK(asd_abi_version() == ASD_ABI_VERSION);
    CHECK(asd_build_info(&build) == ASD_OK);
    CHECK(strcmp(build.version, "0.1.0") == 0 && build.abi_version == ASD_ABI_VERSION);
    CHECK(build.compiler[0] != 0 && build.instruction_set[0] != 0);
    CHECK((build.cuda == 1) == (build.cuda_architectures[0] != 0));
    build.struct_size = 8;
    REFUSED(asd_build_info(&build), "struct_size");
    REFUSED(asd_build_info(NULL), "build");
    CHECK(strcmp(asd_status_name(ASD_NO_DEVICE), "no device") == 0);
    CHECK(strcmp(asd_status_name(ASD_OUT_OF_ORDER), "out of order") == 0);
    CHECK(strcmp(asd_status_name(99), "unknown status") == 0);
}

static void segments_are_cut(void) {
    const int16_t wave[5] = {0, 16384, -16384, 8192, -32768};
    float out[6];
    int64_t starts[3], count = 0;
    asd_segment_options options = ASD_SEGMENT_OPTIONS_INIT;
    options.segment_samples = 2;
    options.hop_samples = 2;
    options.sample_type = ASD_INT16;
    options.mean = 0.5;
    options.std = 0.5;
    CHECK(asd_segment_count(5, 2, 2, &count) == ASD_OK && count == 3);
    CHECK(asd_segment_starts(5, 2, 2, starts, 3) == ASD_OK && starts[2] == 3);
    REFUSED(asd_segment_starts(5, 2, 2, starts, 2), "capacity");
    REFUSED(asd_segment_count(0, 2, 2, &count), "samples");
    REFUSED(asd_segment_count(5, -1, 2, &count), "segment_samples");
    REFUSED(asd_segment_count(5, 2, 0, &count), "hop_samples");
    CHECK(asd_cut_segments(wave, 1, 5, &options, out) == ASD_OK);
    CHECK(out[0] == -1.0f && out[1] == 0.0f && out[2] == -2.0f && out[5] == -3.0f);
    CHECK(asd_cut_segments(NULL, 0, 5, &options, NULL) == ASD_OK);
    REFUSED(asd_cut_segments(NULL, 1, 5, &options, out), "wave");
    REFUSED(asd_cut_segments(wave, 1, 5, &options, NULL), "segments");
    REFUSED(asd_cut_segments(wave, -1, 5, &options, out), "clips");
    REFUSED(asd_cut_segments(wave, 1, 0, &options, out), "wave");
    REFUSED(asd_cut_segments(wave, INT64_MAX / 2, 5, &options, out), "memory");
    REFUSED(asd_cut_segments(wave, 1, 5, NULL, out), "options");
    options.std = 0.0;
    REFUSED(asd_cut_segments(wave, 1, 5, &options, out), "std");
    options.std = 1.0;
    options.threads = -1;
    REFUSED(asd_cut_segments(wave, 1, 5, &options, out), "threads");
    options.threads = 1;
    options.sample_type = ASD_FLOAT64;
    REFUSED(asd_cut_segments(wave, 1, 5, &options, out), "sample_type");
    options.sample_type = ASD_INT16;
    options.device = 7;
    REFUSED(asd_cut_segments(wave, 1, 5, &options, out), "device");
}

static void log_mel_is_computed(void) {
    static float wave[1000], mel[3 * 20 * 6], filters[20 * 129];
    int64_t frames = 0;
    int i;
    asd_log_mel *log_mel = NULL;
    asd_log_mel_options options = ASD_LOG_MEL_OPTIONS_INIT;
    asd_segment_options segments = ASD_SEGMENT_OPTIONS_INIT;
    options.window_samples = 256;
    options.hop_samples = 100;
    options.bands = 20;
    segments.segment_samples = 500;
    segments.hop_samples = 250;
    for (i = 0; i < 1000; ++i) wave[i] = (float)sin(6.283185307179586 * 2000.0 / 16000.0 * i); /* a tone in bin 32 */
    CHECK(asd_log_mel_create(&options, &log_mel) == ASD_OK && log_mel != NULL);
    CHECK(asd_log_mel_frames(log_mel, 500, &frames) == ASD_OK && frames == 6);
    CHECK(asd_log_mel_filters(log_mel, filters, 20 * 129) == ASD_OK);
    CHECK(asd_log_mel_segments(log_mel, wave, 1, 1000, &segments, mel) == ASD_OK);
    for (i = 0; i < 20; ++i) {
        /* |Hann * tone| is N / 4 in the tone's bin and half of that beside it, over the norm sqrt(3 N / 8). */
        const float *row = filters + 129 * i;
        const double sum = 64.0 / sqrt(96.0) * (row[32] + 0.5 * (row[31] + row[33]));
        if (sum > 0.0) CHECK(fabs(mel[i * 6 + 3] - 20.0 * log10(sum)) < 1e-3);
    }
    REFUSED(asd_log_mel_filters(log_mel, filters, 20 * 129 - 1), "capacity");
    REFUSED(asd_log_mel_frames(log_mel, 128, &frames), "half a window");
    REFUSED(asd_log_mel_segments(NULL, wave, 1, 1000, &segments, mel), "log_mel");
    REFUSED(asd_log_mel_segments(log_mel, wave, 1, 1000, &segments, NULL), "mel");
    CHECK(asd_log_mel_segments(log_mel, NULL, 0, 1000, &segments, NULL) == ASD_OK);
    segments.segment_samples = 128;
    REFUSED(asd_log_mel_segments(log_mel, wave, 1, 1000, &segments, mel), "half a window");
    segments.segment_samples = INT64_MAX; /* few frames, a hop apart, but samples without a number */
    REFUSED(asd_log_mel_segments(log_mel, wave, 1, 1000, &segments, mel), "memory");
    segments.segment_samples = 500;
    segments.device = ASD_DEVICE_CUDA;
    REFUSED(asd_log_mel_segments(log_mel, wave, 1, 1000, &segments, mel), "device");
    segments.device = ASD_DEVICE_CPU;
    segments.sample_type = 4;
    REFUSED(asd_log_mel_segments(log_mel, wave, 1, 1000, &segments, mel), "sample_type");
    asd_log_mel_destroy(log_mel);
    asd_log_mel_destroy(NULL);
    REFUSED(asd_log_mel_create(&options, NULL), "log_mel");
    options.mel_scale = 3;
    REFUSED(asd_log_mel_create(&options, &log_mel), "mel_scale");
    options.mel_scale = ASD_MEL_SLANEY;
    options.log = 2;
    REFUSED(asd_log_mel_create(&options, &log_mel), "log");
    options.log = 1;
    options.area_norm = 1;
    options.sample_rate_hz = 1e30;
    options.low_hz = 1e29;
    options.high_hz = 4e29;
    REFUSED(asd_log_mel_create(&options, &log_mel), "area_norm");
    options.window_samples = 257;
    REFUSED(asd_log_mel_create(&options, &log_mel), "window_samples");
    options.struct_size = 8;
    REFUSED(asd_log_mel_create(&options, &log_mel), "struct_size");
}

static void crops_are_gathered(void) {
    /* Clips of three, one and four samples; the second one is shorter than a crop. */
    const int16_t bank[8] = {0, 16384, -16384, 8192, 1, 2, 3, -32768};
    int64_t edges[4] = {0, 3, 4, 8}, clips[3] = {2, 1, 0}, offsets[3] = {2, 0, 1};
    double means[3] = {0.0, 0.25, 0.5}, stds[3] = {1.0, 2.0, 0.5};
    float out[6];
    asd_segment_options options = ASD_SEGMENT_OPTIONS_INIT;
    options.segment_samples = 2;
    options.sample_type = ASD_INT16;
    CHECK(asd_gather_segments(bank, 8, edges, 3, clips, offsets, NULL, NULL, 3, &options, out) == ASD_OK);
    CHECK(out[0] == 3.0f / 32768.0f && out[1] == -1.0f && out[2] == 0.25f && out[3] == 0.25f && out[4] == 0.5f && out[5] == -0.5f);
    CHECK(asd_gather_segments(bank, 8, edges, 3, clips, offsets, means, stds, 3, &options, out) == ASD_OK);
    CHECK(out[1] == -1.0f && out[2] == 0.0f && out[4] == 0.0f && out[5] == -2.0f);
    CHECK(asd_gather_segments(NULL, 8, NULL, 3, NULL, NULL, NULL, NULL, 0, &options, NULL) == ASD_OK);
    REFUSED(asd_gather_segments(NULL, 8, edges, 3, clips, offsets, NULL, NULL, 3, &options, out), "bank");
    REFUSED(asd_gather_segments(bank, 8, NULL, 3, clips, offsets, NULL, NULL, 3, &options, out), "edges");
    REFUSED(asd_gather_segments(bank, 8, edges, 3, NULL, offsets, NULL, NULL, 3, &options, out), "clips");
    REFUSED(asd_gather_segments(bank, 8, edges, 3, clips, NULL, NULL, NULL, 3, &options, out), "offsets");
    REFUSED(asd_gather_segments(bank, 8, edges, 3, clips, offsets, NULL, NULL, 3, &options, NULL), "segments");
    REFUSED(asd_gather_segments(bank, 8, edges, 3, clips, offsets, means, NULL, 3, &options, out), "means and stds");
    REFUSED(asd_gather_segments(bank, -1, edges, 3, clips, offsets, NULL, NULL, 3, &options, out), "bank_samples");
    REFUSED(asd_gather_segments(bank, 8, edges, -1, clips, offsets, NULL, NULL, 3, &options, out), "bank_clips");
    REFUSED(asd_gather_segments(bank, 8, edges, 3, clips, offsets, NULL, NULL, -1, &options, out), "crops");
    REFUSED(asd_gather_segments(bank, 8, edges, 3, clips, offsets, NULL, NULL, INT64_MAX, &options, out), "memory");
    REFUSED(asd_gather_segments(bank, 7, edges, 3, clips, offsets, NULL, NULL, 3, &options, out), "bank_samples = 7");
    offsets[0] = 3;
    REFUSED(asd_gather_segments(bank, 8, edges, 3, clips, offsets, NULL, NULL, 3, &options, out), "offsets");
    offsets[0] = 2;
    clips[0] = 3;
    REFUSED(asd_gather_segments(bank, 8, edges, 3, clips, offsets, NULL, NULL, 3, &options, out), "clips");
    clips[0] = 2;
    stds[2] = 0.0;
    REFUSED(asd_gather_segments(bank, 8, edges, 3, clips, offsets, means, stds, 3, &options, out), "stds");
    options.per_segment = 1;
    REFUSED(asd_gather_segments(bank, 8, edges, 3, clips, offsets, means, stds, 3, &options, out), "per_segment");
    CHECK(asd_gather_segments(bank, 8, edges, 3, clips, offsets, NULL, NULL, 3, &options, out) == ASD_OK);
    CHECK(out[2] == 0.0f && out[3] == 0.0f && out[4] == 1.0f && out[5] == -1.0f);
    options.sample_type = ASD_FLOAT64;
    REFUSED(asd_gather_segments(bank, 8, edges, 3, clips, offsets, NULL, NULL, 3, &options, out), "sample_type");
}

static void power_is_filtered(void) {
    /* y[n] = (x[n] - x[n - 1]) / 2, and the same backwards: constant input gives nothing. */
    const double sos[6] = {0.5, -0.5, 0.0, 1.0, 0.0, 0.0};
    float wave[40];
    double power[8];
    int i;
    asd_power_options options = ASD_POWER_OPTIONS_INIT;
    options.segment_samples = 20;
    options.hop_samples = 20;
    options.bins = 4;
    options.sections = 1;
    for (i = 0; i < 40; ++i) wave[i] = 0.7f;
    CHECK(asd_high_passed_power(wave, 1, 40, sos, &options, power) == ASD_OK);
    for (i = 0; i < 8; ++i) CHECK(power[i] == 0.0);
    /* An alternating input passes whole. */
    for (i = 0; i < 40; ++i) wave[i] = i % 2 ? 1.0f : -1.0f;
    CHECK(asd_high_passed_power(wave, 1, 40, sos, &options, power) == ASD_OK);
    CHECK(fabs(power[5] - 1.0) < 1e-12);
    {
        int64_t size = 0;
        CHECK(asd_high_passed_power_workspace(3, 40, sos, &options, &size) == ASD_OK && size == 3 * (40 + 2 * 6));
        CHECK(asd_high_passed_power_workspace(3, 7, sos, &options, &size) == ASD_OK && size == 3 * (20 + 2 * 6));
        REFUSED(asd_high_passed_power_workspace(3, 40, sos, &options, NULL), "size");
        REFUSED(asd_high_passed_power_workspace(3, 40, NULL, &options, &size), "sos");
        REFUSED(asd_high_passed_power_workspace(-1, 40, sos, &options, &size), "clips");
        REFUSED(asd_high_passed_power_workspace(INT64_MAX / 64, 40, sos, &options, &size), "memory");
    }
    {
        double made[6 * ASD_MAX_SECTIONS];
        int64_t count = 0;
        CHECK(asd_high_pass_sections(16000, 4000, 3500, 3, 40, made, &count) == ASD_OK && count == 12);
        CHECK(asd_high_passed_power_workspace(1, 9000, made, &options, &count) == ASD_OK);
        REFUSED(asd_high_pass_sections(16000, 8000, 3500, 3, 40, made, &count), "half the sample rate");
        REFUSED(asd_high_pass_sections(NAN, 4000, 3500, 3, 40, made, &count), "half the sample rate");
        REFUSED(asd_high_pass_sections(INFINITY, 4000, 3500, 3, 40, made, &count), "half the sample rate");
        REFUSED(asd_high_pass_sections(16000, 3500, 3500, 3, 40, made, &count), "stop_hz < pass_hz");
        REFUSED(asd_high_pass_sections(16000, 4000, 3500, 40, 40, made, &count), "pass_db < stop_db");
        REFUSED(asd_high_pass_sections(16000, 4000, 3500, 0, 40, made, &count), "pass_db < stop_db");
        REFUSED(asd_high_pass_sections(16000, 4000, 3990, 3, 40, made, &count), "32 sections");
        REFUSED(asd_high_pass_sections(16000, 4000, 3500, 1e-320, 40, made, &count), "32 sections");
        REFUSED(asd_high_pass_sections(16000, 4000, 3500, 3, 40, NULL, &count), "sos");
        REFUSED(asd_high_pass_sections(16000, 4000, 3500, 3, 40, made, NULL), "sections");
    }
    wave[3] = NAN;
    REFUSED(asd_high_passed_power(wave, 1, 40, sos, &options, power), "sample 3 of clip 0");
    wave[3] = 0.0f;
    {
        const double huge[12] = {1e300, 0.0, 0.0, 1.0, 0.0, 0.0, 1e300, 0.0, 0.0, 1.0, 0.0, 0.0};
        options.sections = 2;
        REFUSED(asd_high_passed_power(wave, 1, 40, huge, &options, power), "finite gain");
        options.sections = 1;
    }
    /* Forwards alone, from the steady state: only the step itself is heard, and a clip may be shorter than the extension. */
    options.causal = 1;
    for (i = 0; i < 40; ++i) wave[i] = i < 30 ? 0.5f : 1.0f;
    CHECK(asd_high_passed_power(wave, 1, 40, sos, &options, power) == ASD_OK);
    for (i = 0; i < 8; ++i) CHECK(power[i] == (i == 6 ? 0.25 * 0.25 / 5.0 : 0.0));
    options.segment_samples = options.hop_samples = 4;
    CHECK(asd_high_passed_power(wave, 1, 4, sos, &options, power) == ASD_OK);
    options.causal = 0;
    REFUSED(asd_high_passed_power(wave, 1, 4, sos, &options, power), "extension");
    options.segment_samples = options.hop_samples = 20;
    options.causal = -1;
    REFUSED(asd_high_passed_power(wave, 1, 40, sos, &options, power), "causal");
    options.causal = 0;
    options.bins = 21;
    REFUSED(asd_high_passed_power(wave, 1, 40, sos, &options, power), "bins");
    options.bins = 1;
    options.sections = ASD_MAX_SECTIONS + 1;
    REFUSED(asd_high_passed_power(wave, 1, 40, sos, &options, power), "sos");
}

static void means_are_weighted(void) {
    const double scores[4] = {1.0, 3.0, 5.0, 7.0}, weights[4] = {1.0, 3.0, 0.0, 0.0};
    const float maps[4] = {1.0f, 3.0f, 5.0f, 7.0f};
    const double negative[4] = {1.0, 1.0, 1.0, -1.0};
    double means[2];
    asd_mean_options options = ASD_MEAN_OPTIONS_INIT;
    CHECK(asd_weighted_mean(scores, weights, 2, 2, &options, means) == ASD_OK);
    CHECK(means[0] == 2.5 && means[1] == 6.0);
    REFUSED(asd_weighted_mean(scores, negative, 2, 2, &options, means), "weights");
    REFUSED(asd_weighted_mean(scores, weights, 2, 0, &options, means), "segments");
    options.value_type = ASD_FLOAT32;
    CHECK(asd_weighted_map_mean(maps, weights, 1, 1, 2, 2, &options, means) == ASD_OK);
    CHECK(means[0] == 0.25 * 3.0 + 0.75 * 5.0);
    options.value_type = ASD_INT16;
    REFUSED(asd_weighted_map_mean(maps, weights, 1, 1, 2, 2, &options, means), "value_type");
}

/* A MahalanobisKNN of the training vectors 0 and 4 in one dimension, whitened by 2, as asd-inlier writes it. */
static int64_t small_model(unsigned char *bytes) {
    static const char header[] =
        "{\"__metadata__\":{\"asd_inlier\":\"{\\\"class\\\": \\\"MahalanobisKNN\\\", \\\"parameters\\\": {\\\"neighbours\\\": 2}, "
        "\\\"schema\\\": 1}\"},\"location\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
        "\"shrinkage\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[8,16]},"
        "\"whitening\":{\"dtype\":\"F64\",\"shape\":[1,1],\"data_offsets\":[16,24]},"
        "\"training\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[24,32]}}";
    const double doubles[3] = {2.0, 0.0, 2.0}; /* location, shrinkage, whitening */
    const float training[2] = {-4.0f, 4.0f};
    const int64_t size = (int64_t)sizeof header - 1;
    int i;
    for (i = 0; i < 8; ++i) bytes[i] = (unsigned char)(size >> (8 * i) & 0xff);
    memcpy(bytes + 8, header, (size_t)size);
    memcpy(bytes + 8 + size, doubles, sizeof doubles);
    memcpy(bytes + 8 + size + sizeof doubles, training, sizeof training);
    return 8 + size + (int64_t)(sizeof doubles + sizeof training);
}

static void inlier_models_score(void) {
    static unsigned char bytes[1024];
    const int64_t size = small_model(bytes);
    const double queries[3] = {0.0, 2.0, 5.0};
    const float narrow[1] = {5.0f};
    double scores[3];
    FILE *file;
    asd_inlier *inlier = NULL, *opened = NULL;
    asd_inlier_description facts = ASD_INLIER_DESCRIPTION_INIT;
    asd_score_options options = ASD_SCORE_OPTIONS_INIT;
    struct { asd_score_options known; int64_t added; } newer = {ASD_SCORE_OPTIONS_INIT, 0};
    CHECK(asd_inlier_create(bytes, size, &inlier) == ASD_OK && inlier != NULL);
    CHECK(asd_inlier_describe(inlier, &facts) == ASD_OK && facts.kind == ASD_INLIER_KNN && facts.dimensions == 1);
    CHECK(facts.vectors == 2 && facts.neighbours == 2 && facts.components == 0);
    CHECK(asd_inlier_score(inlier, narrow, 1, 1, &options, scores) == ASD_OK && scores[0] == 6.0); /* whitened: 6 */
    options.value_type = ASD_FLOAT64;
    CHECK(asd_inlier_score(inlier, queries, 3, 1, &options, scores) == ASD_OK);
    CHECK(scores[0] == 4.0 && scores[1] == 4.0 && scores[2] == 6.0);
    CHECK(asd_inlier_score(inlier, NULL, 0, 1, &options, NULL) == ASD_OK);
    memset(bytes, 0, sizeof bytes); /* they were copied */
    CHECK(asd_inlier_score(inlier, queries, 3, 1, &options, scores) == ASD_OK && scores[2] == 6.0);
    small_model(bytes);

    file = fopen("c_abi_test.safetensors", "wb");
    CHECK(file != NULL && fwrite(bytes, 1, (size_t)size, file) == (size_t)size && fclose(file) == 0);
    CHECK(asd_inlier_open("c_abi_test.safetensors", &opened) == ASD_OK);
    CHECK(asd_inlier_score(opened, queries, 3, 1, &options, scores) == ASD_OK && scores[2] == 6.0);
    asd_inlier_destroy(opened);
    CHECK(remove("c_abi_test.safetensors") == 0);
    CHECK(asd_inlier_open("c_abi_test.safetensors", &opened) == ASD_FILE_FAILED && errno == ENOENT);
    CHECK(strcmp(asd_status_name(ASD_FILE_FAILED), "file failed") == 0);
    CHECK(asd_inlier_create(bytes, size - 1, &opened) == ASD_INVALID_MODEL);
    CHECK(strstr(asd_last_error(), "bytes: not a whole safetensors file") != NULL);
    CHECK(strcmp(asd_status_name(ASD_INVALID_MODEL), "invalid model") == 0);

    REFUSED(asd_inlier_create(NULL, 1, &opened), "bytes");
    REFUSED(asd_inlier_create(bytes, -1, &opened), "size");
    REFUSED(asd_inlier_create(bytes, size, NULL), "inlier");
    CHECK(asd_inlier_create(NULL, 0, &opened) == ASD_INVALID_MODEL);
    REFUSED(asd_inlier_open(NULL, &opened), "path");
    REFUSED(asd_inlier_open("x", NULL), "inlier");
    REFUSED(asd_inlier_describe(NULL, &facts), "inlier");
    REFUSED(asd_inlier_describe(inlier, NULL), "description");
    facts.struct_size = 8;
    REFUSED(asd_inlier_describe(inlier, &facts), "struct_size");
    REFUSED(asd_inlier_score(NULL, queries, 3, 1, &options, scores), "inlier");
    REFUSED(asd_inlier_score(inlier, queries, 3, 1, NULL, scores), "options");
    REFUSED(asd_inlier_score(inlier, queries, -1, 1, &options, scores), "count");
    REFUSED(asd_inlier_score(inlier, queries, 1, 3, &options, scores), "dimensions must be the model's, 1; got 3");
    REFUSED(asd_inlier_score(inlier, queries, INT64_MAX / 2, 1, &options, scores), "memory");
    REFUSED(asd_inlier_score(inlier, NULL, 3, 1, &options, scores), "queries");
    REFUSED(asd_inlier_score(inlier, queries, 3, 1, &options, NULL), "scores");
    options.threads = -1;
    REFUSED(asd_inlier_score(inlier, queries, 3, 1, &options, scores), "threads");
    options.threads = 1;
    options.value_type = ASD_INT16;
    REFUSED(asd_inlier_score(inlier, queries, 3, 1, &options, scores), "value_type");
    options.value_type = ASD_FLOAT64;
    {
        const double wrong[3] = {0.0, NAN, 0.0}, far[3] = {0.0, 1.0, 1e300};
        REFUSED(asd_inlier_score(inlier, wrong, 3, 1, &options, scores), "query 1");
        REFUSED(asd_inlier_score(inlier, far, 3, 1, &options, scores), "query 2 lies so far");
    }
    newer.known.struct_size = (int64_t)sizeof newer;
    newer.added = 1;
    REFUSED(asd_inlier_score(inlier, queries, 3, 1, &newer.known, scores), "newer library");
    asd_inlier_destroy(inlier);
    asd_inlier_destroy(NULL);
}

/* The first difference of a wave of ones and minus ones in turn: power 1. */
static void a_stream_gives_segments_as_they_fall_due(void) {
    const double sos[6] = {0.5, -0.5, 0.0, 1.0, 0.0, 0.0};
    float wave[500], mel[20 * 5];
    double power[2], weight = 0.0, mean = 0.0;
    int64_t taken = 0, start = -1;
    int32_t due = 0;
    int i;
    asd_stream *stream = NULL;
    asd_log_mel_options log_mel = ASD_LOG_MEL_OPTIONS_INIT;
    asd_stream_options options = ASD_STREAM_OPTIONS_INIT;
    log_mel.window_samples = 256;
    log_mel.hop_samples = 100;
    log_mel.bands = 20;
    options.segment_samples = 400;
    options.hop_samples = 60;
    options.bins = 2;
    options.sections = 1;
    for (i = 0; i < 500; ++i) wave[i] = i % 2 ? 1.0f : -1.0f;
    CHECK(asd_stream_create(&log_mel, sos, &options, &stream) == ASD_OK && stream != NULL);

    OUT_OF_ORDER(asd_stream_finish(stream, &due), "no sample");
    OUT_OF_ORDER(asd_stream_take(stream, mel, power, &start, &weight), "no segment is due");
    OUT_OF_ORDER(asd_stream_add_score(stream, 1.0), "score");
    OUT_OF_ORDER(asd_stream_mean(stream, &mean), "score");
    CHECK(asd_stream_push(stream, wave, 399, &taken, &due) == ASD_OK && taken == 399 && due == 0);
    CHECK(asd_stream_push(stream, NULL, 0, &taken, &due) == ASD_OK && taken == 0 && due == 0);
    CHECK(asd_stream_push(stream, wave + 399, 101, &taken, &due) == ASD_OK && taken == 1 && due == 1);
    OUT_OF_ORDER(asd_stream_push(stream, wave + 400, 100, &taken, &due), "due");
    OUT_OF_ORDER(asd_stream_finish(stream, &due), "due");
    OUT_OF_ORDER(asd_stream_add_score(stream, 1.0), "score");
    CHECK(asd_stream_take(stream, mel, power, &start, &weight) == ASD_OK && start == 0);
    CHECK(power[0] == 199.0 / 200.0 && power[1] == 1.0 && weight == 399.0 / 400.0); /* nothing comes before the first sample */
    OUT_OF_ORDER(asd_stream_take(stream, mel, power, &start, &weight), "no segment is due");
    CHECK(asd_stream_add_score(stream, 3.0) == ASD_OK);
    OUT_OF_ORDER(asd_stream_add_score(stream, 3.0), "one score");
    CHECK(asd_stream_mean(stream, &mean) == ASD_OK && mean == 3.0);

    wave[410] = NAN;
    REFUSED(asd_stream_push(stream, wave + 400, 60, &taken, &due), "sample 10 of it, 410 of the recording");
    wave[410] = -1.0f;
    CHECK(asd_stream_push(stream, wave + 400, 60, &taken, &due) == ASD_OK && taken == 60 && due == 1);
    CHECK(asd_stream_take(stream, mel, power, &start, &weight) == ASD_OK && start == 60 && weight == 1.0);
    REFUSED(asd_stream_add_score(stream, INFINITY), "score");
    CHECK(asd_stream_add_score(stream, 5.0) == ASD_OK);
    CHECK(asd_stream_push(stream, wave + 460, 40, &taken, &due) == ASD_OK && taken == 40 && due == 0);
    CHECK(asd_stream_finish(stream, &due) == ASD_OK && due == 1);
    CHECK(asd_stream_take(stream, mel, power, &start, &weight) == ASD_OK && start == 100);
    OUT_OF_ORDER(asd_stream_push(stream, wave, 1, &taken, &due), "reset");
    OUT_OF_ORDER(asd_stream_finish(stream, &due), "reset");
    CHECK(asd_stream_mean(stream, &mean) == ASD_OK && fabs(mean - (0.9975 * 3.0 + 5.0) / 1.9975) < 1e-15);

    CHECK(asd_stream_reset(stream) == ASD_OK);
    OUT_OF_ORDER(asd_stream_mean(stream, &mean), "score");
    CHECK(asd_stream_push(stream, wave, 3, &taken, &due) == ASD_OK && taken == 3 && due == 0);
    CHECK(asd_stream_finish(stream, &due) == ASD_OK && due == 1); /* repeated: two ones in a row every third time */
    CHECK(asd_stream_take(stream, mel, power, &start, &weight) == ASD_OK && start == 0 && fabs(weight - 2.0 / 3.0) < 2e-3);

    REFUSED(asd_stream_push(NULL, wave, 3, &taken, &due), "stream");
    REFUSED(asd_stream_push(stream, NULL, 3, &taken, &due), "block");
    REFUSED(asd_stream_push(stream, wave, -1, &taken, &due), "samples");
    REFUSED(asd_stream_push(stream, wave, 3, NULL, &due), "taken");
    REFUSED(asd_stream_push(stream, wave, 3, &taken, NULL), "due");
    REFUSED(asd_stream_finish(NULL, &due), "stream");
    REFUSED(asd_stream_finish(stream, NULL), "due");
    REFUSED(asd_stream_take(stream, NULL, power, &start, &weight), "mel");
    REFUSED(asd_stream_take(stream, mel, NULL, &start, &weight), "power");
    REFUSED(asd_stream_take(stream, mel, power, NULL, &weight), "start");
    REFUSED(asd_stream_take(stream, mel, power, &start, NULL), "weight");
    REFUSED(asd_stream_add_score(NULL, 1.0), "stream");
    REFUSED(asd_stream_mean(NULL, &mean), "stream");
    REFUSED(asd_stream_mean(stream, NULL), "mean");
    REFUSED(asd_stream_reset(NULL), "stream");
    asd_stream_destroy(stream);
    asd_stream_destroy(NULL);

    REFUSED(asd_stream_create(NULL, sos, &options, &stream), "options");
    REFUSED(asd_stream_create(&log_mel, NULL, &options, &stream), "sos");
    REFUSED(asd_stream_create(&log_mel, sos, NULL, &stream), "options");
    REFUSED(asd_stream_create(&log_mel, sos, &options, NULL), "stream");
    options.segment_samples = 128;
    REFUSED(asd_stream_create(&log_mel, sos, &options, &stream), "half a window");
    options.segment_samples = 400;
    options.sample_type = ASD_FLOAT64;
    REFUSED(asd_stream_create(&log_mel, sos, &options, &stream), "sample_type");
    options.sample_type = ASD_INT16;
    options.bins = 401;
    REFUSED(asd_stream_create(&log_mel, sos, &options, &stream), "bins");
    options.bins = 1;
    options.hop_samples = 0;
    REFUSED(asd_stream_create(&log_mel, sos, &options, &stream), "hop_samples");
    options.hop_samples = 1;
    options.per_segment = 2;
    REFUSED(asd_stream_create(&log_mel, sos, &options, &stream), "per_segment");
    options.per_segment = 0;
    options.std = -1.0;
    REFUSED(asd_stream_create(&log_mel, sos, &options, &stream), "std");
    options.std = 1.0;
    options.sections = 0;
    REFUSED(asd_stream_create(&log_mel, sos, &options, &stream), "sos");
    options.sections = 1;
    log_mel.bands = 0;
    REFUSED(asd_stream_create(&log_mel, sos, &options, &stream), "bands");
    options.struct_size = 8;
    REFUSED(asd_stream_create(&log_mel, sos, &options, &stream), "struct_size");
}

/* Options of a caller that was built with a later version, which has a field more. */
static void what_a_newer_caller_sets_is_refused_and_not_ignored(void) {
    const int16_t wave[4] = {0, 1, 2, 3};
    const double sos[6] = {1.0, 0.0, 0.0, 1.0, 0.0, 0.0}, scores[2] = {1.0, 3.0}, weights[2] = {1.0, 1.0};
    float segments[4];
    double power[1], means[1];
    struct { asd_segment_options known; int64_t added; } cut = {ASD_SEGMENT_OPTIONS_INIT, 0};
    struct { asd_power_options known; int64_t added; } filter = {ASD_POWER_OPTIONS_INIT, 0};
    struct { asd_mean_options known; int64_t added; } mean = {ASD_MEAN_OPTIONS_INIT, 0};
    cut.known.struct_size = (int64_t)sizeof cut;
    cut.known.segment_samples = cut.known.hop_samples = 4;
    cut.known.sample_type = ASD_INT16;
    filter.known.struct_size = (int64_t)sizeof filter;
    filter.known.segment_samples = filter.known.hop_samples = 40; /* the clip is repeated */
    filter.known.sample_type = ASD_INT16;
    filter.known.sections = 1;
    mean.known.struct_size = (int64_t)sizeof mean;
    CHECK(asd_cut_segments(wave, 1, 4, &cut.known, segments) == ASD_OK);
    CHECK(asd_high_passed_power(wave, 1, 4, sos, &filter.known, power) == ASD_OK);
    CHECK(asd_weighted_mean(scores, weights, 1, 2, &mean.known, means) == ASD_OK);
    cut.added = filter.added = mean.added = (int64_t)1 << 56; /* the last byte alone */
    REFUSED(asd_cut_segments(wave, 1, 4, &cut.known, segments), "newer library");
    REFUSED(asd_high_passed_power(wave, 1, 4, sos, &filter.known, power), "newer library");
    REFUSED(asd_weighted_mean(scores, weights, 1, 2, &mean.known, means), "newer library");
    cut.known.struct_size = 4097;
    REFUSED(asd_cut_segments(wave, 1, 4, &cut.known, segments), "struct_size");
    cut.known.struct_size = 8;
    REFUSED(asd_cut_segments(wave, 1, 4, &cut.known, segments), "struct_size");
    filter.added = mean.added = 0;
    filter.known.causal = 2;
    mean.known.reserved = 1;
    REFUSED(asd_high_passed_power(wave, 1, 4, sos, &filter.known, power), "causal");
    REFUSED(asd_weighted_mean(scores, weights, 1, 2, &mean.known, means), "reserved");
    REFUSED(asd_weighted_map_mean(scores, weights, 1, 1, 1, 2, &mean.known, means), "reserved");
}

static void cuda_is_refused_by_name_where_it_is_not(void) {
    asd_build build = ASD_BUILD_INIT;
    asd_segment_options options = ASD_SEGMENT_OPTIONS_INIT;
    asd_status status;
    options.segment_samples = 2;
    options.hop_samples = 2;
    options.device = ASD_DEVICE_CUDA;
    CHECK(asd_build_info(&build) == ASD_OK);
    status = asd_cut_segments(NULL, 0, 5, &options, NULL);
    if (!build.cuda)
        CHECK(status == ASD_NOT_BUILT_WITH_CUDA && strstr(asd_last_error(), "not built with CUDA") != NULL);
    else
        CHECK(status == ASD_OK || (status == ASD_NO_DEVICE && strstr(asd_last_error(), "no device") != NULL));
    {
        int32_t device = -2;
        CHECK(asd_cuda_device(&device) == status && (status != ASD_OK || device >= 0));
        CHECK(asd_cuda_run_after(NULL, NULL) == status);
        CHECK(status == ASD_OK || asd_cuda_device_of(&device, &device) == status);
        REFUSED(asd_cuda_device(NULL), "device");
        REFUSED(asd_cuda_device_of(NULL, &device), "pointer");
        REFUSED(asd_cuda_device_of(&device, NULL), "device");
    }
}

static void statistics_are_pooled(void) {
    const float mel[6] = {1.0f, 3.0f, 8.0f, -1.0f, -1.0f, -1.0f}; /* two bands of three frames */
    const int32_t wanted[3] = {ASD_STATISTIC_DIFFERENCE, ASD_STATISTIC_MEAN, ASD_STATISTIC_RANK};
    const int32_t twice[2] = {ASD_STATISTIC_STD, ASD_STATISTIC_STD}, unknown[1] = {5};
    double pooled[6];
    asd_statistics_options options = ASD_STATISTICS_OPTIONS_INIT;
    options.rank_decay = 0.0;
    CHECK(asd_spectral_statistics(mel, 1, 2, 3, wanted, 3, &options, pooled) == ASD_OK);
    CHECK(pooled[0] == 3.5 && pooled[1] == 0.0 && pooled[2] == 4.0 && pooled[3] == -1.0 && pooled[4] == 8.0);
    CHECK(asd_spectral_statistics(NULL, 0, 2, 3, wanted, 3, &options, NULL) == ASD_OK);
    REFUSED(asd_spectral_statistics(mel, -1, 2, 3, wanted, 3, &options, pooled), "clips");
    REFUSED(asd_spectral_statistics(mel, 1, 0, 3, wanted, 3, &options, pooled), "bands");
    REFUSED(asd_spectral_statistics(mel, 1, 2, 0, wanted, 3, &options, pooled), "frames");
    REFUSED(asd_spectral_statistics(mel, 1, INT64_MAX, 3, wanted, 3, &options, pooled), "memory");
    REFUSED(asd_spectral_statistics(mel, 1, 2, 3, wanted, 0, &options, pooled), "statistics must be 1 to 4");
    REFUSED(asd_spectral_statistics(mel, 1, 2, 3, wanted, 5, &options, pooled), "statistics must be 1 to 4");
    REFUSED(asd_spectral_statistics(mel, 1, 2, 3, NULL, 3, &options, pooled), "statistics");
    REFUSED(asd_spectral_statistics(mel, 1, 2, 3, twice, 2, &options, pooled), "each once");
    REFUSED(asd_spectral_statistics(mel, 1, 2, 3, unknown, 1, &options, pooled), "number 0 is 5");
    REFUSED(asd_spectral_statistics(NULL, 1, 2, 3, wanted, 3, &options, pooled), "mel");
    REFUSED(asd_spectral_statistics(mel, 1, 2, 3, wanted, 3, NULL, pooled), "options");
    REFUSED(asd_spectral_statistics(mel, 1, 2, 3, wanted, 3, &options, NULL), "pooled");
    options.rank_decay = 1.5;
    REFUSED(asd_spectral_statistics(mel, 1, 2, 3, wanted, 3, &options, pooled), "rank_decay must be 0");
    options.rank_decay = 0.5;
    options.value_type = ASD_INT16;
    REFUSED(asd_spectral_statistics(mel, 1, 2, 3, wanted, 3, &options, pooled), "value_type");
    options.value_type = ASD_FLOAT32;
    options.threads = -1;
    REFUSED(asd_spectral_statistics(mel, 1, 2, 3, wanted, 3, &options, pooled), "threads");
    options.threads = 1;
    options.value_type = ASD_FLOAT64;
    pooled[0] = NAN;
    REFUSED(asd_spectral_statistics(pooled, 1, 1, 1, wanted, 1, &options, pooled + 1), "finite");
}

/* Models that open are in model_test and recording_test. */
static void models_are_refused_without_a_place(void) {
    asd_model *model = NULL;
    asd_recording *recording = NULL;
    asd_recording_options options = ASD_RECORDING_OPTIONS_INIT;
    asd_model_description facts = ASD_MODEL_DESCRIPTION_INIT;
    asd_verdict verdict = ASD_VERDICT_INIT;
    const int16_t wave[2] = {0, 1};
    float mel[1];
    REFUSED(asd_model_open(NULL, &model), "folder");
    REFUSED(asd_model_open(".", NULL), "model");
    errno = 0;
    CHECK(asd_model_open("no such folder", &model) == ASD_FILE_FAILED && errno == ENOENT && model == NULL);
    CHECK(asd_model_open(".", &model) == ASD_INVALID_MODEL && strstr(asd_last_error(), "manifest.json is missing") != NULL);
    REFUSED(asd_model_describe(NULL, &facts), "model");
    REFUSED(asd_model_describe_network(NULL, 0, NULL), "model");
    REFUSED(asd_model_read_network(NULL, 0, mel, 4), "model");
    REFUSED(asd_recording_create(NULL, wave, 2, &options, &recording), "model");
    REFUSED(asd_recording_describe(NULL, NULL), "recording");
    REFUSED(asd_recording_gap(NULL, 0, NULL, NULL), "recording");
    REFUSED(asd_recording_log_mel(NULL, 0, 1, mel), "recording");
    REFUSED(asd_recording_add(NULL, 0, NULL), "recording");
    REFUSED(asd_recording_judge(NULL, &verdict), "recording");
    REFUSED(asd_recording_stretch(NULL, 0, NULL), "recording");
    asd_model_destroy(NULL);
    asd_recording_destroy(NULL);
    CHECK(strcmp(asd_status_name(ASD_NO_SOUND), "no sound") == 0);
}

int main(void) {
    CHECK(strcmp(asd_last_error(), "") == 0);
    versions_are_told();
    segments_are_cut();
    crops_are_gathered();
    log_mel_is_computed();
    power_is_filtered();
    means_are_weighted();
    inlier_models_score();
    statistics_are_pooled();
    models_are_refused_without_a_place();
    a_stream_gives_segments_as_they_fall_due();
    what_a_newer_caller_sets_is_refused_and_not_ignored();
    cuda_is_refused_by_name_where_it_is_not();
    printf("c_abi: %d checks, %d failed\n", checks, failures);
    return checks > 0 && failures == 0 ? 0 : 1;
}
