"""One seed for each random decision, derived from the run's seed and what the decision is for.

A stage that is run again, alone or after a kill, draws the same numbers, because its seed does not depend on what
ran before it.
"""

import hashlib


def derive_seed(*parts: int | str) -> int:
    """A seed in [0, 2**63) from any sequence of numbers and texts; stable across machines and Python versions."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
