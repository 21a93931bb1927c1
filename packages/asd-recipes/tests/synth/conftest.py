"""Loads the plain detectors of fairness.py, which is next to the tests and not part of a package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def fairness() -> ModuleType:
    spec = importlib.util.spec_from_file_location("synth_fairness", Path(__file__).with_name("fairness.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up their module there
    spec.loader.exec_module(module)
    return module
