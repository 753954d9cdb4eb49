"""What both estimators accept as X."""

import numpy as np
from sklearn.utils.validation import validate_data


def check_images(estimator, X, y="no_validation", *, reset, spec=None):
    """Validate images, flattened images or vectors.

    Parameters
    ----------
    estimator : estimator
        Gets ``n_features_in_`` and ``feature_names_in_`` when ``reset``.

    X : array-like of shape (n, d), (n, H, W) or (n, H, W, C)
        Numbers, finite. Frames with sparse columns are made dense.

    y : array-like of shape (n,), optional
        Labels, validated along with X.

    reset : bool
        Whether this is the first X, or must agree with it.

    spec : ImageSpec, default=None
        What the first X was, which this one must agree with.

    Returns
    -------
    X : ndarray of the same shape and a numeric dtype
        And y, if it was given.

    Raises
    ------
    ValueError, TypeError
        Naming what is wrong with X and the remedy.
    """
    X = _as_numbers(_densify(X))
    if spec is not None:
        rows = X if hasattr(X, "ndim") else np.asarray(X)
        if rows.ndim > 2:  # scikit-learn would take the height for a number of features
            spec.check_rows(rows)
    checked = validate_data(estimator, X, y, reset=reset, allow_nd=True, dtype="numeric")
    if spec is not None:
        spec.check_rows(checked[0] if isinstance(checked, tuple) else checked)
    return checked


def _densify(X):
    """A frame without sparse columns; anything else as it is."""
    if any(hasattr(dtype, "fill_value") for dtype in getattr(X, "dtypes", ())):
        return X.astype({name: getattr(t, "subtype", t) for name, t in X.dtypes.items()})
    return X


def _as_numbers(X):
    """``X`` with object arrays converted to float64."""
    if not (isinstance(X, np.ndarray) and X.dtype == object):
        return X
    try:
        return X.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"X has dtype object and cannot be converted to numbers: {error}. Images must "
            "share one size and be stacked to one array of shape (n, H, W[, C]), as "
            "skgan_aug.datasets.load_image_folder(path, size=...) does."
        ) from error
