"""What nearest neighbours tell: whether two sets differ, and whether one copies the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array, diags_array, vstack
from scipy.stats import mannwhitneyu
from sklearn.utils import Bunch, check_random_state

from .._validation import check_count
from ._checks import check_features, median_distance
from ._pairwise import distance_blocks, distances_to_neighbor, nearest

_PERMUTATIONS_AT_ONCE = 100


def two_sample_test(
    real: ArrayLike,
    synthetic: ArrayLike,
    *,
    n_permutations: int = 1000,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """1-nearest-neighbour classifier two-sample test.

    Each row of both sets together is given the label, real or synthetic, of its nearest
    other row; where several are equally near, each by its part. On equal distributions this
    is right half of the time [1]_.

    Parameters
    ----------
    real, synthetic : array-like of shape (n_real, d) and (n_synthetic, d)
        Features, at least 2 rows of each.

    n_permutations : int, default=1000
        How many permutations of the labels the p-value rests on.

    random_state : int, RandomState or None, default=None
        Draws the permutations.

    Returns
    -------
    result : Bunch
        ``accuracy``, in [0, 1], the mean of the next two, so that sets of different sizes
        are no difficulty: about 0.5 for equal distributions, 1 for sets apart from each
        other, and well *below* 0.5 where synthetic rows copy real ones.
        ``real_accuracy`` and ``synthetic_accuracy``, of the rows of either set: a low first
        and a high second one are the mark of synthetic rows that crowd around few real
        ones [2]_.
        ``p_value``, in (0, 1]: how often labels permuted at random give an accuracy as far
        from its mean, to either side.

    Raises
    ------
    ValueError
        For features that are not two finite arrays of equal width.

    References
    ----------
    .. [1] Lopez-Paz, Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017.
    .. [2] Xu, Huang, Yuan, Guo, Sun, Wu, Weinberger, "An Empirical Study on Evaluation
       Metrics of Generative Adversarial Networks", 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.metrics import two_sample_test
    >>> real = np.random.RandomState(0).normal(size=(50, 3))
    >>> result = two_sample_test(real, real + 100, random_state=0)
    >>> result.accuracy, result.p_value < 0.01
    (1.0, True)
    >>> two_sample_test(real, real, random_state=0).accuracy  # copies
    0.0
    """
    real, synthetic = check_features(real, synthetic)
    check_count(n_permutations, "n_permutations", n_min=1)
    rng = check_random_state(random_state)
    votes = _nearest_neighbor_votes(np.concatenate([real, synthetic]))
    is_real = np.arange(len(real) + len(synthetic)) < len(real)
    accuracies = _accuracies(votes, is_real[:, None])[:, 0]

    at_random = []
    for start in range(0, n_permutations, _PERMUTATIONS_AT_ONCE):
        n = min(_PERMUTATIONS_AT_ONCE, n_permutations - start)
        labels = np.stack([rng.permutation(is_real) for _ in range(n)], axis=1)
        at_random.append(_accuracies(votes, labels).mean(axis=0))
    # Of its own class, a row has one other less.
    expected = (len(is_real) - 2) / (2 * (len(is_real) - 1))
    deviation = abs(accuracies.mean() - expected) - 1e-12  # equal but for rounding is equal
    n_as_far = np.count_nonzero(np.abs(np.concatenate(at_random) - expected) >= deviation)
    return Bunch(
        accuracy=float(accuracies.mean()),
        real_accuracy=float(accuracies[0]),
        synthetic_accuracy=float(accuracies[1]),
        p_value=float((1 + n_as_far) / (1 + n_permutations)),
    )


def _nearest_neighbor_votes(rows):
    """What share of the rows nearest to each is real, as a function of labels (n, ...).

    By different rows, lest each of many equal ones lists all others.
    """
    rows, place, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    place, is_repeated = place.ravel(), counts > 1
    others = vstack(
        [
            csr_array(block == block.min(axis=1, keepdims=True), dtype=float)
            for block in distance_blocks(rows, decisive=nearest(1))
        ]
    )
    # Nothing is nearer to a repeated row than its own, but it gives itself no vote.
    neighbors = diags_array(1.0 * is_repeated) + diags_array(1.0 * ~is_repeated) @ others
    members = csr_array((np.ones(len(place)), (place, np.arange(len(place)))))
    itself = is_repeated[place, None]
    n_nearest = (neighbors @ counts)[place, None] - itself

    def share_real(is_real):
        return ((neighbors @ (members @ is_real))[place] - itself * is_real) / n_nearest

    return share_real


def _accuracies(votes, is_real):
    """Accuracy on real and on synthetic rows, (2, n_labellings), for labels (n, ...)."""
    votes_real = votes(is_real.astype(float))
    right = np.where(is_real, votes_real, 1.0 - votes_real)
    on_real = np.sum(right * is_real, axis=0) / is_real.sum(axis=0)
    on_synthetic = np.sum(right * ~is_real, axis=0) / (~is_real).sum(axis=0)
    return np.stack([on_real, on_synthetic])


def memorization(real: ArrayLike, synthetic: ArrayLike, *, quantile: float = 0.05) -> Bunch:
    """Whether synthetic rows copy real ones.

    Compares how far synthetic rows are from the nearest real row with how far real rows
    are from the nearest other real row, in the manner of [1]_.

    Parameters
    ----------
    real : array-like of shape (n_real, d)
        Features, or flattened images, of the rows that the generator learned from, each
        once.

    synthetic : array-like of shape (n_synthetic, d)
        The same of synthetic rows.

    quantile : float in (0, 1), default=0.05
        The share of real rows that count as copies of another.

    Returns
    -------
    result : Bunch
        ``copied_fraction``, in [0, 1]: the share of synthetic rows as near to a real row as
        the nearest ``quantile`` of real rows are to another. About
        ``quantile + 1.5 / n_real`` where synthetic rows are new ones of the same
        distribution, 1 where all are copies.  Images that are smoother than real ones are
        nearer to all of them, and can count as copies, though ``median_ratio`` stays well
        above 0; copies that are shifted or mirrored are far away, and do not count.
        ``median_ratio``, 0 or more: the median distance of synthetic rows divided by that
        of real rows. 0 for copies, about 1 for new rows of the same distribution, more for
        rows unlike any real one.
        ``p_value``: of a one-sided Mann-Whitney test, small where synthetic rows are
        nearer to real rows than those are to one another. Two real rows that are each
        other's nearest count twice, which makes it somewhat too small.

    Raises
    ------
    ValueError
        For features that are not two finite arrays of equal width, or real rows half of
        which are duplicates.

    References
    ----------
    .. [1] Meehan, Chaudhuri, Dasgupta, "A Non-Parametric Test to Detect Data-Copying in
       Generative Models", AISTATS 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.metrics import memorization
    >>> rng = np.random.RandomState(0)
    >>> real, new = rng.normal(size=(2, 200, 3))
    >>> result = memorization(real, real[:50])
    >>> result.copied_fraction, result.median_ratio
    (1.0, 0.0)
    >>> memorization(real, new).copied_fraction < 0.1
    True
    """
    real, synthetic = check_features(real, synthetic)
    if not 0 < quantile < 1:
        raise ValueError(f"quantile={quantile!r} must lie between 0 and 1.")
    among_real = distances_to_neighbor(real, 1)
    typical = median_distance(among_real)
    to_real = distances_to_neighbor(synthetic, 1, real)
    threshold = np.quantile(among_real, quantile)
    test = mannwhitneyu(to_real, among_real, alternative="less")
    return Bunch(
        copied_fraction=float(np.mean(to_real <= threshold)),
        median_ratio=float(np.median(to_real)) / typical,
        p_value=float(test.pvalue),
    )
