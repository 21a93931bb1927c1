"""Likelihood, loss and anomaly score of the normalizing flow (Fujimura 2023, Eqs. 6 and 7; Secs. 3 and 3.1)."""

import math

import torch
from torch import Tensor

from asd_models.fast_flow import FlowOutput


def flow_log_likelihood(output: FlowOutput, prior_mean: Tensor | None = None) -> Tensor:
    """log p_X of each map: log p_Z of its latent, summed over all C x H x W, plus the log-determinant (Eq. 7).

    Args:
        output: what `FastFlow.forward` returns.
        prior_mean: mean of p_Z, broadcast to the latent, for example from `DomainInvariantPrior.mean`; None means 0.
            The variance is 1.

    Returns:
        (B,) in nats.
    """
    latent, log_determinant = output
    deviation = latent if prior_mean is None else latent - prior_mean
    dimensions = math.prod(latent.shape[1:])
    log_prior = -0.5 * (deviation.square().sum((1, 2, 3)) + dimensions * math.log(2 * math.pi))
    return log_prior + log_determinant


def flow_loss(output: FlowOutput, prior_mean: Tensor | None = None) -> Tensor:
    """L_Flow: the negative log-likelihood, summed over dimensions and averaged over samples (Eq. 6).

    Args:
        output: for the samples without a pseudo-anomalous part (`flow_rows`).
        prior_mean: as for `flow_log_likelihood`.

    Returns:
        Scalar; 0, with a graph, if there are no samples, so that such a batch needs no special case.
    """
    return (-flow_log_likelihood(output, prior_mean)).sum() / max(1, len(output.latent))


def flow_score_map(latent: Tensor, log_determinant: Tensor | None = None, *, dependent: int = 0) -> Tensor:
    """Anomaly score of each position: -log p_Z of its invariant channels, up to a constant (Sec. 3.1).

    The paper leaves the log-determinant out, and so scores by p_Z; with it the score is by p_X.

    Args:
        latent: (B, C, H, W).
        log_determinant: (B, H, W) as of `FastFlow.by_position`, which is subtracted; None leaves it out.
        dependent: number of leading channels to leave out, which follow the domain's parameter; 0 without domain
            invariance.

    Returns:
        (B, H, W): half the sum of squares over the channels from `dependent` on, less the log-determinant.

    Raises:
        ValueError: if dependent is negative or leaves no channel.
    """
    if not 0 <= dependent < latent.shape[1]:
        raise ValueError(f"dependent must be within 0 and {latent.shape[1] - 1}; got {dependent}.")
    invariant = latent[:, dependent:]
    score = 0.5 * invariant.to(torch.promote_types(latent.dtype, torch.float32)).square().sum(1)
    return score if log_determinant is None else score - log_determinant
