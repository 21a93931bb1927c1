/*
 * The C ABI of asd-native: segments, log-mel spectrograms, high-passed power and weighted means for anomalous sound
 * detection.
 *
 * Rules that hold for every function:
 *   - It returns an asd_status; ASD_OK is 0. After any other status asd_last_error() says, on the same thread, which
 *     argument is wrong and what to do. After an error the contents of the output are undefined.
 *   - Memory belongs to the caller. Arrays are dense, row-major and aligned for their type; inputs and outputs do not
 *     overlap. Sizes are int64_t and count elements, not bytes.
 *   - An options struct begins with struct_size (set it with the *_INIT macro) and grows only at its end. Fields after those
 *     that the library knows must be 0: a newer caller's option is refused, never ignored. A struct that is shorter than the
 *     library's own is refused too.
 *   - Finite input gives a finite result if the result fits its type. Otherwise it is infinite or NaN; each function says
 *     where that limit is. A recording at full scale 1 never comes near it.
 *   - It keeps no state and may be called from any number of threads at once, with different outputs. Functions that take a
 *     handle as const only read it. A stream and a recording are the exceptions: see asd_stream_create and asd_recording_create.
 *   - The result is the same, bit for bit, for any number of threads.
 *   - device ASD_DEVICE_CPU: pointers are host memory, values are checked. device ASD_DEVICE_CUDA: array pointers are
 *     memory of the current CUDA device, kernels are queued on `stream` (a cudaStream_t; NULL is the default stream)
 *     and the call returns before they are done: it neither waits nor allocates, so a stream may be captured into a graph.
 *     Values are not checked, a NaN stays a NaN. If an earlier CUDA call has left an error on this thread, the call fails
 *     with ASD_CUDA_FAILED and leaves that error for cudaGetLastError.
 */
#ifndef ASD_ASD_H
#define ASD_ASD_H

#include <stdint.h>

#if defined(__GNUC__)
#define ASD_API __attribute__((visibility("default")))
#else
#define ASD_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* From release 0.1.0 on it rises when a function is removed or changes its meaning, or when an options struct grows. Before
 * that release structs and functions may change without notice. */
#define ASD_ABI_VERSION 1

/* The largest number of second-order sections of a filter: order 64. */
#define ASD_MAX_SECTIONS 32

typedef enum asd_status {
    ASD_OK = 0,
    ASD_INVALID_ARGUMENT = 1,
    ASD_OUT_OF_MEMORY = 2,
    ASD_NOT_BUILT_WITH_CUDA = 3,
    ASD_NO_DEVICE = 4,
    ASD_CUDA_FAILED = 5,
    ASD_FILE_FAILED = 6,   /* errno says why */
    ASD_INVALID_MODEL = 7, /* a model file that is damaged, of another kind, or of a newer version */
    ASD_OUT_OF_ORDER = 8,  /* a call on a stream or a recording that needs another call first; it is unchanged */
    ASD_NO_SOUND = 9       /* a recording in which there is nothing to score; a fault of the recorder, not of the machine */
} asd_status;

typedef enum asd_sample_type {
    ASD_INT16 = 1,   /* read as value / 32768 */
    ASD_FLOAT32 = 2,
    ASD_FLOAT64 = 3
} asd_sample_type;

typedef enum asd_device { ASD_DEVICE_CPU = 0, ASD_DEVICE_CUDA = 1 } asd_device;

typedef struct asd_build {
    int64_t struct_size;
    const char *version;           /* of the library, "0.1.0" */
    const char *compiler;
    const char *instruction_set;   /* chosen on this processor: "baseline", "avx2" or "avx512" */
    const char *cuda_architectures; /* "" in a CPU build */
    int32_t cuda;                  /* 1 when built with CUDA */
    int32_t abi_version;
} asd_build;

#define ASD_BUILD_INIT {(int64_t)sizeof(asd_build), 0, 0, 0, 0, 0, 0}

typedef struct asd_segment_options {
    int64_t struct_size;
    int64_t segment_samples; /* L >= 1 */
    int64_t hop_samples;     /* >= 1 */
    double mean;             /* finite; not read when per_segment is 1 */
    double std;              /* finite, > 0; not read when per_segment is 1 */
    int32_t per_segment;     /* 1: each segment by its own mean and population deviation; a constant segment gives zeros */
    int32_t sample_type;     /* ASD_INT16 or ASD_FLOAT32 */
    int32_t device;
    int32_t threads;         /* 0: all cores; not read on CUDA */
    void *stream;
} asd_segment_options;

