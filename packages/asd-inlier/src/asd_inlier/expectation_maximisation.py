"""Expectation-maximisation of a Gaussian mixture with full covariances, in float64, from a given assignment of vectors.

The algorithm and the result are scikit-learn's. It is faster because it skips what cannot change the result: components
that are no candidates for a vector (`joint_density`), vectors that have no share in a component, components whose
vectors and shares have not changed since the last step, and the covariance itself if a component has few vectors
(`precision_factors`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from asd_inlier.joint_density import Mixture, log_joint
from asd_inlier.precision_factors import precision_factor

Float64Array = NDArray[np.float64]

# Mean log-likelihood per vector, in nats.
_TOLERANCE = 1e-3
# Added to every component's number of vectors, as scikit-learn does: a component without vectors stays defined.
_LEAST_COUNT = 10 * np.finfo(np.float64).eps
# Of the scores that float32 factors will give; in nats.
_TOLERABLE_ROUNDING = 2e-3


@dataclass(frozen=True)
class Fit:
    """The result of EM."""

    mixture: Mixture  # float64
    converged: bool
    iterations: int


def expectation_maximisation(
    vectors: Float64Array, labels: NDArray[np.integer], *, components: int, regularisation: float, max_iter: int
) -> Fit:
    """Fit from a given start. To be called inside `single_thread`.

    Args:
        vectors: (N, D), centred, with mean variance 1.
        labels: (N,) component of each vector at the start, 0 to K - 1.
        components: K.
        regularisation: added to the diagonal of every covariance.
        max_iter: largest number of steps.

    Raises:
        ValueError: if the regularisation is too small for scores in float32, or for the fit in float64.
    """
    means = np.empty((components, vectors.shape[1]))
    mixture = Mixture(np.empty(components), means, np.empty((*means.shape, means.shape[1])))
    shares = (labels[:, None] == np.arange(components)).astype(np.float64)
    changed = np.ones(components, dtype=bool)
    _maximise(mixture, vectors, shares, changed, regularisation)
    likelihood = -np.inf
    for iteration in range(1, max_iter + 1):
        before = likelihood
        if changed.any():  # otherwise the step would give the same again, to the last bit
            joint = log_joint(vectors, mixture)
            of_vectors = logsumexp(joint, axis=1)
            likelihood = float(np.mean(of_vectors))
            new_shares = np.exp(joint - of_vectors[:, None])
            changed = (new_shares != shares).any(axis=0)
            shares = new_shares
            _maximise(mixture, vectors, shares, changed, regularisation)
        if abs(likelihood - before) < _TOLERANCE:
            return Fit(mixture, True, iteration)
    return Fit(mixture, False, max_iter)


def _maximise(
    mixture: Mixture, vectors: Float64Array, shares: Float64Array, changed: NDArray[np.bool_], regularisation: float
) -> None:
    """Overwrite the weights, and the mean and factor of every component that has changed, from (N, K) shares."""
    counts = shares.sum(axis=0) + _LEAST_COUNT
    mixture.weights[:] = counts / counts.sum()
    for k in np.flatnonzero(changed):
        rows = np.flatnonzero(shares[:, k])
        own, share = vectors[rows], shares[rows, k] / counts[k]
        mixture.means[k] = share @ own
        mixture.factors[k] = _sound_factor(np.sqrt(share)[:, None] * (own - mixture.means[k]), regularisation)


def _sound_factor(deviations: Float64Array, regularisation: float) -> Float64Array:
    """The precision factor, checked to be accurate enough for float32 scores."""
    features = deviations.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            factor = precision_factor(deviations, regularisation)
        except np.linalg.LinAlgError:
            rounding = np.inf
        else:
            # A whitened feature is a sum of products, each rounded to 2^-24 of itself. A vector's squared length is
            # about the trace of its component's covariance, or of that of all vectors, which is D.
            rounding = 2.0**-48 * (np.sum(deviations**2) + features) * np.sum(factor**2)
    if not rounding <= _TOLERABLE_ROUNDING:
        raise ValueError(
            f"regularisation is too small for float32 at {features} dimensions; got {regularisation}. "
            "Use a larger one, such as 1e-2."
        )
    return factor
