"""Random numbers keyed by their purpose, so that none depends on what was drawn before.

A stage that is run again, alone or after a kill, draws the same numbers. So does a synthetic clip, in whatever order
the clips are made. There are two kinds: a seed from SHA-256 for runs, and a generator from BLAKE2b for the synthetic
data. Using one for both would change every stored table or every stored clip.
"""

import hashlib

import numpy as np

SYNTHETIC_STREAM = "asd-synth-1"
"""Part of every key of the synthetic data: another text gives another data set with the same seed."""


def derive_seed(*parts: int | str) -> int:
    """A seed in [0, 2**63) for a decision of a run; the same on every machine and version of Python."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def keyed_generator(*parts: int | str) -> np.random.Generator:
    """A generator for one thing in the synthetic data (128 bits of BLAKE2b, through SeedSequence).

    The same parts give the same numbers with the same version of NumPy. For its distributions NumPy promises no more.
    """
    text = "\x1f".join((SYNTHETIC_STREAM, *map(str, parts)))
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    words = np.frombuffer(digest, dtype="<u4").astype(np.uint32)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words.tolist())))
