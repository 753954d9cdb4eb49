"""Distances between distributions: of Frechet, and of kernel means."""

from __future__ import annotations

from math import prod
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Bunch, check_random_state

from .._validation import check_count
from ._checks import check_features

_PAIRS_AT_ONCE = 2**20  # of which kernels are held: 8 MiB


def frechet_distance(real: ArrayLike, synthetic: ArrayLike) -> float:
    r"""Squared Frechet distance of two Gaussians with the means and covariances of the rows.

    Known as FID where features are Inception's. For means :math:`\mu` and covariances
    :math:`\Sigma` [1]_ [2]_:

    .. math:: |\mu_r - \mu_s|^2 + \mathrm{tr}\,\Sigma_r + \mathrm{tr}\,\Sigma_s
              - 2\,\mathrm{tr}\,(\Sigma_r \Sigma_s)^{1/2}

    With :math:`\Sigma_r = A A^T` and :math:`\Sigma_s = B B^T` the last trace is the sum of
    the singular values of :math:`A^T B`, which needs no root of a singular matrix: few
    rows of many features are no difficulty.

    Parameters
    ----------
    real, synthetic : array-like of shape (n_real, d) and (n_synthetic, d)
        Features, at least 2 rows of each.

    Returns
    -------
    distance : float
        0 or more, in the squared unit of the features; 0 for equal means and covariances.
        It is biased upwards, the more the fewer the rows: compare only sets of the same
        sizes, in the same features.

    Raises
    ------
    ValueError
        For features that are not two finite arrays of equal width.

    See Also
    --------
    kernel_distance : Without bias, and with a standard error.

    References
    ----------
    .. [1] Dowson, Landau, "The Frechet Distance between Multivariate Normal
       Distributions", Journal of Multivariate Analysis 12, 1982.
    .. [2] Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter, "GANs Trained by a Two
       Time-Scale Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.metrics import frechet_distance
    >>> real = np.random.RandomState(0).normal(size=(50, 3))
    >>> round(frechet_distance(real, real + [2, 0, 0]), 6)  # moved by 2, the same shape
    4.0
    """
    real, synthetic = check_features(real, synthetic)
    shift = real.mean(axis=0) - synthetic.mean(axis=0)
    root_real, root_synthetic = _covariance_root(real), _covariance_root(synthetic)
    overlap = np.linalg.svd(root_real @ root_synthetic.T, compute_uv=False).sum()
    spread = np.sum(root_real**2) + np.sum(root_synthetic**2)
    return max(0.0, float(shift @ shift + spread - 2.0 * overlap))


