"""A digest of the code that decides a result: whoever changes the code must not get results of the old one.

Versions do not tell: in a checkout they stay the same while the code changes.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

TRAINING_CODE = ("asd_native", "asd_features", "asd_models", "asd_eval", "asd_inlier",
                 *(f"asd_recipes.{room}" for room in ("dataset", "recipe", "waveforms", "training", "baseline")),
                 "asd_recipes.reproduction.job_stages", "asd_runtime.sound")  # fmt: skip
"""What trains; asd_eval measures what a network has learnt after an epoch, asd_inlier whitens what a flow sees."""
SCORING_CODE = (*TRAINING_CODE, "asd_recipes.scoring", "asd_runtime.scoring")
"""What fits and scores."""


def remember_code() -> str:
    """Takes the digests of the code as it is now, for the rest of this process; returns that of all of it.

    To be called early: the code that runs is the one that was there when the process began.
    """
    code_digest(TRAINING_CODE)
    return code_digest(SCORING_CODE)


@cache
def code_digest(modules: tuple[str, ...]) -> str:
    """Hexadecimal SHA-256 of the files of packages and modules, compiled ones too."""
    digest = hashlib.sha256()
    for module in modules:
        for path in _files(module):
            digest.update(f"{module}\0{path.name}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(module: str) -> Iterator[Path]:
    spec = find_spec(module)
    assert spec is not None, f"{module} is not installed"
    for folder in spec.submodule_search_locations or []:
        yield from sorted(path for suffix in ("py", "so") for path in Path(folder).rglob(f"*.{suffix}"))
    if not spec.submodule_search_locations:
        assert spec.origin is not None
        yield Path(spec.origin)
