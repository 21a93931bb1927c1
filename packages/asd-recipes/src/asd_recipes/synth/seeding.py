"""Random generators keyed by what they are for, so that no clip depends on the order in which clips are made."""

from __future__ import annotations

import hashlib

import numpy as np

STREAM = "asd-synth-1"  # part of every key: raising it gives a new data set for the same seed


def keyed_generator(*parts: str | int) -> np.random.Generator:
    """A generator that depends on the parts alone (BLAKE2b of their text, 128 bits, through SeedSequence).

    The same parts give the same numbers on one version of NumPy; NumPy promises no more than that for its
    distributions.
    """
    text = "\x1f".join((STREAM, *map(str, parts)))
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    words = np.frombuffer(digest, dtype="<u4").astype(np.uint32)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words.tolist())))