#define ASD_SEGMENT_OPTIONS_INIT \
    {(int64_t)sizeof(asd_segment_options), 0, 0, 0.0, 1.0, 0, ASD_FLOAT32, ASD_DEVICE_CPU, 1, 0}

typedef enum asd_mel_scale {
    ASD_MEL_HTK = 1,   /* O'Shaughnessy: 2595 log10(1 + f / 700) */
    ASD_MEL_SLANEY = 2 /* linear up to 1 kHz, logarithmic above */
} asd_mel_scale;

/* What the frames at the ends of a clip see before and after it. */
typedef enum asd_padding { ASD_PAD_REFLECT = 1, ASD_PAD_ZERO = 2 } asd_padding;

typedef struct asd_log_mel_options {
    int64_t struct_size;
    double sample_rate_hz;    /* finite, > 0 */
    int64_t window_samples;   /* W of the periodic Hann window and the transform: a power of two, 256 .. 8192 */
    int64_t hop_samples;      /* from frame to frame, >= 1 */
    int64_t bands;            /* M >= 1, few enough that each contains a bin */
    double low_hz;            /* 0 <= low_hz < high_hz <= sample_rate_hz / 2 */
    double high_hz;
    double floor;             /* finite, > 0: smaller sums are raised to it before the logarithm */
    int32_t mel_scale;        /* asd_mel_scale */
    int32_t area_norm;        /* 1: each triangle divided by half its width in hertz, to 1e-10 .. 1e10; 0: it peaks at 1 */
    int32_t power;            /* 1: sums of magnitudes, 20 log10; 2: of powers, 10 log10 */
    int32_t normalise_window; /* 1: the window divided by its Euclidean norm */
    int32_t log;              /* 0: sums instead of decibels */
    int32_t padding;          /* asd_padding */
} asd_log_mel_options;

/* 16 kHz, 128 ms every 16 ms, 224 bands from 50 to 7800 Hz (Fujimura 2023, Sec. 4.2), floor 2^-23. */
#define ASD_LOG_MEL_OPTIONS_INIT \
    {(int64_t)sizeof(asd_log_mel_options), 16000.0, 2048, 256, 224, 50.0, 7800.0, 1.1920928955078125e-07, ASD_MEL_HTK, \
     0, 1, 1, 1, ASD_PAD_REFLECT}

/* Window, transform and filters of a log-mel spectrogram, made once. */
typedef struct asd_log_mel asd_log_mel;

typedef struct asd_power_options {
    int64_t struct_size;
    int64_t segment_samples; /* L >= 1 */
    int64_t hop_samples;     /* >= 1 */
    int64_t bins;            /* 1 .. L */
    int64_t sections;        /* K: 1 .. ASD_MAX_SECTIONS */
    int32_t sample_type;     /* ASD_INT16 or ASD_FLOAT32 */
    int32_t device;
    int32_t threads;
    int32_t causal;          /* 0: filtered forwards and backwards; 1: forwards only, as asd_stream does */
    void *stream;
    double *workspace;      /* CUDA: device memory that no other call uses until the work is done; not used on the CPU */
    int64_t workspace_size; /* its size in doubles, at least what asd_high_passed_power_workspace gives */
} asd_power_options;

#define ASD_POWER_OPTIONS_INIT \
    {(int64_t)sizeof(asd_power_options), 0, 0, 1, 0, ASD_FLOAT32, ASD_DEVICE_CPU, 1, 0, 0, 0, 0}

typedef struct asd_mean_options {
    int64_t struct_size;
    int32_t value_type; /* of scores or maps: ASD_FLOAT32 or ASD_FLOAT64 */
    int32_t device;
    int32_t threads;
    int32_t reserved;   /* 0 */
    void *stream;
} asd_mean_options;

#define ASD_MEAN_OPTIONS_INIT {(int64_t)sizeof(asd_mean_options), ASD_FLOAT64, ASD_DEVICE_CPU, 1, 0, 0}

typedef enum asd_inlier_kind {
    ASD_INLIER_KNN = 1, /* MahalanobisKNN: mean Mahalanobis distance to the nearest training vectors */
    ASD_INLIER_GMM = 2  /* GaussianMixtureInlier: negative log-likelihood, full covariances */
} asd_inlier_kind;

/* Statistics of the frames of a spectrogram, one number for each band. */
typedef enum asd_statistic {
    ASD_STATISTIC_MEAN = 1,
    ASD_STATISTIC_STD = 2,        /* population */
    ASD_STATISTIC_DIFFERENCE = 3, /* mean absolute difference of neighbouring frames; 0 of a single frame */
    ASD_STATISTIC_RANK = 4        /* generalised weighted rank pooling: frames by falling level, weighted with 1, r, r^2 ... */
} asd_statistic;

