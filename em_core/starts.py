"""A start for mixtures of Gaussians that is nearer to the end than rows drawn by chance."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.cluster.vq import kmeans2

from em_core import checks
from em_core.covariances import Kind, of_kind
from em_core.gaussians import GaussianMixture, GaussianParams, check_collapse
from em_core.survey import Survey, as_points

ADVICE = "Leave out columns that are constant or follow from others, or use fewer components."


def kmeans_start(
    x: ArrayLike, k: int, rng: np.random.Generator | int, covariance: Kind = "full"
) -> GaussianParams:
    """The weights and means of k clusters, and for each the covariance within all of them.

    The clusters' seeds are drawn by k-means++ (Arthur and Vassilvitskii 2007), each the likelier
    the farther it is from those before; then each row has the responsibility 1 for the nearest
    centre, and 0 for the others, and the centres move, ten times. Columns are taken in units of
    their standard deviations. A cluster that loses all its rows keeps its place, and counts as one.

    Parameters
    ----------
    x : array_like of shape (n, d)
    k : int
        The number of components.
    rng : numpy.random.Generator or int
        The source of chance, or a seed for one.
    covariance : str, default "full"
        The kind that the covariances are of, as for `GaussianMixture`.

    Returns
    -------
    GaussianParams

    Raises
    ------
    ValueError
        For unusable arguments, or if fewer than k rows of x are different.
    CollapseError
        If in some direction the rows of each cluster are alike.
    """
    rng, kind = checks.chance("k", k, rng), GaussianMixture(covariance).covariance
    points = as_points(x)
    if (different := len(np.unique(points, axis=0))) < k:
        rows = "row" if different == 1 else "rows"
        raise ValueError(f"k: {k} components, but {different} different {rows} in x; use fewer")
    middle, spread = points.mean(axis=0), points.std(axis=0)
    units = np.where(spread > 0, spread, 1.0)
    settings: Any = {"minit": "++", "seed": rng}  # called rng by a newer scipy, which takes both
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that of a cluster without rows
        centres, labels = kmeans2((points - middle) / units, k, **settings)
    means = middle + units * centres
    within = Survey.of(points - means[labels])
    covariances = of_kind(kind, within.scatter / within.n, np.ones(1))
    check_collapse(kind, covariances, Survey.of(points).finest(), lambda j: ADVICE)
    weights = np.maximum(np.bincount(labels, minlength=k), 1)
    return GaussianParams(weights / weights.sum(), means, np.repeat(covariances, k, axis=0))
