"""Where the classes lie: a map of them, and how wide the gaps between neighbours are."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist
from sklearn.manifold import TSNE
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import Bunch

from ._checks import check_features, check_labels

_MOST_PRODUCTS = 5000  # rows whose scalar products are held: 200 MB; libsvm's own take longer


def tsne_map(
    real: ArrayLike,
    synthetic: ArrayLike,
    *,
    perplexity: float = 30.0,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Lay real and synthetic rows out in the plane by t-SNE, as Zhu et al. [1]_ look at them.

    Parameters
    ----------
    real, synthetic : array-like of shape (n_real, d) and (n_synthetic, d)
        Features of all classes.

    perplexity : float, default=30
        About how many neighbours of a row are kept near; a third of the other rows at most.

    random_state : int, RandomState or None, default=None
        Of the optimisation.

    Returns
    -------
    result : Bunch
        ``real`` and ``synthetic``: float ndarray of shape (n_real, 2) and (n_synthetic, 2),
        places in one plane. Synthetic rows should fill the region of their class; an island
        of their own shows that they can be told apart. Distances between far groups mean
        nothing. Where all rows are equal, all lie on one spot.

    Raises
    ------
    ValueError
        For features that are not two finite arrays of equal width, of 2 at least.

    References
    ----------
    .. [1] Zhu, Liu, Qin, Li, "Data Augmentation in Emotion Classification Using Generative
       Adversarial Networks", PAKDD 2018.
    .. [2] van der Maaten, Hinton, "Visualizing Data using t-SNE", Journal of Machine
       Learning Research 9, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.metrics import tsne_map
    >>> real, synthetic = np.random.RandomState(0).normal(size=(2, 30, 5))
    >>> tsne_map(real, synthetic[:10], random_state=0).synthetic.shape
    (10, 2)
    """
    real, synthetic = check_features(real, synthetic)
    rows = np.concatenate([real, synthetic])
    if rows.shape[1] < 2:
        raise ValueError(
            "real and synthetic have one feature, which no map in the plane is made of: pass "
            "two or more."
        )
    places = lay_out(rows, perplexity=perplexity, random_state=random_state)
    return Bunch(real=places[: len(real)], synthetic=places[len(real) :])


