"""Fidelity and variety by balls around rows: precision, recall, density, coverage."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Bunch

from ._checks import check_features
from ._pairwise import distance_blocks, distances_to_neighbor


def precision_recall(real: ArrayLike, synthetic: ArrayLike, *, n_neighbors: int = 3) -> Bunch:
    """Improved precision and recall.

    A row lies on a distribution where it is in a ball around one of its rows that
    reaches as far as that row's ``n_neighbors``-th neighbour. Precision is the share of
    synthetic rows on the real distribution, recall the share of real rows on the synthetic
    one (equations 1 and 2 of [1]_).

    Parameters
    ----------
    real, synthetic : array-like of shape (n_real, d) and (n_synthetic, d)
        Features. Equal rows have one ball, as those around duplicates would shrink to
        nothing; in the shares each row counts.

    n_neighbors : int, default=3
        How far balls reach; fewer than the different rows of either array.

    Returns
    -------
    result : Bunch
        ``precision``, in [0, 1]: low where synthetic rows look like no real one.
        ``recall``, in [0, 1]: low where synthetic rows leave out kinds of real ones. Both
        rise with the number of rows: compare sets of the same sizes.

    Raises
    ------
    ValueError
        For features that are not two finite arrays of equal width, or too few rows.

    See Also
    --------
    density_coverage : Not misled by outliers.

    References
    ----------
    .. [1] Kynkaanniemi, Karras, Laine, Lehtinen, Aila, "Improved Precision and Recall
       Metric for Assessing Generative Models", NeurIPS 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.metrics import precision_recall
    >>> real = np.random.RandomState(0).normal(size=(100, 2))
    >>> result = precision_recall(real, real[real[:, 0] > 0])  # real, but one half is missing
    >>> result.precision, result.recall < 0.8
    (1.0, True)
    """
    real, synthetic = check_features(real, synthetic)
    of_real = _centres(real, "real", n_neighbors)
    of_synthetic = _centres(synthetic, "synthetic", n_neighbors)
    return Bunch(
        precision=_share_inside(synthetic, of_real, n_neighbors),
        recall=_share_inside(real, of_synthetic, n_neighbors),
    )


def _centres(rows, name, n_neighbors):
    """Each different row once: balls around duplicates would shrink to nothing."""
    centres = np.unique(rows, axis=0)
    n_others = len(centres) - 1
    if n_others < 1:
        raise ValueError(
            f"All rows of {name} are equal, so that none has neighbours: pass rows that "
            "differ, or look at the training that made them."
        )
    if not isinstance(n_neighbors, int | np.integer) or not 1 <= n_neighbors <= n_others:
        raise ValueError(
            f"n_neighbors={n_neighbors!r}, but each of the {len(centres)} different rows of "
            f"{name} has {n_others} others: pass an integer from 1 to {n_others}, or more "
            "rows that differ."
        )
    return centres


def _share_inside(rows, centres, n_neighbors):
    """Share of rows in a closed ball around any centre."""
    radii = distances_to_neighbor(centres, n_neighbors)
    n_inside = sum(
        np.count_nonzero((block <= radii).any(axis=1))
        for block in distance_blocks(rows, centres, decisive=_at_edges(radii))
    )
    return float(n_inside / len(rows))


def _at_edges(radii):
    """What is decisive for which balls of these radii, (m,), a row lies in."""
    return lambda squared, error: np.abs(squared - radii**2) <= error


def density_coverage(real: ArrayLike, synthetic: ArrayLike, *, n_neighbors: int = 5) -> Bunch:
    """Density and coverage.

    Balls around real rows reach to their ``n_neighbors``-th nearest real neighbour.
    Density is the mean number of them that a synthetic row lies in, divided by
    ``n_neighbors``; coverage the share of them that hold a synthetic row (equations 5 and 6
    of [1]_). One outlying real row with a large ball lifts precision, but hardly these.

    Parameters
    ----------
    real, synthetic : array-like of shape (n_real, d) and (n_synthetic, d)
        Features. Equal real rows have one ball, as those around duplicates would shrink to
        nothing; of synthetic rows each counts.

    n_neighbors : int, default=5
        How far balls reach; fewer than the different real rows.

    Returns
    -------
    result : Bunch
        ``density``, 0 or more: about 1 for equal distributions, low where synthetic rows
        are unlike real ones, above 1 where they crowd among the most usual ones.
        ``coverage``, in [0, 1]: low where kinds of real rows are left out; for equal
        distributions and as many synthetic as real rows about ``1 - 2 ** -n_neighbors``.

    Raises
    ------
    ValueError
        For features that are not two finite arrays of equal width, or too few rows.

    References
    ----------
    .. [1] Naeem, Oh, Uh, Choi, Yoo, "Reliable Fidelity and Diversity Metrics for
       Generative Models", ICML 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.metrics import density_coverage
    >>> real = np.random.RandomState(0).normal(size=(100, 2))
    >>> result = density_coverage(real, real)
    >>> result.density, result.coverage
    (1.0, 1.0)
    """
    real, synthetic = check_features(real, synthetic)
    centres = _centres(real, "real", n_neighbors)
    radii = distances_to_neighbor(centres, n_neighbors)
    n_inside, is_covered = 0, np.zeros(len(centres), dtype=bool)
    for block in distance_blocks(synthetic, centres, decisive=_at_edges(radii)):
        is_inside = block < radii  # open balls: of its own distribution, a row is in k
        n_inside += int(np.count_nonzero(is_inside))
        is_covered |= is_inside.any(axis=0)
    return Bunch(
        density=float(n_inside / (n_neighbors * len(synthetic))),
        coverage=float(is_covered.mean()),
    )
