"""A few translations to look at, beside what they came from and what they resemble."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist
from sklearn.utils import (
    _safe_indexing,
    assert_all_finite,
    check_consistent_length,
    column_or_1d,
)
from sklearn.utils.validation import check_is_fitted

from .._missing import check_unmasked
from .._validation import check_count, plain_labels
from ..images import check_image_shape
from ..over_sampling import NO_CYCLEGANS, CycleGANOverSampler
from ..source_classes import evenly, source_rows

_ROWS_AT_ONCE = 256  # for distances, which take many times the memory of uint8


def example_translations(
    sampler: CycleGANOverSampler,
    X: ArrayLike,
    y: ArrayLike,
    *,
    pairs: Sequence[tuple[Hashable, Hashable]] | None = None,
    n_examples: int = 6,
) -> dict:
    """Translate a few source images, and find the nearest real images of the target class.

    Parameters
    ----------
    sampler : CycleGANOverSampler
        After `fit_resample`, for images.

    X : array-like of shape (n, H, W), (n, H, W, C) or (n, d)
        Images, or rows of pixels.

    y : array-like of shape (n,)
        Their labels.

    pairs : list of (source, target), default=None
        By default all pairs of ``sampler.cyclegans_``.

    n_examples : int, default=6
        For each pair, at even steps through the source images.

    Returns
    -------
    examples : dict
        ``{(source, target): (sources, translations, nearest)}``, each of shape
        (n_examples, H, W[, C]). Nearest is by the Euclidean distance of pixels.

    Raises
    ------
    TypeError
        For another estimator, such as the pipeline that holds an over-sampler.

    NotFittedError
        Before `fit_resample`.

    ValueError
        For a sampler of vectors, a pair that it has no CycleGAN of, no pair or example at
        all, a class without rows, or NaN or infinity in what is shown or sought among.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug import CycleGANOverSampler
    >>> from skgan_aug.comparison import example_translations
    >>> X = np.random.RandomState(0).randint(256, size=(9, 8, 8)).astype(np.uint8)
    >>> y = np.repeat(["cat", "dog"], [6, 3])
    >>> sampler = CycleGANOverSampler(max_iter=2, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> sources, translations, nearest = example_translations(sampler, X, y)["cat", "dog"]
    >>> translations.shape
    (6, 8, 8)
    """
    check_is_fitted_sampler(sampler)
    pairs = _check_pairs(sampler, pairs)
    check_count(n_examples, "n_examples")
    if sampler.image_shape_ is None:
        raise ValueError(
            "The sampler was fitted on vectors, which cannot be looked at. Pass it "
            "image_shape=(H, W) or (H, W, C), if its rows hold images."
        )
    check_unmasked(X=X, y=y)
    y = column_or_1d(plain_labels(y))
    check_consistent_length(X, y)
    shape = sampler.image_shape_
    check_image_shape(np.shape(X), shape)
    examples = {}
    for source, target in pairs:
        rows = evenly(source_rows(y, source, target), n_examples)
        real_rows = np.flatnonzero(y == target)
        if not len(rows) or not len(real_rows):
            lacking = target if len(rows) else source
            raise ValueError(f"y has no rows of class {lacking!r} to show.")
        sources = _safe_indexing(X, rows)
        translated = sampler.translate(sources, source=source, target=target)
        nearest = _safe_indexing(X, _nearest(translated, X, real_rows))
        examples[source, target] = tuple(
            np.asarray(images).astype(translated.dtype).reshape(len(rows), *shape)
            for images in (sources, translated, nearest)
        )
    return examples


def check_is_fitted_sampler(sampler):
    """Refuse what is no CycleGAN over-sampler, and one that was not fitted."""
    if not isinstance(sampler, CycleGANOverSampler):
        raise TypeError(
            f"sampler is a {type(sampler).__name__}, but what is drawn is a "
            "CycleGANOverSampler's: pass that, of a pipeline the step, such as pipe[0]."
        )
    check_is_fitted(sampler, "cyclegans_", msg=NO_CYCLEGANS)


def _check_pairs(sampler, pairs):
    if pairs is None:
        return list(sampler.cyclegans_)
    given = list(pairs) if isinstance(pairs, Iterable) else []
    kinds = tuple | list | np.ndarray
    if not given or not all(isinstance(pair, kinds) and len(pair) == 2 for pair in given):
        raise ValueError(
            f"pairs={pairs!r} must hold one tuple (source, target) or more, such as those of "
            f"cyclegans_: {list(sampler.cyclegans_)}."
        )
    return given


def _nearest(images, X, rows):
    """For each image the closest row of X among ``rows``."""
    images = images.reshape(len(images), -1)
    distances = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        real = np.asarray(_safe_indexing(X, rows[start : start + _ROWS_AT_ONCE]), dtype=float)
        assert_all_finite(real, input_name="X")  # NaN would be nearest to all
        distances.append(cdist(images, real.reshape(len(real), -1), "sqeuclidean"))
    return rows[np.hstack(distances).argmin(axis=1)]
