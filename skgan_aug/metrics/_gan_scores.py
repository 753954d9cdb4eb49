"""What a classifier learns from synthetic rows, and what it makes of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import recall_score
from sklearn.utils import Bunch

from .._missing import check_unmasked
from ._checks import check_labels


def gan_train_score(
    classifier: BaseEstimator,
    X_real: ArrayLike,
    y_real: ArrayLike,
    X_synthetic: ArrayLike,
    y_synthetic: ArrayLike,
) -> Bunch:
    """Train on synthetic rows, test on real ones: GAN-train.

    Parameters
    ----------
    classifier : estimator
        Any classifier of scikit-learn's kind; it is cloned.

    X_real : array-like of shape (n_real, ...)
        Images or features, as the classifier takes them. Best those that the generator has
        not seen: of those that it has, copies would score well.

    y_real : array-like of shape (n_real,)
        Their labels.

    X_synthetic : array-like of shape (n_synthetic, ...)
        Synthetic rows, and real ones of the classes that have no synthetic ones.

    y_synthetic : array-like of shape (n_synthetic,)
        Their labels, among them all of ``y_real``.

    Returns
    -------
    result : Bunch
        ``score``, the balanced accuracy on real rows, in [0, 1]: low where synthetic rows
        are unlike those of their class, or leave out kinds of them. Compare it with that of
        a classifier trained on as many real rows.
        ``standard_error`` of the score, for other test rows: the binomial one of each
        class, taken at a share of (k + 1) / (n + 2) for k of n rows recognised [2]_, so
        that few rows that are all recognised leave doubt.
        ``recall``, {label: share of its rows that are recognised}.

    Raises
    ------
    ValueError
        For labels that do not fit their rows, or classes without anything to learn from.

    References
    ----------
    .. [1] Shmelkov, Schmid, Alahari, "How good is my GAN?", ECCV 2018.
    .. [2] Laplace, "Memoire sur la probabilite des causes par les evenements", 1774: the
       rule of succession.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skgan_aug.metrics import gan_train_score
    >>> y = np.repeat(["round", "square"], 20)
    >>> X = np.random.RandomState(0).normal(size=(40, 2)) + 9 * (y == "square")[:, None]
    >>> gan_train_score(KNeighborsClassifier(), X, y, X, y).score
    1.0
    >>> swapped = np.roll(y, 20)
    >>> gan_train_score(KNeighborsClassifier(), X, y, X, swapped).score
    0.0
    """
    real, synthetic = _check(X_real, y_real, X_synthetic, y_synthetic)
    return _score(clone(classifier), *synthetic, *real, names=("y_synthetic", "y_real"))


def gan_test_score(
    classifier: BaseEstimator,
    X_real: ArrayLike,
    y_real: ArrayLike,
    X_synthetic: ArrayLike,
    y_synthetic: ArrayLike,
) -> Bunch:
    """Train on real rows, test on synthetic ones: GAN-test.

    Parameters
    ----------
    classifier : estimator
        Any classifier of scikit-learn's kind; it is cloned.

    X_real : array-like of shape (n_real, ...)
        Images or features, as the classifier takes them.

    y_real : array-like of shape (n_real,)
        Their labels, among them all of ``y_synthetic``.

    X_synthetic : array-like of shape (n_synthetic, ...)
        The same of synthetic rows.

    y_synthetic : array-like of shape (n_synthetic,)
        Their labels.

    Returns
    -------
    result : Bunch
        As of :func:`gan_train_score`. ``score`` is the balanced accuracy on synthetic rows:
        low where they are not of the class they are meant for. A high one is not enough:
        copies reach the highest, and noise is given some class, too. Read precision and
        recall beside it.

    Raises
    ------
    ValueError
        For labels that do not fit their rows, or classes without anything to learn from.

    References
    ----------
    .. [1] Shmelkov, Schmid, Alahari, "How good is my GAN?", ECCV 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skgan_aug.metrics import gan_test_score
    >>> y = np.repeat(["round", "square"], 20)
    >>> X = np.random.RandomState(0).normal(size=(40, 2)) + 9 * (y == "square")[:, None]
    >>> result = gan_test_score(KNeighborsClassifier(), X, y, X[:20], y[20:])
    >>> result.recall  # synthetic squares, which are round
    {'square': 0.0}
    """
    real, synthetic = _check(X_real, y_real, X_synthetic, y_synthetic)
    return _score(clone(classifier), *real, *synthetic, names=("y_real", "y_synthetic"))


def standard_error_of_share(share, n):
    """Binomial, at the share that Laplace's rule of succession expects: never 0."""
    expected = (share * n + 1) / (n + 2)
    return np.sqrt(expected * (1 - expected) / n)


def _balanced_recall(y_true, y_predicted):
    """Balanced accuracy, its standard error and the recall of each class in ``y_true``."""
    labels, counts = np.unique(y_true, return_counts=True)
    recall = recall_score(y_true, y_predicted, labels=labels, average=None)
    errors = standard_error_of_share(recall, counts)
    return Bunch(
        score=float(recall.mean()),
        standard_error=float(np.linalg.norm(errors) / len(labels)),
        recall=dict(zip(labels.tolist(), recall.tolist(), strict=True)),
    )


def _score(classifier, X_train, y_train, X_test, y_test, *, names):
    unknown = np.setdiff1d(y_test, y_train).tolist()
    if unknown:
        raise ValueError(
            f"{names[0]} lacks the classes {unknown} of {names[1]}, so that they cannot be "
            "learnt: add rows of them, or leave them out of both."
        )
    return _balanced_recall(y_test, classifier.fit(X_train, y_train).predict(X_test))


def _check(X_real, y_real, X_synthetic, y_synthetic):
    check_unmasked(X_real=X_real, X_synthetic=X_synthetic)
    # Frames stay frames: the classifier may ask for their columns by name.
    X_real, X_synthetic = (
        rows if hasattr(rows, "iloc") else np.asarray(rows) for rows in (X_real, X_synthetic)
    )
    if X_real.shape[1:] != X_synthetic.shape[1:]:
        raise ValueError(
            f"X_synthetic has rows of shape {X_synthetic.shape[1:]}, but X_real of shape "
            f"{X_real.shape[1:]}: they must agree."
        )
    for rows, name in ((X_real, "X_real"), (X_synthetic, "X_synthetic")):
        if not len(rows):
            raise ValueError(f"{name} has no rows: pass some.")
    y_real = check_labels(y_real, X_real, "y_real")
    return (X_real, y_real), (
        X_synthetic,
        check_labels(y_synthetic, X_synthetic, "y_synthetic"),
    )