def _covariance_root(features):
    """R of shape (min(n, d), d) for which R^T R is the covariance."""
    centred = (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
    return centred if len(centred) <= centred.shape[1] else np.linalg.qr(centred, mode="r")


def kernel_distance(
    real: ArrayLike,
    synthetic: ArrayLike,
    *,
    n_subsets: int = 100,
    subset_size: int = 1000,
    degree: int = 3,
    gamma: float | None = None,
    coef0: float = 1.0,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    r"""Squared maximum mean discrepancy with a polynomial kernel, unbiased.

    Known as KID where features are Inception's [1]_. The mean over random subsets of

    .. math:: \frac{1}{m(m-1)} \sum_{i \ne j} k(x_i, x_j)
              + \frac{1}{n(n-1)} \sum_{i \ne j} k(y_i, y_j)
              - \frac{2}{mn} \sum_{i,j} k(x_i, y_j),
              \qquad k(x, y) = (\gamma\, x^T y + c)^p

    (equation 3 of [2]_). A subset holds at most half of the rows: all of them would leave
    nothing to tell the error by.

    Parameters
    ----------
    real, synthetic : array-like of shape (n_real, d) and (n_synthetic, d)
        Features, at least 4 rows of each.

    n_subsets : int, default=100
        How many subsets are drawn, at least 2.

    subset_size : int, default=1000
        The most rows of either array in a subset, at least 2.

    degree : int, default=3
        The exponent :math:`p`, at least 1.

    gamma : float, default=None
        The factor :math:`\gamma`; None is 1 / d.

    coef0 : float, default=1
        The summand :math:`c`.

    random_state : int, RandomState or None, default=None
        Draws the subsets.

    Returns
    -------
    result : Bunch
        ``distance``: about 0 for equal distributions, below it by chance, and larger the
        more they differ. ``standard_error`` of the distance, from the spread over the
        subsets by the rule of the jackknife that leaves out several rows [3]_: where the
        distributions are equal, or one set far smaller, it is too large rather than too
        small.

    Raises
    ------
    ValueError
        For features that are not two finite arrays of equal width, too few rows, or a kernel
        that overflows.

    References
    ----------
    .. [1] Binkowski, Sutherland, Arbel, Gretton, "Demystifying MMD GANs", ICLR 2018.
    .. [2] Gretton, Borgwardt, Rasch, Scholkopf, Smola, "A Kernel Two-Sample Test", Journal
       of Machine Learning Research 13, 2012.
    .. [3] Shao, Wu, "A General Theory for Jackknife Variance Estimation", Annals of
       Statistics 17, 1989.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.metrics import kernel_distance
    >>> rng = np.random.RandomState(0)
    >>> real, alike, other = (rng.normal(mean, size=(200, 4)) for mean in (0, 0, 1))
    >>> result = kernel_distance(real, alike, random_state=0)
    >>> bool(abs(result.distance) < 2 * result.standard_error)
    True
    >>> result = kernel_distance(real, other, random_state=0)
    >>> bool(result.distance > 5 * result.standard_error)
    True
    """
    check_count(n_subsets, "n_subsets", n_min=2)
    check_count(subset_size, "subset_size", n_min=2)
    check_count(degree, "degree", n_min=1)
    # The spread takes the square of powers of scalar products.
    largest = 10.0 ** min(50.0, 70.0 / degree)
    real, synthetic = check_features(real, synthetic, n_min=4, largest=largest)
    _check_gamma(gamma)
    rng = check_random_state(random_state)
    gamma = 1.0 / real.shape[1] if gamma is None else gamma
    n_drawn = [min(len(rows) // 2, subset_size) for rows in (real, synthetic)]

    def kernel(rows, others):
        return prod([gamma * (rows @ others.T) + coef0] * degree)  # powers of NumPy are slow

    drawn = [np.zeros((len(rows), n_subsets), dtype=bool) for rows in (real, synthetic)]
    for subset in range(n_subsets):
        for is_drawn, n in zip(drawn, n_drawn, strict=True):
            is_drawn[rng.permutation(len(is_drawn))[:n], subset] = True
    # Subsets of few rows share their pairs; of very many rows each has pairs of its own.
    is_shared = len(real) ** 2 + len(synthetic) ** 2 <= n_subsets * np.square(n_drawn).sum()
    distances = np.concatenate(
        [
            _squared_mmds(
                _of_any(real, drawn[0][:, subsets]),
                _of_any(synthetic, drawn[1][:, subsets]),
                kernel,
            )
            for subsets in np.split(np.arange(n_subsets), 1 if is_shared else n_subsets)
        ]
    )
    if not np.isfinite(distances).all():
        raise ValueError(
            f"gamma={gamma!r} or coef0={coef0!r} is no finite number, or makes kernels that "
            "overflow: lower it."
        )
    # Halves spread as much as all rows of new samples would; smaller subsets more.
    of_rows = max(
        n / (len(rows) - n) for n, rows in zip(n_drawn, (real, synthetic), strict=True)
    )
    of_draws = 1.0 / n_subsets
    return Bunch(
        distance=float(np.mean(distances)),
        standard_error=float(np.std(distances, ddof=1) * np.sqrt(of_rows + of_draws)),
    )


def _of_any(rows, is_drawn):
    """The rows that any subset holds, and which of them each does: (n, n_subsets)."""
    is_held = is_drawn.any(axis=1)
    return rows[is_held], is_drawn[is_held].astype(np.float64)


def _squared_mmds(real, synthetic, kernel):
    within = _means_over_pairs(real, real, kernel)
    within += _means_over_pairs(synthetic, synthetic, kernel)
    return within - 2.0 * _means_over_pairs(real, synthetic, kernel)


def _means_over_pairs(of_one, of_other, kernel):
    """Mean of each subset, off the diagonal of one set; the kernels, a few rows at a time."""
    (rows, held), (others, others_held) = of_one, of_other
    sums, step = np.zeros(held.shape[1]), max(1, _PAIRS_AT_ONCE // len(others))
    for start in range(0, len(rows), step):
        values = kernel(rows[start : start + step], others)
        if of_one is of_other:
            np.fill_diagonal(values[:, start:], 0.0)
        sums += np.sum(held[start : start + step] * (values @ others_held), axis=0)
    n, n_others = held[:, 0].sum(), others_held[:, 0].sum()
    return sums / (n * (n_others - 1 if of_one is of_other else n_others))


def _check_gamma(gamma):
    if gamma is not None and not (isinstance(gamma, Real) and float(gamma) > 0):
        raise ValueError(f"gamma={gamma!r} must be a number above 0, or None for 1 / d.")
