"""Domain-invariant latents: a few channels follow the parameter that shifts the domain (Fujimura 2023, Secs. 3.1, 4.2).

The flow's prior is N(k v, 1) for these channels, where v is the sample's parameter, and N(0, 1) for the others. So
these channels take up what the sound says about the parameter, and the other channels, which give the score, are free
of it (Dohi et al. 2022).
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

_SMALLEST_SHIFT = 5.0  # standard deviations between the means of neighbouring values; in the paper k = 5 / distance


def category_values(labels: Iterable[str]) -> dict[str, float]:
    """The parameter v of each category: its position among the sorted distinct labels, from 0."""
    return {label: float(number) for number, label in enumerate(sorted(set(labels)))}


class DomainInvariantPrior:
    """Prior means of a flow's latent, given the parameter of each sample.

    `k` is 5 over the smallest distance between distinct values. With only one value nothing can shift: k is then 0, and
    the prior is the standard normal distribution.

    Without `centred`, the distance of the means from 0 depends on where the parameter's scale happens to begin: speeds
    of 28 to 40 give means of 47 to 67, which the flow must learn as an offset before it can learn what differs.

    Args:
        values: the parameter of the training clips, finite; values may repeat.
        channels: channels C of the latent.
        dependent: leading channels whose mean follows the parameter.
        centred: whether v is counted from the mean of `values`; each training clip counts, because this centre makes
            the mean square of the means over the training clips least. Without it the mean is k v, as in the paper.

    Raises:
        ValueError: if values is empty or not finite, or dependent is not within 1 .. channels - 1.
    """

    def __init__(
        self, values: Iterable[float], *, channels: int = 512, dependent: int = 8, centred: bool = False
    ) -> None:
        everything = [float(value) for value in values]
        distinct = torch.tensor(sorted(set(everything)), dtype=torch.float64)
        if len(distinct) == 0 or not torch.isfinite(distinct).all():
            raise ValueError(f"values must be finite and not empty; got {distinct.tolist()}. Number categories first.")
        if not 1 <= dependent < channels:
            raise ValueError(f"dependent must be within 1 and channels - 1 = {channels - 1}; got {dependent}.")
        self.channels = channels
        self.dependent = dependent
        self.k = _SMALLEST_SHIFT / float(distinct.diff().min()) if len(distinct) > 1 else 0.0
        self.centre = math.fsum(everything) / len(everything) if centred else 0.0

    def mean(self, values: Tensor) -> Tensor:
        """Means for `flow_log_likelihood`: the same at every position of the map.

        Args:
            values: (B,) floating point, the parameter v of each sample; for mixed samples see `dominant_values`.

        Returns:
            (B, C, 1, 1): k (v - centre) in the first `dependent` channels, 0 in the others.

        Raises:
            ValueError: if values is not one-dimensional.
            TypeError: if values is not floating point.
        """
        if not values.is_floating_point():
            raise TypeError(f"values must be floating point; got {values.dtype}. Pass values.float().")
        if values.dim() != 1:
            raise ValueError(f"values must be (B,); got shape {tuple(values.shape)}.")
        mean = values.new_zeros(len(values), self.channels, 1, 1)
        mean[:, : self.dependent] = (self.k * (values - self.centre))[:, None, None, None]
        return mean
