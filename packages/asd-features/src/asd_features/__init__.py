"""From wav files to the input of an anomalous sound detector: segments, log-mel spectrograms, power weights.

The torch layer is `asd_features.torch_log_mel.TorchLogMel`; it needs torch.
"""

from asd_features.audio_errors import (
    AudioError,
    ChannelError,
    EmptyAudioError,
    NonFiniteAudioError,
    SampleRateError,
    TruncatedAudioError,
    UnreadableAudioError,
)
from asd_features.audio_file import AudioInfo
from asd_features.log_mel import log_mel, segment_log_mel, takes_window
from asd_features.log_mel_settings import LogMelSettings
from asd_features.mel_filterbank import mel_filterbank
from asd_features.power_weights import HighPassSettings, high_pass_sos, power_weights
from asd_features.recording_measures import RecordingMeasures, measure_recording
from asd_features.segmentation import SegmentSettings, segments
from asd_features.spectral_statistics import Statistic, spectral_statistics
from asd_features.waveform import Waveform, read_waveform
from asd_features.waveform_blocks import waveform_blocks
from asd_features.waveform_statistics import WaveformStatistics, waveform_statistics

__all__ = [
    "AudioError",
    "AudioInfo",
    "ChannelError",
    "EmptyAudioError",
    "HighPassSettings",
    "LogMelSettings",
    "NonFiniteAudioError",
    "RecordingMeasures",
    "SampleRateError",
    "SegmentSettings",
    "Statistic",
    "TruncatedAudioError",
    "UnreadableAudioError",
    "Waveform",
    "WaveformStatistics",
    "high_pass_sos",
    "log_mel",
    "measure_recording",
    "mel_filterbank",
    "power_weights",
    "read_waveform",
    "segment_log_mel",
    "segments",
    "spectral_statistics",
    "takes_window",
    "waveform_blocks",
    "waveform_statistics",
]