def lay_out(rows, *, perplexity=30.0, random_state=None):
    """Places of finite rows of any scale in the plane, by t-SNE: float of shape (n, 2).

    scikit-learn's ends the whole process where rows do not differ, or by so little that
    nothing is left of it when squared: equal rows get one spot, others a scale of 1.
    """
    rows = np.asarray(rows, dtype=np.float64)
    rows = rows / (np.abs(rows).max() or 1.0)  # no difference overflows
    rows -= rows[0]  # rather than the mean, from which equal rows differ by rounding
    largest = np.abs(rows).max()
    if largest == 0:
        return np.zeros((len(rows), 2))
    perplexity = min(perplexity, (len(rows) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=random_state)
    return tsne.fit_transform(rows / largest)


def class_margins(
    real: ArrayLike,
    y_real: ArrayLike,
    synthetic: ArrayLike,
    y_synthetic: ArrayLike,
    *,
    C: float = 1.0,
) -> Bunch:
    """Margin between neighbouring classes before and after augmentation.

    Zhu et al. [1]_ hold that synthetic rows complete a class so that better margins to its
    neighbours are found. Here the margin is that of a linear support vector machine between
    the two classes, :math:`2 / |w|` [2]_, in features scaled to unit variance over the real
    rows. Both classes weigh the same, and as much before as after: copying all rows of a
    class equally often changes nothing, copying some of them more often than others does.

    More rows move the margin, whatever they are: new real rows of the class as well, to
    either side, and among many features by half and more. What synthetic rows do is the
    difference from that: hold ``after`` against that of as many real rows which ``real``
    lacks, or of another sampler that adds as many.

    The time grows with the square of the number of rows: of many thousands, pass some.

    Parameters
    ----------
    real : array-like of shape (n_real, d)
        Features of real rows, of at least two classes.

    y_real : array-like of shape (n_real,)
        Their labels.

    synthetic : array-like of shape (n_synthetic, d)
        Features of the rows that augmentation adds.

    y_synthetic : array-like of shape (n_synthetic,)
        Their labels, each a class of ``y_real``.

    C : float, default=1
        What a real row on the wrong side of its margin costs, on average. The larger, the
        more the margin is that of the rows nearest to the other class, and the longer it
        takes where classes overlap.

    Returns
    -------
    result : Bunch
        An entry for each class that has synthetic rows: ``label``; ``neighbor``, the class
        whose mean is nearest to its own in real rows; float ndarrays ``before`` and
        ``after``, the margins, above 0, infinite where no plane tells the classes apart.
        Where ``after`` is smaller than with as many new real rows, synthetic rows reach
        towards the neighbour. That may complete the class or lead it astray; GAN-test
        tells which.

    Raises
    ------
    ValueError
        For features that are not two finite arrays of equal width, labels that do not fit
        them, or a ``C`` that is not above 0 and finite.

    References
    ----------
    .. [1] Zhu, Liu, Qin, Li, "Data Augmentation in Emotion Classification Using Generative
       Adversarial Networks", PAKDD 2018.
    .. [2] Cortes, Vapnik, "Support-Vector Networks", Machine Learning 20, 1995.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.metrics import class_margins
    >>> real, y_real = np.array([[-1.0], [-1.0], [1.0], [1.0]]), [0, 0, 1, 1]
    >>> result = class_margins(real, y_real, [[0.0], [0.0]], [1, 1], C=1e6)
    >>> result.neighbor, result.before.round(3), result.after.round(3)
    ([0], array([2.]), array([1.]))
    """
    real, synthetic = check_features(real, synthetic, n_min=1)
    y_real = check_labels(y_real, real, "y_real")
    y_synthetic = check_labels(y_synthetic, synthetic, "y_synthetic")
    if not 0 < C < np.inf:
        raise ValueError(f"C={C!r} must be above 0 and finite.")
    classes, labels = np.unique(y_real).tolist(), np.unique(y_synthetic).tolist()
    if len(classes) < 2:
        raise ValueError(f"y_real has one class, {classes}: margins need at least 2 classes.")
    unknown = np.setdiff1d(labels, classes).tolist()
    if unknown:
        raise ValueError(f"y_synthetic has the classes {unknown}, which y_real lacks.")
    return margins_of_parts([(real, y_real, synthetic, y_synthetic)], C=C)


def margins_of_parts(parts, *, C=1.0):
    """Means of margins over several parts, each in features of its own.

    All parts measure the margin to the same neighbour: the class that is nearest on average.

    Parameters
    ----------
    parts : list of tuple (real, y_real, synthetic, y_synthetic)
        Arguments of :func:`class_margins`, ndarrays. The labels of the synthetic rows are
        the same in all.

    C : float, default=1
        As of :func:`class_margins`.

    Returns
    -------
    result : Bunch
        As of :func:`class_margins`. A class has neighbour None and margins NaN where a part
        has no real rows of it, or of no other.
    """
    classes = reduce(np.intersect1d, [np.unique(y) for _, y, _, _ in parts]).tolist()
    parts = [_scaled(*part) for part in parts]
    distances = sum(_distances_of_means(real, y_real, classes) for real, y_real, *_ in parts)
    neighbors = {}
    if len(classes) > 1:
        neighbors = {
            label: classes[row.argmin()] for label, row in zip(classes, distances, strict=True)
        }
    labels = np.unique(parts[0][3]).tolist()
    margins = [
        [_margins(part, label, neighbors.get(label), C) for label in labels] for part in parts
    ]
    before, after = np.mean(margins, axis=0).T
    return Bunch(
        label=labels,
        neighbor=[neighbors.get(label) for label in labels],
        before=before,
        after=after,
    )


def _scaled(real, y_real, synthetic, y_synthetic):
    scaler = StandardScaler().fit(real.astype(np.float64))
    return scaler.transform(real), y_real, scaler.transform(synthetic), y_synthetic


def _distances_of_means(rows, y, classes):
    """Of each class to each other one, (n_classes, n_classes); infinite to itself."""
    means = np.array([rows[y == label].mean(axis=0) for label in classes])
    distances = cdist(means, means)
    np.fill_diagonal(distances, np.inf)
    return distances


def _margins(part, label, neighbor, C):
    """Between two classes, before and after augmentation."""
    if neighbor is None:
        return np.nan, np.nan
    real, y_real, synthetic, y_synthetic = part
    own, added = (np.isin(y, [label, neighbor]) for y in (y_real, y_synthetic))
    rows, y, cost = real[own], y_real[own], C * np.count_nonzero(own)
    all_rows, all_y = np.r_[rows, synthetic[added]], np.r_[y, y_synthetic[added]]
    return _margin(rows, y, cost), _margin(all_rows, all_y, cost)


def _margin(rows, y, cost):
    """Margin between two classes; ``cost`` is shared out among all rows."""
    by_products = len(rows) <= _MOST_PRODUCTS
    svm = SVC(
        kernel="precomputed" if by_products else "linear",
        C=cost / len(rows),
        class_weight="balanced",
        random_state=0,  # nothing is drawn, but without it NumPy's global generator advances
    ).fit(rows @ rows.T if by_products else rows, y)
    norm = float(np.linalg.norm(svm.dual_coef_ @ rows[svm.support_]))
    return 2.0 / norm if norm else np.inf