typedef struct asd_statistics_options {
    int64_t struct_size;
    double rank_decay;  /* r: 0 (the loudest frame) to 1 (the mean) */
    int32_t value_type; /* of mel: ASD_FLOAT32 or ASD_FLOAT64 */
    int32_t threads;
} asd_statistics_options;

#define ASD_STATISTICS_OPTIONS_INIT {(int64_t)sizeof(asd_statistics_options), 0.99, ASD_FLOAT32, 1}

/* A fitted inlier model. */
typedef struct asd_inlier asd_inlier;

typedef struct asd_inlier_description {
    int64_t struct_size;
    int64_t dimensions; /* D of an embedding */
    int64_t vectors;    /* training vectors; ASD_INLIER_KNN only, else 0 */
    int64_t neighbours; /* ASD_INLIER_KNN only, else 0 */
    int64_t components; /* ASD_INLIER_GMM only, else 0 */
    int32_t kind;       /* asd_inlier_kind */
    int32_t reserved;   /* 0 */
} asd_inlier_description;

#define ASD_INLIER_DESCRIPTION_INIT {(int64_t)sizeof(asd_inlier_description), 0, 0, 0, 0, 0, 0}

typedef struct asd_score_options {
    int64_t struct_size;
    int32_t value_type; /* of queries: ASD_FLOAT32 or ASD_FLOAT64 */
    int32_t threads;    /* 0: all cores; several threads pay off for calls of some hundred microseconds or more */
} asd_score_options;

#define ASD_SCORE_OPTIONS_INIT {(int64_t)sizeof(asd_score_options), ASD_FLOAT32, 1}

typedef struct asd_stream_options {
    int64_t struct_size;
    int64_t segment_samples; /* L, more than half a window */
    int64_t hop_samples;     /* from segment to segment, >= 1 */
    int64_t bins;            /* of the power: 1 .. L */
    int64_t sections;        /* K: 1 .. ASD_MAX_SECTIONS */
    double mean;             /* finite; not read when per_segment is 1 */
    double std;              /* finite, > 0; not read when per_segment is 1 */
    int32_t per_segment;     /* 1: each segment by its own mean and population deviation */
    int32_t sample_type;     /* ASD_INT16 or ASD_FLOAT32 */
} asd_stream_options;

#define ASD_STREAM_OPTIONS_INIT {(int64_t)sizeof(asd_stream_options), 0, 0, 1, 0, 0.0, 1.0, 0, ASD_FLOAT32}

/* Takes one recording after another, each in blocks of any size; see asd_stream_create. */
typedef struct asd_stream asd_stream;

/* A model as `asd fit` makes it: a folder with a manifest, networks as ONNX, and detectors. */
typedef struct asd_model asd_model;

/* Which channel of a recording the model scores: a number from 0, or one of these. */
typedef enum asd_channel {
    ASD_CHANNEL_ONLY = -1, /* recordings have one */
    ASD_CHANNEL_MEAN = -2  /* the mean of all, as float */
} asd_channel;

/* Strings are UTF-8 and live as long as the model. */
typedef struct asd_model_description {
    int64_t struct_size;
    const char *machine;     /* its name */
    const char *system;      /* "oe", "spectral" ... */
    const char *precision;   /* arithmetic of the networks that its numbers belong to: "float32", "bfloat16" or "int8" */
    int64_t sample_rate_hz;  /* of the samples that it takes */
    int64_t segment_samples; /* L */
    int64_t hop_samples;     /* from segment to segment */
    int64_t bands;           /* M and F of a network's input, batch x M x F float32 */
    int64_t frames;
    int64_t dimensions;      /* D of a network's first output, batch x D float32; 0 if no detector reads it */
    int64_t networks;        /* how many; 0 for spectral statistics alone */
    double threshold;        /* a recording with a stretch that scores above it is called anomalous */
    double stretch_s;        /* length of the stretches that the threshold is for */
    int32_t channel;         /* asd_channel, or a channel's number */
    int32_t resample;        /* 1: recordings of another rate may be converted; 0: they should be refused */
    int32_t synthetic;       /* 1: trained on synthetic data, so that its scores of real recordings mean nothing */
    int32_t reserved;        /* 0 */
} asd_model_description;

#define ASD_MODEL_DESCRIPTION_INIT {(int64_t)sizeof(asd_model_description), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0, 0, 0, 0}

