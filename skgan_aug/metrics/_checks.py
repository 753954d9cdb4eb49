"""What every metric asks of its arrays."""

from __future__ import annotations

import numpy as np

from .._missing import check_unmasked

_LARGEST = 1e50  # fourth powers do not overflow


def check_features(
    real, synthetic, *, n_min=2, largest=_LARGEST
) -> tuple[np.ndarray, np.ndarray]:
    """Validate two arrays of features.

    Parameters
    ----------
    real, synthetic : array-like of shape (n_real, d) and (n_synthetic, d)
        Finite numbers.

    n_min : int, default=2
        The fewest rows that either needs.

    largest : float, default=1e50
        The largest number, of either sign, whose powers do not overflow.

    Returns
    -------
    real, synthetic : float64 ndarray of the same shapes

    Raises
    ------
    ValueError
        Naming which array, what is wrong with it and the remedy.
    """
    real = _check_array(real, "real", n_min, largest)
    synthetic = _check_array(synthetic, "synthetic", n_min, largest)
    if real.shape[1] != synthetic.shape[1]:
        raise ValueError(
            f"synthetic has {synthetic.shape[1]} features, but real has {real.shape[1]}: "
            "take both from the same classifier, or images of the same size."
        )
    return real, synthetic


def _check_array(features, name, n_min, largest):
    check_unmasked(**{name: features})
    features = np.asarray(features)
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(
            f"{name} has shape {features.shape}, but must be features of shape (n, d): take "
            "extract_features of the images, or flatten them."
        )
    if len(features) < n_min:
        raise ValueError(
            f"{name} has {len(features)} rows, but this needs at least {n_min}: pass more."
        )
    try:
        if features.dtype.kind == "c":
            raise TypeError("complex ones are not compared")
        features = features.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} has dtype {features.dtype}, but must hold numbers: {error}."
        ) from error
    if not np.isfinite(features).all():
        row = int(np.flatnonzero(~np.isfinite(features).all(axis=1))[0])
        raise ValueError(
            f"{name} has NaN or infinity in row {row}: leave such rows out, or look at the "
            "training that made them."
        )
    if (held := np.abs(features).max()) > largest:
        raise ValueError(
            f"{name} holds {held:.3g}, whose powers overflow: divide both arrays by it."
        )
    return features


def check_labels(labels, rows, name):
    """Validate one label for each row.

    Parameters
    ----------
    labels : array-like of shape (n,)
        Labels.

    rows : ndarray of shape (n, ...)
        What they belong to.

    name : str
        Of the parameter, for the message.

    Returns
    -------
    labels : ndarray of shape (n,)
    """
    check_unmasked(**{name: labels})
    labels = np.asarray(labels)
    if labels.shape != (len(rows),):
        raise ValueError(
            f"{name} has shape {labels.shape}, but there are {len(rows)} rows: pass one label "
            "for each."
        )
    return labels


def median_distance(distances):
    """Median distance of real rows to the nearest other, refused where it is 0."""
    median = float(np.median(distances))
    if median == 0:
        raise ValueError(
            "real holds at least half of its rows more than once: pass each once, as "
            "numpy.unique(real, axis=0) leaves them."
        )
    return median
