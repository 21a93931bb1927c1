"""The samples of a recording, as its file holds them: 16-bit ones stay as they are."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16] | NDArray[np.float32]
"""(T,)"""