typedef struct asd_network_description {
    int64_t struct_size;
    const char *attribute; /* that it learnt to tell apart from sound; NULL: none */
    int64_t onnx_bytes;    /* length of its ONNX file */
    int32_t flow;          /* 1: it has a second output, batch x height x width, the flow's score map */
    int32_t reserved;      /* 0 */
} asd_network_description;

#define ASD_NETWORK_DESCRIPTION_INIT {(int64_t)sizeof(asd_network_description), 0, 0, 0, 0}

/* A recording that is scored with a model; see asd_recording_create. */
typedef struct asd_recording asd_recording;

typedef struct asd_recording_options {
    int64_t struct_size;
    int32_t sample_type; /* ASD_INT16 or ASD_FLOAT32 */
    int32_t threads;     /* of each call on the recording; 0: all cores */
} asd_recording_options;

#define ASD_RECORDING_OPTIONS_INIT {(int64_t)sizeof(asd_recording_options), ASD_INT16, 1}

typedef struct asd_recording_description {
    int64_t struct_size;
    int64_t segments;  /* S >= 1 */
    int64_t stretches; /* >= 1; as long as stretch_s of the model, overlapping by half */
    int64_t gaps;      /* parts of a quarter of a second or more in which nothing changes */
} asd_recording_description;

#define ASD_RECORDING_DESCRIPTION_INIT {(int64_t)sizeof(asd_recording_description), 0, 0, 0}

/* What a network gave for segments [first, first + count). */
typedef struct asd_network_output {
    int64_t struct_size;
    int64_t first;
    int64_t count;
    int64_t dimensions;      /* D, as asd_model_description says */
    int64_t height;          /* of a score map; not read without a flow */
    int64_t width;           /* time bins; the same for all segments of a recording */
    const float *embeddings; /* count x D; not read if D is 0 */
    const float *score_maps; /* count x height x width; not read without a flow */
} asd_network_output;

#define ASD_NETWORK_OUTPUT_INIT {(int64_t)sizeof(asd_network_output), 0, 0, 0, 0, 0, 0, 0}

typedef struct asd_verdict {
    int64_t struct_size;
    double score;            /* of the whole recording; 0 is an average normal one, higher is more anomalous */
    int64_t stretches_above; /* stretches whose score is above the threshold */
    int64_t worst_stretch;   /* the one with the highest score */
    int32_t anomalous;       /* 1 if any is above */
    int32_t reserved;        /* 0 */
} asd_verdict;

#define ASD_VERDICT_INIT {(int64_t)sizeof(asd_verdict), 0.0, 0, 0, 0, 0}

typedef struct asd_stretch {
    int64_t struct_size;
    double start_s;
    double end_s;
    double score;         /* NaN if each of its segments touches a gap */
    double worst_start_s; /* the segment that raises its score most: where to listen */
    double worst_end_s;
    int32_t scored;       /* 0 if each of its segments touches a gap */
    int32_t above;        /* 1 if its score is above the threshold */
} asd_stretch;

#define ASD_STRETCH_INIT {(int64_t)sizeof(asd_stretch), 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0}

/* ASD_ABI_VERSION of the library that is loaded. Cannot fail. Any thread. */
ASD_API int32_t asd_abi_version(void);

/* Fills *build; the strings live as long as the library. Fields after those that the library knows are left unchanged. Fails
 * on a wrong struct_size. Any thread. */
ASD_API asd_status asd_build_info(asd_build *build);

/* The message of the last call that failed on this thread, "" if none has; valid until the next failure on this
 * thread. Cannot fail. */
ASD_API const char *asd_last_error(void);

/* "ok", "invalid argument" ...; "unknown status" for any other number. Cannot fail. Any thread. */
ASD_API const char *asd_status_name(int32_t status);

/* *count = S, the number of segments of a clip of `samples` samples: starts 0, hop, 2 hop .. while the segment fits; one
 * more, aligned to the end, if that leaves a tail uncovered; exactly one for a clip shorter than a segment. Fails unless
 * samples, segment_samples and hop_samples are >= 1. Any thread. */
ASD_API asd_status asd_segment_count(int64_t samples, int64_t segment_samples, int64_t hop_samples, int64_t *count);

/* starts: S elements (capacity >= S), the first sample of each segment. Fails as asd_segment_count does, and if capacity
 * is too small. Any thread. */
ASD_API asd_status asd_segment_starts(int64_t samples, int64_t segment_samples, int64_t hop_samples, int64_t *starts,
                                      int64_t capacity);

/* wave: clips x samples of sample_type. segments: clips x S x L float32, (x - mean) / std computed in double. A clip shorter
 * than a segment is repeated. clips may be 0. A value above 3.4e38 becomes infinite. Fails on sizes, on a std that is not
 * positive, on NaN or infinity in wave (CPU). Runs on options->threads threads. */
