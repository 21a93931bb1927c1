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
 *     handle as const only read it. A stream is the exception: see asd_stream.
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
    ASD_OUT_OF_ORDER = 8   /* a call on a stream that needs another call first; the stream is unchanged */
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
