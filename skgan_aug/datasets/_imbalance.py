"""Turning a data set into an imbalanced problem."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from numbers import Integral

import numpy as np
from imblearn.datasets import make_imbalance
from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length, column_or_1d


def make_imbalanced_images(
    X: ArrayLike,
    y: ArrayLike,
    *,
    rare: Hashable | Sequence[Hashable] | np.ndarray,
    rare_count: int,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Make some classes rare by keeping a random part of their images.

    Like :func:`imblearn.datasets.make_imbalance`, for arrays of any number of
    dimensions. The images that stay keep their order.

    Parameters
    ----------
    X : array-like of shape (n, ...)
        Images, or anything with one row per label.

    y : array-like of shape (n,)
        Labels.

    rare : label, or list of labels
        The classes to make rare. The others are kept whole.

    rare_count : int
        How many images each rare class keeps.

    random_state : int, RandomState instance or None, default=None
        Drives the draw.

    Returns
    -------
    X_imbalanced : ndarray of shape (n_kept, ...)
        The images that were kept.

    y_imbalanced : ndarray of shape (n_kept,)
        Their labels.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.datasets import load_digits_images, make_imbalanced_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> X, y = make_imbalanced_images(X, y, rare=[3, 8], rare_count=12, random_state=0)
    >>> np.bincount(y)[[3, 8]]
    array([12, 12])
    """
    for name, values in (("X", X), ("y", y)):
        if np.ma.is_masked(values):
            raise ValueError(f"{name} has masked values: fill them, or leave their rows out.")
    y, X = _check_labels(y), np.asarray(X)
    check_consistent_length(X, y)
    rare = _check_rare(rare, rare_count, y)
    indices = np.arange(len(y)).reshape(-1, 1)
    kept, _ = make_imbalance(
        indices,
        y,
        sampling_strategy={label: int(rare_count) for label in rare},
        random_state=random_state,
    )
    kept = np.sort(kept.ravel())
    return X[kept], y[kept]


def _check_labels(y) -> np.ndarray:
    """Make a column of labels; refuse missing ones, and strings beside others."""
    is_list = isinstance(y, list | tuple)  # of which an array would make strings
    labels = (np.array(y, dtype=object) if is_list else np.asarray(y)).ravel().tolist()
    missing = sum(map(_is_missing, labels))
    if missing:
        raise ValueError(
            f"y has {missing} missing labels (None, NaN or NA): leave their rows out."
        )
    if len({isinstance(label, str) for label in labels}) > 1:
        raise ValueError(
            "y holds strings and other labels: give all of one kind, such as "
            "[str(label) for label in y]."
        )
    return column_or_1d(np.asarray(y))


def _is_missing(label):
    # Of pandas' NA no comparison has a truth value.
    return label is None or type(label).__name__ == "NAType" or label != label


def _check_rare(rare, rare_count, y) -> list:
    """List the rare labels, after checking that `y` can give that many of each."""
    labels, counts = np.unique(y, return_counts=True)
    available = dict(zip(labels.tolist(), counts.tolist(), strict=True))
    # As objects: NumPy would make strings of labels of several kinds.
    rare = np.atleast_1d(np.array(rare, dtype=object)).tolist()
    if not rare:
        raise ValueError(
            "rare names no class. Name at least one, such as "
            f"rare=[{next(iter(available))!r}]."
        )
    if not isinstance(rare_count, Integral) or rare_count < 1:
        raise ValueError(f"rare_count={rare_count!r}: give a positive number of images.")
    for label in rare:
        if label not in available:
            raise ValueError(
                f"rare names class {label!r}, which is not in y. "
                f"The classes are {list(available)}."
            )
        if available[label] < rare_count:
            raise ValueError(
                f"rare_count={rare_count}, but class {label!r} of rare has only "
                f"{available[label]} images. Ask for at most that many."
            )
    return rare