ASD_API asd_status asd_cut_segments(const void *wave, int64_t clips, int64_t samples,
                                    const asd_segment_options *options, float *segments);

/* Crops, by clip and offset, from a flat bank of recordings: how a training batch is made. bank: bank_samples of sample_type.
 * edges: bank_clips + 1; clip c is samples [edges[c], edges[c + 1]) of the bank. clips, offsets: crops each; crop b is the L
 * samples of clip clips[b] that start at its sample offsets[b], 0 <= offsets[b] <= max(0, the clip's samples - L); a clip
 * shorter than L is repeated. means, stds: crops each, used instead of options->mean and std, or both NULL; they must be NULL
 * when per_segment is 1. segments: crops x L float32, (x - mean) / std computed in double. hop_samples is not read; crops may
 * be 0. A value above 3.4e38 becomes infinite. Fails on sizes, if only one of means and stds is given, on a std that is not
 * positive; on the CPU also on a clip, an edge or an offset out of range, and on NaN or infinity in the samples read. On CUDA a
 * crop that is out of range, or whose std is not positive, is filled with NaN; nothing outside the bank is read. Runs on
 * options->threads threads. */
ASD_API asd_status asd_gather_segments(const void *bank, int64_t bank_samples, const int64_t *edges, int64_t bank_clips,
                                       const int64_t *clips, const int64_t *offsets, const double *means,
                                       const double *stds, int64_t crops, const asd_segment_options *options,
                                       float *segments);

/* *log_mel = a new handle, which asd_log_mel_destroy frees. Fails on options outside their range, and on so many bands that
 * one contains no bin. Any thread. */
ASD_API asd_status asd_log_mel_create(const asd_log_mel_options *options, asd_log_mel **log_mel);

/* Frees a handle that no call uses any more; NULL is nothing to do. Cannot fail. Any thread. */
ASD_API void asd_log_mel_destroy(asd_log_mel *log_mel);

/* filters: M x (W / 2 + 1) float32 (capacity >= that), the weight of each bin in each band. Fails if capacity is too
 * small. Any thread. */
ASD_API asd_status asd_log_mel_filters(const asd_log_mel *log_mel, float *filters, int64_t capacity);

/* *frames = F = 1 + samples / hop, for a clip or segment. Fails unless samples > W / 2. Any thread. */
ASD_API asd_status asd_log_mel_frames(const asd_log_mel *log_mel, int64_t samples, int64_t *frames);

/* wave: clips x samples of sample_type, which may also be ASD_FLOAT64. mel: clips x S x M x F float32: the spectrogram of each
 * segment, standardised as in asd_cut_segments, as if it were a recording of its own: frames are centred on every hop of
 * asd_log_mel_options from its first sample on, and its ends are padded. For whole clips set segment_samples to samples.
 * Transformed in double: within 1e-4 dB of exact arithmetic wherever a sum is above the floor and its bins are above 1e-15 of
 * the frame's largest. clips may be 0. Without the logarithm a sum above 3.4e38 is infinite; standardised samples above 1e300
 * may make their sums infinite or NaN. Fails on sizes, on segment_samples <= W / 2, on std, on a device other than the CPU, on
 * NaN or infinity. Runs on options->threads threads. */
ASD_API asd_status asd_log_mel_segments(const asd_log_mel *log_mel, const void *wave, int64_t clips, int64_t samples,
                                        const asd_segment_options *options, float *mel);

/* sos: the Butterworth high-pass filter of the lowest order that takes at most pass_db at pass_hz and at least stop_db at stop_hz, as
 * scipy.signal.buttord and butter design it, and as asd_high_passed_power takes it; room for 6 * ASD_MAX_SECTIONS doubles.
 * *sections: K. Fails unless 0 < stop_hz < pass_hz < sample_rate_hz / 2 and 0 < pass_db < stop_db, and on more than
 * ASD_MAX_SECTIONS sections. Any thread. */
ASD_API asd_status asd_high_pass_sections(double sample_rate_hz, double pass_hz, double stop_hz, double pass_db, double stop_db,
                                          double *sos, int64_t *sections);

