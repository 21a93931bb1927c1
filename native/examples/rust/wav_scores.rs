//! wav_scores FILE.wav: cuts a recording (16-bit PCM, mono, 16 kHz) into segments of 5 s every 1.25 s and prints, for each,
//! the loudest cell of its log-mel spectrogram and its share of the power above 4 kHz; then the mean of these levels, plain
//! and weighted by that power. The level stands in for the score that a model would give.

mod asd;

use asd::check;
use std::f64::consts::PI;
use std::ptr::null_mut;

const RATE_HZ: u32 = 16000;
const SEGMENT: i64 = 80000;
const HOP: i64 = 20000;
const SECTIONS: usize = 12;

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte))
}

/// Samples of a wav file; an error for anything but whole 16-bit PCM, mono, at RATE_HZ.
fn read_wav(path: &str) -> Result<Vec<i16>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    if bytes.len() < 12 || &bytes[..4] != b"RIFF" || &bytes[8..12] != b"WAVE" {
        return Err(format!("{path}: is not a wav file"));
    }
    let mut rest = &bytes[12..];
    let mut known = false;
    while rest.len() >= 8 {
        let (name, length) = (&rest[..4], number(&rest[4..8]) as usize);
        let chunk = rest[8..].get(..length).ok_or(format!("{path}: ends within a chunk"))?;
        if name == b"fmt " {
            known = length >= 16
                && number(&chunk[..2]) == 1
                && number(&chunk[2..4]) == 1
                && number(&chunk[4..8]) == RATE_HZ
                && number(&chunk[14..16]) == 16;
            if !known {
                return Err(format!("{path}: is not 16-bit PCM, mono, at 16000 Hz"));
            }
        } else if name == b"data" {
            if !known {
                return Err(format!("{path}: has data before their format"));
            }
            if length == 0 || length % 2 != 0 {
                return Err(format!("{path}: does not hold whole samples"));
            }
            return Ok(chunk.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect());
        }
        rest = rest.get(8 + length + length % 2..).unwrap_or(&[]);
    }
    Err(format!("{path}: has no data"))
}

/// Butterworth high-pass of order 24, 3 dB down at 4 kHz: section k has a pole pair of damping 2 sin(pi (2 k + 1) / 48).
fn high_pass_sections() -> Vec<[f64; 6]> {
    let order = (2 * SECTIONS) as f64;
    let edge = (PI * 4000.0 / f64::from(RATE_HZ)).tan() * (10f64.powf(0.3) - 1.0).powf(0.5 / order);
    let section = |k: usize| {
        let damping = 2.0 * (PI * (2 * k + 1) as f64 / (2.0 * order)).sin() * edge;
        let square = edge * edge;
        let scale = 1.0 / (1.0 + damping + square);
        [scale, -2.0 * scale, scale, 1.0, 2.0 * (square - 1.0) * scale, (1.0 - damping + square) * scale]
    };
    (0..SECTIONS).map(section).collect()
}

fn segment_starts(samples: i64) -> Result<Vec<i64>, String> {
    let mut count = 0;
    check(unsafe { asd::asd_segment_count(samples, SEGMENT, HOP, &mut count) })?;
    let mut starts = vec![0; count as usize];
    check(unsafe { asd::asd_segment_starts(samples, SEGMENT, HOP, starts.as_mut_ptr(), count) })?;
    Ok(starts)
}

/// Segments x bands x frames, and the number of frames.
fn log_mel(wave: &[i16], segments: usize, bands: i64) -> Result<(Vec<f32>, usize), String> {
    let samples = wave.len() as i64;
    let mel_options = asd::LogMelOptions { bands, ..Default::default() };
    let options = asd::SegmentOptions {
        segment_samples: SEGMENT,
        hop_samples: HOP,
        sample_type: asd::INT16,
        ..Default::default()
    };
    let (mut handle, mut frames) = (null_mut(), 0);
    check(unsafe { asd::asd_log_mel_create(&mel_options, &mut handle) })?;
    check(unsafe { asd::asd_log_mel_frames(handle, SEGMENT, &mut frames) })?;
    let mut mel = vec![0f32; segments * (bands * frames) as usize];
    let wave = wave.as_ptr().cast();
    let status = unsafe { asd::asd_log_mel_segments(handle, wave, 1, samples, &options, mel.as_mut_ptr()) };
    unsafe { asd::asd_log_mel_destroy(handle) };
    check(status)?;
    Ok((mel, frames as usize))
}

fn high_passed_power(wave: &[i16], segments: usize) -> Result<Vec<f64>, String> {
    let options = asd::PowerOptions {
        segment_samples: SEGMENT,
        hop_samples: HOP,
        sections: SECTIONS as i64,
        sample_type: asd::INT16,
        ..Default::default()
    };
    let sos = high_pass_sections();
    let (samples, sos) = (wave.len() as i64, sos.as_ptr().cast());
    let mut power = vec![0.0; segments];
    let wave = wave.as_ptr().cast();
    check(unsafe { asd::asd_high_passed_power(wave, 1, samples, sos, &options, power.as_mut_ptr()) })?;
    Ok(power)
}

fn weighted_mean(scores: &[f64], weights: &[f64]) -> Result<f64, String> {
    assert_eq!(scores.len(), weights.len());
    let (segments, options) = (scores.len() as i64, asd::MeanOptions::default());
    let (scores, weights) = (scores.as_ptr().cast(), weights.as_ptr());
    let mut mean = 0.0;
    check(unsafe { asd::asd_weighted_mean(scores, weights, 1, segments, &options, &mut mean) })?;
    Ok(mean)
}

fn print_scores(wave: &[i16]) -> Result<(), String> {
    let bands = 224;
    let starts = segment_starts(wave.len() as i64)?;
    let (mel, frames) = log_mel(wave, starts.len(), bands)?;
    let power = high_passed_power(wave, starts.len())?;
    let total: f64 = power.iter().sum();

    println!("{} segments of {bands} bands x {frames} frames", starts.len());
    println!("start_s  loudest_db  band  frame    weight");
    let mut levels = vec![];
    for (s, cells) in mel.chunks_exact(bands as usize * frames).enumerate() {
        let loudest = (1..cells.len()).fold(0, |best, i| if cells[i] > cells[best] { i } else { best });
        levels.push(f64::from(cells[loudest]));
        let start_s = starts[s] as f64 / f64::from(RATE_HZ);
        let weight = if total > 0.0 { power[s] / total } else { 0.0 };
        let (level, band, frame) = (levels[s], loudest / frames, loudest % frames);
        println!("{start_s:7.2}  {level:10.4}  {band:4}  {frame:5}  {weight:8.6}");
    }
    let equal = vec![0.0; levels.len()]; // weights of zero mean equal weights
    println!("mean {:.4}  weighted {:.4}", weighted_mean(&levels, &equal)?, weighted_mean(&levels, &power)?);
    Ok(())
}

fn run() -> Result<(), String> {
    let path = std::env::args().nth(1).ok_or("usage: wav_scores FILE.wav")?;
    if unsafe { asd::asd_abi_version() } != asd::ABI_VERSION {
        return Err("libasd has another ABI than these declarations".into());
    }
    print_scores(&read_wav(&path)?)
}

fn main() {
    if let Err(error) = run() {
        eprintln!("wav_scores: {error}");
        std::process::exit(1);
    }
}
