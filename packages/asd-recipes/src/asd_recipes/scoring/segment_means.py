"""From scores of segments, or of their time bins, to the score of a clip: the mean, weighted where ends are silent."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asd_features import power_weights
from asd_inlier import clip_scores
from asd_recipes.recipe.settings import Recipe
from asd_recipes.scoring.embedding import Embeddings
from asd_runtime.scoring.segment_means import mean_over_bins, scores_of_bins
from asd_runtime.sound.samples import Samples

if TYPE_CHECKING:
    import asd_native
    from asd_recipes.scoring.inlier_candidates import InlierModel

Float64Array = NDArray[np.float64]


def segment_weights(machine: str, waves: Sequence[Samples], recipe: Recipe, *, bins: int = 1) -> Float64Array | None:
    """Weights of all segments, or of their time bins, clip after clip, for the machines with silent ends (Sec. 3.2).

    None for the other machines, which weigh all alike.
    """
    if machine not in recipe.weighting.machines:
        return None
    weights = [power_weights(wave, recipe.segments, bins=bins, high_pass=recipe.high_pass) for wave in waves]
    return np.concatenate([of_clip.reshape(-1) for of_clip in weights])


def score_clips(
    model: "InlierModel | asd_native.InlierModel", embedded: Embeddings, weights: Float64Array | None
) -> Float64Array:
    """(N,) scores: each clip's (weighted) mean over its segments (Eq. 4)."""
    # In one call for all clips: asd-inlier scores a row to the same bits whatever other rows come with it.
    return clip_scores(model.anomaly_score(embedded.vectors), embedded.counts, weights)


def flow_scores(machine: str, waves: Sequence[Samples], embedded: Embeddings, recipe: Recipe) -> Float64Array:
    """(N,) scores by the flow: the means of its score maps."""
    assert embedded.score_maps is not None, "only a network with a flow is asked for its score"
    return map_scores(machine, waves, embedded.score_maps, embedded.counts, recipe)


def map_scores(
    machine: str,
    waves: Sequence[Samples],
    score_maps: NDArray[np.floating],
    counts: NDArray[np.int64],
    recipe: Recipe,
) -> Float64Array:
    """(N,) scores: mean over frequency, (weighted) mean over the time bins of all segments of a clip (Sec. 3.2).

    Args:
        machine: decides whether bins are weighted.
        waves: the N clips.
        score_maps: (S, H, W) of all segments, clip after clip.
        counts: (N,) segments of each clip.
        recipe: segments and weights.
    """
    of_bins = scores_of_bins(score_maps)
    return mean_over_bins(of_bins, counts, segment_weights(machine, waves, recipe, bins=of_bins.shape[1]))