/* wave: clips x samples of sample_type. sos: K x 6 (b0 b1 b2 1 a1 a2), always in host memory. power: clips x S x bins, the
 * mean square of the filtered clip within bin [b L / bins, (b + 1) L / bins) of each segment. The whole clip is filtered
 * forwards and backwards, with an odd extension of 3 (2 K + 1 - z) samples, where z is the number of sections of order one, as
 * scipy.signal.sosfiltfilt does. With causal = 1 it is filtered forwards only, without extension, from the steady state of its
 * first sample, as scipy.signal.sosfilt does with zi = sosfilt_zi(sos) * x[0]: a constant offset makes no click at the start.
 * A clip shorter than a segment is repeated first. clips may be 0. A filtered sample above 1e154, whose square does not fit a
 * double, makes its bins infinite or NaN. Fails on sizes, on an unstable filter or one whose gain at frequency zero is not
 * finite, on a clip not longer than the extension, on NaN or infinity (CPU), on a workspace that is too small (CUDA). Runs on
 * options->threads threads, one clip at a time on each. */
ASD_API asd_status asd_high_passed_power(const void *wave, int64_t clips, int64_t samples, const double *sos,
                                         const asd_power_options *options, double *power);

/* *size = how many doubles of device memory asd_high_passed_power needs as options->workspace for the same arguments on CUDA;
 * it does not depend on options->device or on the build. Fails on the same sizes and filters. Any thread. */
ASD_API asd_status asd_high_passed_power_workspace(int64_t clips, int64_t samples, const double *sos,
                                                   const asd_power_options *options, int64_t *size);

/* scores: clips x segments of value_type, weights: clips x segments, means: clips. If all weights of a row
 * are zero they count as equal. clips may be 0. Fails on sizes, on weights that are negative or not finite, on scores that are
 * not finite (CPU; on CUDA such a row gives NaN). Runs on options->threads threads. */
ASD_API asd_status asd_weighted_mean(const void *scores, const double *weights, int64_t clips, int64_t segments,
                                     const asd_mean_options *options, double *means);

/* maps: clips x segments x height x width of value_type, weights: clips x segments x width, means: clips: the mean over height,
 * then the weighted mean over segments and width. A column whose sum exceeds 1.8e308 makes it NaN. Otherwise as
 * asd_weighted_mean. */
ASD_API asd_status asd_weighted_map_mean(const void *maps, const double *weights, int64_t clips, int64_t segments,
                                         int64_t height, int64_t width, const asd_mean_options *options,
                                         double *means);

/* mel: clips x bands x frames of value_type, as asd_log_mel_segments gives them. statistics: count of asd_statistic, each once.
 * pooled: clips x count x bands, in the order of statistics, as asd_features.spectral_statistics gives them. A spectrogram's numbers do
 * not depend on the others. clips may be 0. Fails on sizes, on statistics, on a rank_decay outside 0 to 1, on NaN or infinity. Runs on
 * options->threads threads. */
ASD_API asd_status asd_spectral_statistics(const void *mel, int64_t clips, int64_t bands, int64_t frames, const int32_t *statistics,
                                           int64_t count, const asd_statistics_options *options, double *pooled);

/* *inlier = a new handle of the model in `bytes`, which asd-inlier's save_inlier_model wrote; asd_inlier_destroy frees it. The
 * bytes are copied and need no alignment. Any bytes are safe to pass: ASD_INVALID_MODEL, with the reason, if they are not a
 * whole model of this version. Needs little more memory than size. Any thread. */
ASD_API asd_status asd_inlier_create(const void *bytes, int64_t size, asd_inlier **inlier);

/* The same from a file, which is mapped into memory on POSIX systems and read on others. All handles of a mapped file, in any
 * number of processes, share its memory. Do not change or shorten the file in place before asd_inlier_destroy: the system would
 * end the process with SIGBUS. To replace it by renaming another file over it, as asd-inlier does, is safe; handles keep the
 * model that they opened. ASD_FILE_FAILED, with errno, unless path names a regular file that can be read. Any thread. */
ASD_API asd_status asd_inlier_open(const char *path, asd_inlier **inlier);

/* Frees a handle that no call uses any more; NULL is nothing to do. Cannot fail. Any thread. */
ASD_API void asd_inlier_destroy(asd_inlier *inlier);

/* Fills *description; fields after those that the library knows are left unchanged. Fails on a wrong struct_size. Any thread. */
ASD_API asd_status asd_inlier_describe(const asd_inlier *inlier, asd_inlier_description *description);

/* queries: count x dimensions of value_type. scores: count anomaly scores, higher is more anomalous, equal to those of
 * asd-inlier's anomaly_score to 1e-4. A score does not depend on the other queries. count may be 0. Fails unless dimensions are
 * the model's, on NaN or infinity, and on a query so far out that float32 overflows: a score is always finite. Runs on
 * options->threads threads; the memory that it takes, some vectors of D, N or K values, is freed before it returns. */
