"""A device that is not available is refused by name before torch uses it."""

import os

import pytest
import torch

from asd_recipes.waveforms.device_choice import Device, DeviceError, choose_device, most_threads, threads_here


def test_more_threads_than_the_machine_can_use_are_refused_before_torch_starts_them() -> None:
    before = torch.get_num_threads()
    with pytest.raises(DeviceError, match=f"threads must be at most {most_threads()} .*; got 100000"):
        choose_device("cpu", "float32", threads=100_000)
    assert torch.get_num_threads() == before


def test_as_many_threads_as_cores_are_allowed_and_eight_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, most in ((1, 8), (8, 8), (96, 96)):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        assert most_threads() == most


def test_a_model_scores_with_the_threads_of_its_training_as_far_as_they_are_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert [threads_here(threads) for threads in (1, 2, 8, 9, 96)] == [1, 2, 8, 8, 8]


def test_a_device_is_described_by_its_hardware_and_precision() -> None:
    device = Device("cpu", "bfloat16", "2 threads")
    assert device.description == "cpu (2 threads), bfloat16"
    assert device.as_json() == {"name": "cpu", "precision": "bfloat16", "description": device.description}
