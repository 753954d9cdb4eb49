"""The Bunch that every loader returns."""

import math

from sklearn.utils import Bunch


def make_bunch(
    X,
    y,
    target_names,
    descr,
    *,
    test=None,
    validation=None,
    groups=None,
    return_X_y=False,
    **extras,
):
    """Collect arrays under scikit-learn's names.

    Parameters
    ----------
    X : ndarray of shape (n, H, W), (n, H, W, C) or (n, d)
        Images, or rows that are no images.

    y : ndarray of shape (n,)
        Labels.

    target_names : ndarray of str
        Name of each class, in the order of the sorted labels.

    descr : str
        What the data are.

    test, validation : tuple (X, y), default=None
        The other splits, when the data come with them.

    groups : ndarray of shape (n,), default=None
        Who or what each image shows, when the data tell: for a split by groups.

    return_X_y : bool, default=False
        Return the training part ``(X, y)`` instead of the Bunch.

    **extras
        Further entries of the Bunch.

    Returns
    -------
    data : Bunch, or tuple (X, y)
    """
    if return_X_y:
        return X, y
    bunch = Bunch(data=_rows(X), target=y, target_names=target_names, DESCR=descr, **extras)
    if X.ndim > 2:
        bunch.images = X
    if groups is not None:
        bunch.groups = groups
    for name, split in (("test", test), ("validation", validation)):
        if split is not None:
            bunch[f"{name}_data"], bunch[f"{name}_target"] = _rows(split[0]), split[1]
            if split[0].ndim > 2:
                bunch[f"{name}_images"] = split[0]
    return bunch


def _rows(X):
    return X.reshape(len(X), math.prod(X.shape[1:]))  # of no rows, -1 tells nothing