ASD_API asd_status asd_inlier_score(const asd_inlier *inlier, const void *queries, int64_t count, int64_t dimensions,
                                    const asd_score_options *options, double *scores);

/* *model = a new handle of the model in `folder`, which asd_model_destroy frees. Safe for any folder: only regular files are read, no
 * link in it is followed, sizes are limited, and what is read must have the lengths and the SHA-256 that the manifest lists. Inlier
 * models are read into memory; networks are only looked for, and read by asd_model_read_network. What is in a network's file is not
 * checked: open a model that anyone may have made in asd-runtime first, which refuses a hostile graph. ASD_FILE_FAILED, with errno,
 * unless folder names a folder that can be opened; ASD_INVALID_MODEL, with the reason, if it is not a whole model of this version.
 * Files that are replaced afterwards change nothing in an open model. Any thread. */
ASD_API asd_status asd_model_open(const char *folder, asd_model **model);

/* Frees a handle that no call and no recording uses any more; NULL is nothing to do. Cannot fail. Any thread. */
ASD_API void asd_model_destroy(asd_model *model);

/* Fills *description; fields after those that the library knows are left unchanged. Fails on a wrong struct_size. Any thread. */
ASD_API asd_status asd_model_describe(const asd_model *model, asd_model_description *description);

/* The same of network 0, 1 ... of the model. */
ASD_API asd_status asd_model_describe_network(const asd_model *model, int64_t network, asd_network_description *description);

/* onnx: the network's ONNX file (capacity >= onnx_bytes), for a library that runs it: input "log_mel", outputs "embedding" and, with a
 * flow, "score_map". The bytes have the hash that the manifest lists, whatever happens to the file; ASD_INVALID_MODEL if it is another
 * file now. Any thread. */
ASD_API asd_status asd_model_read_network(const asd_model *model, int64_t network, void *onnx, int64_t capacity);

/* *recording = a new handle, which asd_recording_destroy frees. wave: samples of sample_type, one channel at the model's rate. Neither
 * the model nor wave is copied: both must stay as they are until then. The network stays the caller's:
 *
 *     for each network and part of the segments:  asd_recording_log_mel, the network, asd_recording_add
 *     then:                                       asd_recording_judge, and asd_recording_stretch for each stretch
 *
 * Segments and verdict are those of `asd score`: of 16-bit samples the spectrograms have the same bits; scores, given the same outputs
 * of the networks, are equal to 1e-9 (to 1e-6 with spectral statistics, whose vectors are rounded to float32 in between).
 * ASD_NO_SOUND if the level is below -90 dB or each segment touches a gap. Fails on samples outside 1 .. 2^31, NaN or infinity. Calls on
 * one recording must come one after another; different recordings may share a model at once. */
ASD_API asd_status asd_recording_create(const asd_model *model, const void *wave, int64_t samples,
                                        const asd_recording_options *options, asd_recording **recording);

/* Frees a handle that no call uses any more; NULL is nothing to do. Cannot fail. Any thread. */
ASD_API void asd_recording_destroy(asd_recording *recording);

/* Fills *description; fields after those that the library knows are left unchanged. Fails on a wrong struct_size. */
ASD_API asd_status asd_recording_describe(const asd_recording *recording, asd_recording_description *description);

/* Where gap 0, 1 ... begins and ends. No segment that touches one counts in a score. */
ASD_API asd_status asd_recording_gap(const asd_recording *recording, int64_t gap, double *start_s, double *end_s);

/* mel: count x M x F float32, the networks' input for segments [first, first + count). A segment's values do not depend on first and
 * count. Fails if the recording has no such segments, and if a standardised sample exceeds the range of float32. */
ASD_API asd_status asd_recording_log_mel(const asd_recording *recording, int64_t first, int64_t count, float *mel);

/* Takes what network `network` gave for some segments, in any order; the arrays are not read afterwards. Each segment needs it, whether
 * it touches a gap or not. Fails on NaN or infinity, on sizes, and where asd_inlier_score does. */
ASD_API asd_status asd_recording_add(asd_recording *recording, int64_t network, const asd_network_output *output);

/* Fills *verdict; fields after those that the library knows are left unchanged. ASD_OUT_OF_ORDER while a segment lacks the output of a
 * network, ASD_INVALID_MODEL if a score is not finite. */
ASD_API asd_status asd_recording_judge(asd_recording *recording, asd_verdict *verdict);

/* Fills *found with stretch 0, 1 ... of the recording, in order. ASD_OUT_OF_ORDER before asd_recording_judge. */
ASD_API asd_status asd_recording_stretch(const asd_recording *recording, int64_t stretch, asd_stretch *found);

