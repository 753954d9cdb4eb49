"""Which class is translated into which."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from ._scale import SCALE, fraction_of_class
from ._threads import without_warning

REST = "rest"  # stands for all classes but the target
_N_COMPONENTS = 50
_ROWS_PER_CLASS = 1000
_ROWS = 20_000  # of all classes together, or a few of each
_VALUES = 40_000_000  # of all these rows, likewise: they are held as float64
_FEWEST_ROWS_PER_CLASS = 20
_NEGLIGIBLE = 1e-9  # what rounding leaves of rows that are alike


def resolve_sources(source, X, y, targets, *, are_images=True):
    """Choose the source class of each target.

    Parameters
    ----------
    source : {"nearest", "majority", "rest"}, label or dict
        As :class:`~skgan_aug.CycleGANOverSampler` takes it.

    X : ndarray of shape (n, ...)
        Rows.

    y : ndarray of shape (n,)
        Labels.

    targets : list of label
        Classes to be over-sampled.

    are_images : bool, default=True
        Whether the values of a row are on one scale; else each column has its own.

    Returns
    -------
    sources : dict
        ``{target: source label or "rest"}``.

    Raises
    ------
    ValueError
        For a label that is not in y, or a class that is its own source.
    """
    by_target = check_sources(source, y, targets)
    classes = np.unique(y).tolist()
    nearest = None
    sources = {}
    for target in targets:
        wanted = by_target.get(target, "nearest")
        if wanted in classes or wanted == REST:
            sources[target] = wanted
        elif wanted == "majority":
            sources[target] = _majority(y, target)
        else:
            nearest = nearest or _nearest_classes(X, y, classes, targets, are_images)
            sources[target] = nearest[target]
    return sources


def check_sources(source, y, targets):
    """Refuse what names no class to translate from.

    Parameters
    ----------
    source, y, targets
        As :func:`resolve_sources` takes them.

    Returns
    -------
    by_target : dict
        What was asked for, by target, of those that were named.

    Raises
    ------
    ValueError
        For a label that is not in y, or a class that is its own source.
    """
    classes = np.unique(y).tolist()
    by_target = source if isinstance(source, Mapping) else dict.fromkeys(targets, source)
    for target, wanted in by_target.items():
        _check_source(target, wanted, classes)
    return by_target


def source_rows(y, source, target):
    """Indices of the rows that are translated from ``source`` into ``target``.

    "rest" is all other classes, where it is not the name of one.
    """
    own = np.flatnonzero(y == source)
    return own if len(own) or source != REST else np.flatnonzero(y != target)


def evenly(rows, n):
    """At most ``n`` of ``rows``, from all over: the first of "rest" may be of one class."""
    if len(rows) <= n:
        return rows
    return rows[np.linspace(0, len(rows) - 1, n).round().astype(int)]


def _check_source(target, wanted, classes):
    if target not in classes:
        raise ValueError(
            f"source has a key {target!r}, which is no class of y. The classes are {classes}."
        )
    try:
        hash(wanted)
        known = wanted in classes or wanted in ("nearest", "majority", REST)
    except (TypeError, ValueError):  # an array, say
        known = False
    if not known:
        raise ValueError(
            f"source={wanted!r} is no class of y. Use 'nearest', 'majority', 'rest' or one of "
            f"{classes}."
        )
    if wanted == target:
        raise ValueError(
            f"source={wanted!r} is itself to be over-sampled: choose another class to "
            f"translate into {target!r}, or pass a dict {{target: source}} (--source "
            "target=source,...)."
        )


def _majority(y, target):
    counts = Counter(y.tolist())
    del counts[target]
    return max(counts, key=lambda label: counts[label])


def _nearest_classes(X, y, classes, targets, are_images):
    """For each target the class whose mean is closest where classes are told apart best.

    The space is that of linear discriminant analysis on principal components. Classes with
    few rows to translate are taken only where there are no others.
    """
    counts = Counter(y.tolist())
    candidates = {target: _candidates(target, classes, counts) for target in targets}
    if all(len(labels) == 1 for labels in candidates.values()):
        return {target: label for target, (label,) in candidates.items()}
    means = _discriminant_means(X, y, classes, are_images)
    return {
        target: min(labels, key=lambda label: np.linalg.norm(means[label] - means[target]))
        for target, labels in candidates.items()
    }


def _candidates(target, classes, counts):
    """The classes to choose from: those with rows enough, or else all others."""
    fewest = _fewest_source_rows(counts[target], max(counts.values()))
    others = [label for label in classes if label != target]
    return [label for label in others if counts[label] >= fewest] or others


def _fewest_source_rows(n_target, n_largest):
    """As many as the target has, and one for each translation that makes it the largest.

    Whatever ratio it is raised to, the source stays the same, and so does the CycleGAN.
    """
    n_to_add = n_largest - n_target
    return max(n_target, fraction_of_class(SCALE, n_target, n_to_add) * n_to_add)


def _discriminant_means(X, y, classes, are_images):
    """{label: mean of its rows in discriminant space}; at most 1000 rows of each class."""
    n_rows = min(_ROWS, _VALUES // X[[0]].size) // len(classes)
    n = min(_ROWS_PER_CLASS, max(_FEWEST_ROWS_PER_CLASS, n_rows))
    rows = np.concatenate([np.flatnonzero(y == label)[:n] for label in classes])
    flat, labels = _scaled(X[rows].reshape(len(rows), -1), are_images), y[rows]
    if (flat == flat[0]).all():  # all alike: no space tells classes apart
        return dict.fromkeys(classes, np.zeros(1))
    n_components = min(_N_COMPONENTS, flat.shape[1], max(1, len(flat) - len(classes)))
    pca = PCA(n_components, copy=False, random_state=0).set_output(transform="default")
    projected = pca.fit_transform(flat)
    means = {label: projected[labels == label].mean(axis=0) for label in classes}
    within = projected - np.array([means[label] for label in labels.tolist()])
    if np.abs(within).max() <= _NEGLIGIBLE * np.abs(projected).max():
        return means  # nothing varies within classes: there is no telling apart better
    lda = LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1)
    lda.set_output(transform="default")
    with without_warning("Only one sample available"):  # of a class, which is no news
        discriminants = lda.fit(projected, labels).transform(projected)
    return {label: discriminants[labels == label].mean(axis=0) for label in classes}


def _scaled(flat, are_images):
    """As float64, at most 1: squares of extremes would overflow."""
    flat = flat.astype(np.float64)
    if not are_images:
        flat -= flat.min(axis=0) / 2 + flat.max(axis=0) / 2
    scale = np.abs(flat).max(axis=None if are_images else 0)
    flat /= np.where(scale > 0, scale, 1.0)
    return flat
