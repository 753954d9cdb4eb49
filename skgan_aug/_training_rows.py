"""Which rows a classifier trains on, how often, and which are held back."""

import hashlib

import numpy as np
import torch
from sklearn.utils.validation import _check_sample_weight

from ._missing import check_unmasked

_MOST_ROWS = 10**7  # of one pass; beyond, weights are on another scale than copies of rows


def check_sample_weight(sample_weight, X):
    """Weights of the rows of X, (n,), at least 0 and not all 0; None for none.

    Raises
    ------
    ValueError
        For weights that cannot be, or that ask for more rows than a pass may have.
    """
    if sample_weight is None:
        return None
    check_unmasked(sample_weight=sample_weight)
    try:
        weights = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        message = f"sample_weight cannot be used: {error}"
        if "sample_weight.shape" in message:
            message += (
                " In a pipeline, a sampler before the classifier changes the rows, but not "
                "their weights: set class_weight instead, or resample first."
            )
        raise kind(message) from error
    weights = np.where(weights < np.finfo(np.float32).tiny, 0, weights)  # as losses see them
    if not weights.any():  # newer versions of scikit-learn say so themselves
        raise ValueError("sample_weight is zero for every row: there is nothing to train on.")
    if np.ceil(weights).sum() > _MOST_ROWS:
        raise ValueError(
            f"sample_weight sums to {weights.sum():.3g} for {len(X)} rows, but a row of "
            "weight 3 trains like three rows: pass sample_weight / sample_weight.mean()."
        )
    return weights


def real_rows(synthetic_mask, X):
    """Which rows are real; None where nobody says so."""
    if synthetic_mask is None:
        return None
    check_unmasked(synthetic_mask=synthetic_mask)
    mask = np.asarray(synthetic_mask)
    if mask.dtype != bool or mask.shape != (len(X),):
        raise ValueError(
            f"synthetic_mask must be bool of shape ({len(X)},), one for each row of X, "
            f"but is {mask.dtype} of shape {mask.shape}."
        )
    return ~mask


def training_order(X, labels, weights):
    """Each row as often as it weighs, in an order that depends on the rows alone.

    Rows sorted by their bytes make a row of weight three the same thing as the row three
    times, wherever it stands in X. A weight of 2.5 makes three copies, each of which counts
    for 2.5/3 in the loss.

    Parameters
    ----------
    X : ndarray of shape (n, ...)
        Rows.

    labels : int64 ndarray of shape (n,)
        Positions of their classes.

    weights : float64 ndarray of shape (n,), above 0, or None
        How much each counts; None: all the same.

    Returns
    -------
    order : int64 ndarray of shape (m,)
        Indices of rows.

    loss_weights : float32 tensor of shape (n,) or None
        What each copy of a row counts in the loss; None: all the same.
    """
    by_label = np.argsort(labels, kind="stable")
    order = by_label[np.argsort(as_bytes(X[by_label]), kind="stable")]
    if weights is None:
        return order, None
    copies = np.ceil(weights).astype(np.int64)
    order = np.repeat(order, copies[order])
    if np.array_equal(weights, copies):
        return order, None
    return order, torch.from_numpy((weights / copies).astype(np.float32))


def log_class_prior(labels, n_classes, order, loss_weights, class_weights, *, label_smoothing):
    """Logarithm of the share of each class in the loss of one pass.

    Parameters
    ----------
    labels : int64 ndarray of shape (n,)
        Positions of the rows' classes.

    n_classes : int
        Classes there are. One without rows counts as much as the rarest that has some.

    order, loss_weights
        As :func:`training_order` returns them.

    class_weights : float32 tensor of shape (n_classes,) or None
        Weights in the loss; None: all the same.

    label_smoothing : float in [0, 1)
        Share of each label that is spread over all classes.

    Returns
    -------
    log_prior : float32 tensor of shape (n_classes,)
        At most 0.
    """
    weights = None if loss_weights is None else loss_weights.numpy()[order]
    shares = np.bincount(labels[order], weights=weights, minlength=n_classes)
    if class_weights is not None:
        shares = shares * class_weights.numpy()
    shares = np.where(shares > 0, shares, shares[shares > 0].min())
    shares = (1 - label_smoothing) * shares / shares.sum() + label_smoothing / n_classes
    return torch.from_numpy(np.log(shares)).float()


def hold_out(X, labels, fraction, seed, *, is_real=None):
    """Split rows so that no row of one side has a copy on the other.

    What is held out depends on the rows and the seed alone: a second fit of the same rows
    holds out what the first did not learn.

    Parameters
    ----------
    X : ndarray of shape (n, ...)
        Rows.

    labels : int64 ndarray of shape (n,)
        Positions of their classes.

    fraction : float
        Share of the different rows of each class to hold out, at least one row of each
        class that has two different ones. Fewer where equal rows have several labels, and
        a class would have none left to train on.

    seed : int
        Decides which.

    is_real : bool ndarray of shape (n,), default=None
        Rows that may be held out; None: all.

    Returns
    -------
    trains, held_out : bool ndarray and int64 ndarray
        Mask of the rows to train on; indices of the rows held out, without copies.
    """
    is_real = np.ones(len(X), dtype=bool) if is_real is None else is_real
    rows, group = np.unique(as_bytes(X), return_inverse=True)
    # Of equal rows the first of these stands for all: a real one, wherever it is in X.
    preferred = np.lexsort([labels, ~is_real])
    first = np.unique(group[preferred], return_index=True)[1]
    order = preferred[first][np.argsort([_hash(row, seed) for row in rows])]
    order = order[is_real[order]]
    chosen = []
    for label in np.unique(labels):
        different = order[labels[order] == label]
        if not len(different):
            continue
        n = min(max(1, round(fraction * len(different))), len(different) - 1)
        chosen.append(different[:n])
    held_out = np.concatenate(chosen or [order])
    trains = ~np.isin(group, group[held_out])
    for lost in np.setdiff1d(labels, labels[trains]):  # as copies of rows of another label
        copied = held_out[np.isin(group[held_out], group[labels == lost])]
        trains |= group == group[copied[-1]]
    return trains, held_out[~trains[held_out]]


def _hash(row, seed):
    return hashlib.blake2b(row.tobytes(), key=b"%d" % seed, digest_size=8).hexdigest()


def as_bytes(X):
    """Rows as one opaque value each, which can be sorted and compared; -0.0 is 0.0."""
    if X.dtype == np.longdouble:  # some of its bytes are padding, of any value
        X = X.astype(np.float64)
    flat = np.ascontiguousarray(X if X.dtype.kind != "f" else X + 0.0).reshape(len(X), -1)
    return flat.view([("row", f"V{flat.dtype.itemsize * flat.shape[1]}")])["row"][:, 0]