/* *stream = a new handle, which asd_stream_destroy frees. A stream takes a recording in blocks. As soon as the last sample of a
 * segment has arrived, it gives the segment's log-mel spectrogram and power; and at any time the mean of the scores that the
 * caller has given back.
 *
 *     for each block:          asd_stream_push until all of it is taken; whenever it says that a segment is due:
 *                              asd_stream_take, then asd_stream_add_score if there is one, and asd_stream_mean at any time
 *     at the end:              asd_stream_finish, and the same if it says that a last segment is due
 *     for the next recording:  asd_stream_reset
 *
 * However the recording is split, the results are the same, to the bit, as those of asd_log_mel_segments, asd_high_passed_power
 * with causal = 1 and asd_weighted_mean on the whole recording. sos: K x 6 as in asd_high_passed_power. As there, frames that
 * two segments share are computed once.
 *
 * Neither log_mel nor sos is read afterwards. All memory is allocated here: 2 L samples, 2 L doubles, what asd_log_mel_create
 * takes, and k spectrograms, where k is how many segments ahead a segment still shares frames. A call on a stream runs on the
 * calling thread. Calls on one stream must come one after another; different streams may be used at once. The filter runs in
 * asd_stream_push, all other work in asd_stream_take. Fails on options outside their range, as the three functions do. */
ASD_API asd_status asd_stream_create(const asd_log_mel_options *log_mel, const double *sos,
                                     const asd_stream_options *options, asd_stream **stream);

/* Frees a handle that no call uses any more; NULL is nothing to do. Cannot fail. Any thread. */
ASD_API void asd_stream_destroy(asd_stream *stream);

/* block: `samples` >= 0 samples of sample_type. Takes them up to the point where a segment is due: *taken says how many, and
 * *due = 1 if a segment is due. Then call asd_stream_take, and push the rest: a block of minutes needs no more memory than a
 * block of one sample. If there is NaN or infinity among the samples that it would take, it fails, names the first and takes
 * none. ASD_OUT_OF_ORDER while a segment is due, and after asd_stream_finish. */
ASD_API asd_status asd_stream_push(asd_stream *stream, const void *block, int64_t samples, int64_t *taken, int32_t *due);

/* Ends the recording. *due = 1 if that makes a last segment due: the one aligned to the end, if a tail is uncovered, or a
 * recording shorter than a segment, which is repeated. ASD_OUT_OF_ORDER while a segment is due, before any sample, and after
 * asd_stream_finish. */
ASD_API asd_status asd_stream_finish(asd_stream *stream, int32_t *due);

/* The segment that is due. mel: M x F float32, F = 1 + L / hop_samples of log_mel. power: bins. *start: its first sample in the
 * recording. *weight: the power of the whole segment, the weight of its score; if bins is 1, power[0]. ASD_OUT_OF_ORDER if none
 * is due. */
ASD_API asd_status asd_stream_take(asd_stream *stream, float *mel, double *power, int64_t *start, double *weight);

/* Sets the score of the segment that was taken last; a segment without a score does not count in the mean. Fails on a score or a
 * weight that is not finite. ASD_OUT_OF_ORDER if that segment already has a score, or none was taken. */
ASD_API asd_status asd_stream_add_score(asd_stream *stream, double score);

/* *mean = the weighted mean of the recording's scores so far. ASD_OUT_OF_ORDER if there is none. */
ASD_API asd_status asd_stream_mean(const asd_stream *stream, double *mean);

/* Forgets the recording; may be called at any time. Fails only on NULL. */
ASD_API asd_status asd_stream_reset(asd_stream *stream);

/* This and the next two functions are for bindings that receive arrays and streams of other libraries; they need not link CUDA
 * themselves. *device = the CUDA device that calls of this thread run on. Fails if ASD_DEVICE_CUDA would be refused. Any
 * thread. */
ASD_API asd_status asd_cuda_device(int32_t *device);

/* *device = the CUDA device that owns the memory, or managed memory, at `pointer`; -1 for other memory. Fails as
 * asd_cuda_device does. Any thread. */
ASD_API asd_status asd_cuda_device_of(const void *pointer, int32_t *device);

/* Work that is queued on the stream `later` after this call waits for the work that is on `earlier` now; the call itself does
 * not wait. Fails as asd_cuda_device does, and when CUDA refuses. Any thread. */
ASD_API asd_status asd_cuda_run_after(void *later, void *earlier);

#ifdef __cplusplus
}
#endif

#endif
