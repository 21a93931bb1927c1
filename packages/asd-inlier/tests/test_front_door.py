"""The package's promise: its names, and nothing heavy at import."""

import subprocess
import sys

import pytest

import asd_inlier


def test_every_promised_name_is_there() -> None:
    assert dir(asd_inlier) == sorted(asd_inlier.__all__)
    assert all(callable(getattr(asd_inlier, name)) for name in asd_inlier.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        asd_inlier.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import asd_inlier", "sklearn scipy faiss numpy safetensors torch"),
        ("from asd_inlier import clip_scores, pseudo_target_segments", "sklearn scipy faiss torch"),
        ("from asd_inlier import MahalanobisKNN, GaussianMixtureInlier", "faiss torch"),
    ],
)
def test_a_name_loads_only_what_it_needs(statement: str, absent: str) -> None:
    check = (
        f"import sys; {statement}; found = set({absent.split()}) & set(sys.modules); sys.exit(' '.join(found) or None)"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
