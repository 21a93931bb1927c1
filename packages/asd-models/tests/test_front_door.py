"""The package's promise: its names, and nothing heavy at import."""

import subprocess
import sys

import pytest

import asd_models


def test_every_promised_name_is_there() -> None:
    assert dir(asd_models) == sorted(asd_models.__all__)
    assert all(callable(getattr(asd_models, name)) for name in asd_models.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        asd_models.nothing  # noqa: B018


def test_importing_the_package_does_not_import_torch() -> None:
    check = "import sys, asd_models; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
