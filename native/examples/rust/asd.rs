//! What `wav_scores` uses of asd.h, declared by hand: values of the `*_INIT` macros as `Default`, statuses as `Result`.

use std::ffi::{c_char, c_void, CStr};
use std::mem::size_of;
use std::ptr::null_mut;

pub const ABI_VERSION: i32 = 1;
pub const INT16: i32 = 1;
pub const FLOAT32: i32 = 2;
pub const FLOAT64: i32 = 3;

#[repr(C)]
pub struct SegmentOptions {
    pub struct_size: i64,
    pub segment_samples: i64,
    pub hop_samples: i64,
    pub mean: f64,
    pub std: f64,
    pub per_segment: i32,
    pub sample_type: i32,
    pub device: i32,
    pub threads: i32,
    pub stream: *mut c_void,
}

impl Default for SegmentOptions {
    fn default() -> Self {
        SegmentOptions {
            struct_size: size_of::<Self>() as i64,
            segment_samples: 0,
            hop_samples: 0,
            mean: 0.0,
            std: 1.0,
            per_segment: 0,
            sample_type: FLOAT32,
            device: 0,
            threads: 1,
            stream: null_mut(),
        }
    }
}

#[repr(C)]
pub struct LogMelOptions {
    pub struct_size: i64,
    pub sample_rate_hz: f64,
    pub window_samples: i64,
    pub hop_samples: i64,
    pub bands: i64,
    pub low_hz: f64,
    pub high_hz: f64,
    pub floor: f64,
    pub mel_scale: i32,
    pub area_norm: i32,
    pub power: i32,
    pub normalise_window: i32,
    pub log: i32,
    pub padding: i32,
}

impl Default for LogMelOptions {
    fn default() -> Self {
        LogMelOptions {
            struct_size: size_of::<Self>() as i64,
            sample_rate_hz: 16000.0,
            window_samples: 2048,
            hop_samples: 256,
            bands: 224,
            low_hz: 50.0,
            high_hz: 7800.0,
            floor: 1.1920928955078125e-07,
            mel_scale: 1,
            area_norm: 0,
            power: 1,
            normalise_window: 1,
            log: 1,
            padding: 1,
        }
    }
}

#[repr(C)]
pub struct PowerOptions {
    pub struct_size: i64,
    pub segment_samples: i64,
    pub hop_samples: i64,
    pub bins: i64,
    pub sections: i64,
    pub sample_type: i32,
    pub device: i32,
    pub threads: i32,
    pub causal: i32,
    pub stream: *mut c_void,
    pub workspace: *mut f64,
    pub workspace_size: i64,
}

impl Default for PowerOptions {
    fn default() -> Self {
        PowerOptions {
            struct_size: size_of::<Self>() as i64,
            segment_samples: 0,
            hop_samples: 0,
            bins: 1,
            sections: 0,
            sample_type: FLOAT32,
            device: 0,
            threads: 1,
            causal: 0,
            stream: null_mut(),
            workspace: null_mut(),
            workspace_size: 0,
        }
    }
}

#[repr(C)]
pub struct MeanOptions {
    pub struct_size: i64,
    pub value_type: i32,
    pub device: i32,
    pub threads: i32,
    pub reserved: i32,
    pub stream: *mut c_void,
}

impl Default for MeanOptions {
    fn default() -> Self {
        MeanOptions {
            struct_size: size_of::<Self>() as i64,
            value_type: FLOAT64,
            device: 0,
            threads: 1,
            reserved: 0,
            stream: null_mut(),
        }
    }
}

// The sizes that docs/embedding.md gives.
const _: () = assert!(size_of::<SegmentOptions>() == 64 && size_of::<LogMelOptions>() == 88);
const _: () = assert!(size_of::<PowerOptions>() == 80 && size_of::<MeanOptions>() == 32);

/// A handle of `asd_log_mel_create`.
#[repr(C)]
pub struct LogMel {
    _opaque: [u8; 0],
}

#[link(name = "asd")]
extern "C" {
    pub fn asd_abi_version() -> i32;
    fn asd_last_error() -> *const c_char;
    pub fn asd_segment_count(samples: i64, segment_samples: i64, hop_samples: i64, count: *mut i64) -> i32;
    pub fn asd_segment_starts(
        samples: i64,
        segment_samples: i64,
        hop_samples: i64,
        starts: *mut i64,
        capacity: i64,
    ) -> i32;
    pub fn asd_log_mel_create(options: *const LogMelOptions, log_mel: *mut *mut LogMel) -> i32;
    pub fn asd_log_mel_destroy(log_mel: *mut LogMel);
    pub fn asd_log_mel_frames(log_mel: *const LogMel, samples: i64, frames: *mut i64) -> i32;
    pub fn asd_log_mel_segments(
        log_mel: *const LogMel,
        wave: *const c_void,
        clips: i64,
        samples: i64,
        options: *const SegmentOptions,
        mel: *mut f32,
    ) -> i32;
    pub fn asd_high_passed_power(
        wave: *const c_void,
        clips: i64,
        samples: i64,
        sos: *const f64,
        options: *const PowerOptions,
        power: *mut f64,
    ) -> i32;
    pub fn asd_weighted_mean(
        scores: *const c_void,
        weights: *const f64,
        clips: i64,
        segments: i64,
        options: *const MeanOptions,
        means: *mut f64,
    ) -> i32;
}

/// The message of the library for any status but 0. To be called on the thread whose call failed.
pub fn check(status: i32) -> Result<(), String> {
    if status == 0 {
        return Ok(());
    }
    // SAFETY: a string that lives until the next failure on this thread; it is copied at once.
    Err(unsafe { CStr::from_ptr(asd_last_error()) }.to_string_lossy().into_owned())
}
