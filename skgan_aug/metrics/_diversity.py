"""How many different rows there are among the synthetic ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Bunch

from ._checks import check_features, median_distance
from ._pairwise import distance_blocks, distances_to_neighbor

_ROUGH = 1e-7  # an error of a squared distance, in squared scales, that would be seen


def diversity(real: ArrayLike, synthetic: ArrayLike) -> Bunch:
    r"""Effective number of different rows: the Vendi score of order 2.

    .. math:: \Big(\frac{1}{m^2} \sum_{i,j} k(x_i, x_j)^2\Big)^{-1},
              \qquad k(x, y) = \exp\Big(-\frac{|x - y|^2}{2\sigma^2}\Big)

    is 1 where all rows are the same, and m where all are far apart [1]_. What counts as far
    is settled by the real rows: :math:`\sigma` is the median distance of one to the nearest
    other. Both sets are scored for the number of rows of the smaller one, so that their
    sizes need not agree.

    Parameters
    ----------
    real, synthetic : array-like of shape (n_real, d) and (n_synthetic, d)
        Features, at least 3 rows of each; the real ones each once.

    Returns
    -------
    result : Bunch
        ``ratio``, above 0: that of synthetic to real rows. About 1 for equal
        distributions, low where a generator makes the same few rows again and again, and
        above 1 where its rows are more scattered than real ones, as noise is: read it
        beside precision.
        ``standard_error`` of the ratio, by the jackknife.
        ``real`` and ``synthetic``: the effective numbers, at least 1.

    Raises
    ------
    ValueError
        For features that are not two finite arrays of equal width, or real rows half of
        which are duplicates.

    References
    ----------
    .. [1] Pasarkar, Dieng, "Cousins of the Vendi Score: A Family of Similarity-Based
       Diversity Metrics for Science and Machine Learning", AISTATS 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.metrics import diversity
    >>> rng = np.random.RandomState(0)
    >>> real, new = rng.normal(size=(2, 100, 5))
    >>> abs(diversity(real, new).ratio - 1) < 0.2
    True
    >>> result = diversity(real, np.repeat(new[:2], 50, axis=0))
    >>> 1.9 < result.synthetic < 2.1
    True
    """
    real, synthetic = check_features(real, synthetic, n_min=3)
    scale = median_distance(distances_to_neighbor(real, 1))
    n = min(len(real), len(synthetic))
    of_real, error_real = _effective_number(real, scale, n)
    of_synthetic, error_synthetic = _effective_number(synthetic, scale, n)
    ratio = of_synthetic / of_real
    return Bunch(
        ratio=ratio,
        standard_error=ratio
        * float(np.hypot(error_real / of_real, error_synthetic / of_synthetic)),
        real=of_real,
        synthetic=of_synthetic,
    )


def _effective_number(rows, scale, n):
    """Effective number expected of ``n`` such rows, and its jackknife standard error."""
    blocks = distance_blocks(rows, decisive=lambda _, error: error > _ROUGH * scale**2)
    likeness = np.concatenate(  # of each row to all others together
        [np.exp(-((block / scale) ** 2)).sum(axis=1) for block in blocks]
    )
    n_rows, total = len(rows), likeness.sum()

    def number(sum_over_pairs, n_pairs):
        return 1.0 / (1.0 / n + (1.0 - 1.0 / n) * sum_over_pairs / n_pairs)

    without_one = number(total - 2.0 * likeness, (n_rows - 1) * (n_rows - 2))
    error = np.sqrt((n_rows - 1) * np.var(without_one))
    return float(number(total, n_rows * (n_rows - 1))), float(error)
