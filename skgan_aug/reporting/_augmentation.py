"""augmentation_report: all metrics of what an over-sampler added to each rare class."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_random_state

from .. import metrics
from .._random import draw_seed
from .._validation import check_prepared_alike
from ..classification import TorchCNNClassifier
from ..comparison._draws import check_rows
from ..comparison._samplers import cyclegans_in, resample, takes_images
from ..metrics._class_space import margins_of_parts
from ..metrics._features import check_has_features
from ..metrics._gan_scores import standard_error_of_share
from ..over_sampling import CycleGANOverSampler
from ._augmentation_table import AugmentationReport

_FEWEST = 4  # rows of a class, in a half or synthetic, that metrics of features need
_OF_FEATURES = (
    "frechet",
    "kernel",
    "kernel_se",
    "precision",
    "recall",
    "density",
    "coverage",
    "two_sample",
    "two_sample_p",
    "diversity",
    "diversity_se",
)


def augmentation_report(
    sampler: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    resampled: tuple[Any, Any] | None = None,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    classifier: TorchCNNClassifier | None = None,
    random_state: int | np.random.RandomState | None = 0,
) -> AugmentationReport:
    """Judge the rows that an over-sampler adds to each rare class, by all metrics.

    A classifier learns from real rows, those of rare classes repeated, and synthetic rows
    are held against real ones that it did not learn from, through its features: it finds
    what it was trained on more alike than it is. Without ``test`` that takes two
    classifiers, each trained on one half of the real rows for the comparison with the
    other half, and figures are means of both. Costs the training of the sampler, unless
    ``resampled`` is given, and two passes of a classifier over the data: one for features
    and one for GAN-train.

    Parameters
    ----------
    sampler : estimator
        A :class:`~skgan_aug.CycleGANOverSampler`, or any over-sampler of imbalanced-learn,
        all added rows of which count as synthetic. A clone of it is trained, fitted or not,
        unless ``resampled`` is given.

    X : array-like of shape (n, d), (n, H, W) or (n, H, W, C)
        Images, flattened images or vectors.

    y : array-like of shape (n,)
        Labels.

    resampled : tuple (X_resampled, y_resampled), default=None
        What ``sampler.fit_resample(X, y)`` returned: then nothing is trained again but
        classifiers.

    test : tuple (X_test, y_test), default=None
        Real rows that the sampler has not seen, of the shape and dtype of X, to compare
        with. By default X serves, which the sampler learned from: it flatters one that
        copies, so read ``copied`` first.

    classifier : TorchCNNClassifier, default=None
        What learns and gives features; it is cloned. Default parameters by default.

    random_state : int, RandomState or None, default=0
        Of halves, repeated rows, the default classifier and the metrics.

    Returns
    -------
    report : AugmentationReport
        ``rows``, a dict for each class with 4 synthetic rows or more:

        - ``label``, ``n_real`` (compared with), ``n_synthetic``;
        - ``real_train``, ``gan_train``: recall of a classifier trained on real rows, and of
          one trained on synthetic rows in place of those of all rare classes;
          ``gan_test``: share of synthetic rows that the first recognises;
        - ``frechet``, ``kernel``: :func:`~skgan_aug.metrics.frechet_distance` and
          :func:`~skgan_aug.metrics.kernel_distance`, which have no scale of their own:
          compare samplers by them;
        - ``precision``, ``recall``: :func:`~skgan_aug.metrics.precision_recall`;
          ``density``, ``coverage``: :func:`~skgan_aug.metrics.density_coverage`;
        - ``two_sample``, ``two_sample_p``: :func:`~skgan_aug.metrics.two_sample_test`, the
          smaller p-value doubled where there are two;
        - ``copied``, ``copied_distance``: fraction and ratio of
          :func:`~skgan_aug.metrics.memorization`, in pixels, against the n rows of the
          class: new rows have a fraction of about 0.05 + 1.5/n. Whether a source came back
          as it was, a ``ConvergenceWarning`` of the over-sampler says;
        - ``diversity``: ratio of :func:`~skgan_aug.metrics.diversity`;
        - ``neighbor``, ``margin_before``, ``margin_after``:
          :func:`~skgan_aug.metrics.class_margins`;
        - ``real_train_se``, ``gan_train_se``, ``gan_test_se``, ``kernel_se``,
          ``diversity_se``: standard errors.

        NaN is what a class has too few real rows for. From ``frechet`` to ``two_sample_p``
        and for ``diversity`` that is fewer than 8, in halves of 4, or fewer than 4 in
        ``test``; from ``precision`` to ``coverage`` and for ``diversity`` equal rows count
        as one of these. ``precision`` and ``recall`` need 4 different synthetic rows, too.

    Raises
    ------
    ValueError
        When the sampler adds next to nothing or does not tell which rows are translations,
        ``test`` holds other rows or labels than X and y do, or ``resampled`` does not begin
        with X and y.

    See Also
    --------
    skgan_aug.comparison.compare_samplers : Whether the added rows help a classifier.

    Examples
    --------
    >>> from imblearn.over_sampling import SMOTE
    >>> from skgan_aug import TorchCNNClassifier
    >>> from skgan_aug.datasets import load_digits_images, make_imbalanced_images
    >>> from skgan_aug.reporting import augmentation_report
    >>> X, y = load_digits_images(return_X_y=True)
    >>> X, y = make_imbalanced_images(
    ...     X[y < 3], y[y < 3], rare=1, rare_count=30, random_state=0)
    >>> report = augmentation_report(
    ...     SMOTE(random_state=0), X, y, classifier=TorchCNNClassifier(max_epochs=3))
    >>> [row["label"] for row in report.rows]
    [1]
    >>> print(report)  # doctest: +ELLIPSIS
                                     1...
    """
    X, y = _check_rows(X, y)
    rng = check_random_state(random_state)
    if classifier is None:
        classifier = TorchCNNClassifier(random_state=draw_seed(rng))
        if X.ndim == 2 and takes_images(sampler):
            classifier.set_params(image_shape=sampler.image_shape)
    check_has_features(classifier)
    if test is None:
        _check_halves(y)
    else:
        test = _check_rows(*test, x_name="X_test of test", y_name="y_test of test")
        check_prepared_alike(test[0], X)
        _check_labels_alike(test[1], y)
    _check_tells_translations(sampler, is_fitted=resampled is not None)
    if resampled is None:
        sampler = clone(sampler)
        resampled = resample(sampler, X, y)
    synthetic = _synthetic_rows(sampler, X, y, resampled)
    rare = np.unique(synthetic[1]).tolist()
    judged = [
        _judge_part(classifier, train, reference, synthetic, rng)
        for train, reference in _parts(X, y, test, rng)
    ]
    margins = margins_of_parts([features for _, features in judged])
    rows = []
    for position, label in enumerate(rare):
        row = _mean_of_parts([figures[label] for figures, _ in judged])
        row |= _copies(X[y == label], synthetic[0][synthetic[1] == label])
        row |= {
            "neighbor": margins.neighbor[position],
            "margin_before": float(margins.before[position]),
            "margin_after": float(margins.after[position]),
        }
        rows.append({"label": label, **row})
    return AugmentationReport(rows, sampler)


def _parts(X, y, test, rng):
    """What is trained on and what is compared with: X and the test rows, or halves of X."""
    if test is not None:
        return [((X, y), test)]
    halves = StratifiedKFold(2, shuffle=True, random_state=draw_seed(rng))
    return [((X[a], y[a]), (X[b], y[b])) for a, b in halves.split(X, y)]


def _judge_part(classifier, train, reference, synthetic, rng) -> tuple[dict, tuple]:
    """{label: figures}, and the features to measure margins in; rows come with labels."""
    (X, y), (X_synthetic, y_synthetic) = reference, synthetic
    on_real = _fit_balanced(classifier, train[0], train[1], rng)
    on_synthetic = _fit_without_rare(classifier, train, synthetic, rng)
    judged = {
        "real_train": (y, on_real.predict(X)),
        "gan_train": (y, on_synthetic.predict(X)),
        "gan_test": (y_synthetic, on_real.predict(X_synthetic)),
    }
    features, of_synthetic = _features(on_real, X), _features(on_real, X_synthetic)
    figures: dict[Any, dict[str, Any]] = {}
    for label in np.unique(y_synthetic).tolist():
        own, added = y == label, y_synthetic == label
        recall = dict.fromkeys(judged, np.nan)
        if own.any() and np.any(train[1] == label):
            recall = {
                key: float(np.mean(predicted[true == label] == label))
                for key, (true, predicted) in judged.items()
            }
        figures[label] = {
            "n_real": int(own.sum()),
            "n_synthetic": int(added.sum()),
            **recall,
            **_compare(features[own], of_synthetic[added], rng),
        }
    return figures, (features, y, of_synthetic, y_synthetic)


def _fit_without_rare(classifier, train, synthetic, rng):
    """A clone, trained on synthetic rows in place of the real ones of their classes."""
    is_common = ~np.isin(train[1], synthetic[1])
    X, y = (np.concatenate([a[is_common], b]) for a, b in zip(train, synthetic, strict=True))
    return _fit_balanced(classifier, X, y, rng)


def _features(classifier, rows):
    """Features, the same of equal rows: batches of other sizes are rounded otherwise."""
    _, first, place = np.unique(_flat(rows), axis=0, return_index=True, return_inverse=True)
    return metrics.extract_features(classifier, rows[first])[place.ravel()]


def _compare(real, synthetic, rng):
    """The metrics of two sets of features; NaN for too few rows."""
    figures = dict.fromkeys(_OF_FEATURES, np.nan)
    if len(real) < _FEWEST:
        return figures
    kernel = metrics.kernel_distance(real, synthetic, random_state=rng)
    test = metrics.two_sample_test(real, synthetic, random_state=rng)
    return figures | {
        "frechet": metrics.frechet_distance(real, synthetic),
        "kernel": kernel.distance,
        "kernel_se": kernel.standard_error,
        "two_sample": test.accuracy,
        "two_sample_p": test.p_value,
        **_compare_different(real, synthetic),
    }


def _compare_different(real, synthetic):
    """The metrics that rest on rows that differ, as far as there are enough of them."""
    different = np.unique(real, axis=0)
    if len(different) < _FEWEST:
        return {}
    variety = metrics.diversity(different, synthetic)
    n_others = min(len(different), len(synthetic)) - 1
    figures = {
        "diversity": variety.ratio,
        "diversity_se": variety.standard_error,
        **metrics.density_coverage(real, synthetic, n_neighbors=min(5, n_others)),
    }
    if len(np.unique(synthetic, axis=0)) >= _FEWEST:
        figures |= metrics.precision_recall(real, synthetic)
    return figures


def _mean_of_parts(parts):
    """Means of the parts' figures; the rows compared with are counted together."""
    row = {
        key: float(np.mean([part[key] for part in parts]))
        if isinstance(value, float)
        else value
        for key, value in parts[0].items()
    }
    row["n_real"] = sum(part["n_real"] for part in parts)
    p_value = np.min([part["two_sample_p"] for part in parts])
    row["two_sample_p"] = float(np.minimum(1.0, len(parts) * p_value))
    for key in ("real_train", "gan_train", "gan_test"):
        n = row["n_synthetic" if key == "gan_test" else "n_real"]
        row[f"{key}_se"] = float(standard_error_of_share(row[key], max(n, 1)))
    return row


def _copies(real, synthetic):
    """What memorization tells of the rows of a class; NaN where no two real ones differ."""
    real = np.unique(_flat(real), axis=0)
    if len(real) < 2:
        return {"copied": np.nan, "copied_distance": np.nan}
    copies = metrics.memorization(real, _flat(synthetic))
    return {"copied": copies.copied_fraction, "copied_distance": copies.median_ratio}


def _fit_balanced(classifier, X, y, rng):
    """A clone, trained on each class as often as on the largest."""
    positions = np.arange(len(y)).reshape(-1, 1)
    drawn, _ = RandomOverSampler(random_state=draw_seed(rng)).fit_resample(positions, y)
    return clone(classifier).fit(X[drawn.ravel()], y[drawn.ravel()])


def _flat(rows):
    return rows.reshape(len(rows), -1)


_check_rows = partial(check_rows, label_kinds="iubUSf")  # what estimators take


def _check_halves(y):
    if np.count_nonzero(np.unique(y, return_counts=True)[1] > 1) < 2:
        raise ValueError(
            "y has fewer than 2 classes with 2 rows or more, so that halves would hold one: "
            "pass test=(X_test, y_test)."
        )


def _check_labels_alike(y_test, y):
    known, given = np.unique(y).tolist(), np.unique(y_test).tolist()
    if set(known).isdisjoint(given):
        raise ValueError(
            f"test has the labels {given}, none of which is in y, which has {known}: write "
            "both in the same way."
        )


def _check_tells_translations(sampler, *, is_fitted):
    """Refuse what would have copies taken for translations."""
    nested = cyclegans_in(sampler)
    if nested and not isinstance(sampler, CycleGANOverSampler):
        raise ValueError(
            f"sampler is a {type(sampler).__name__} that holds a CycleGANOverSampler, and "
            "does not tell which rows are translations: pass that one, such as pipe[0]."
        )
    if nested and is_fitted and not hasattr(sampler, "synthetic_mask_"):
        raise ValueError(
            "resampled is given, but sampler does not tell which of its rows are "
            "translations: pass the sampler whose fit_resample returned it, no clone."
        )


def _synthetic_rows(sampler, X, y, resampled):
    """The rows and labels among ``resampled`` that are synthetic, and enough to judge."""
    X_resampled, y_resampled = _check_rows(
        *resampled, x_name="X of resampled", y_name="y of resampled"
    )
    if len(X_resampled) < len(X) or not np.array_equal(X_resampled[: len(X)], X):
        raise ValueError(
            f"resampled begins with other rows than X, which sampler={sampler!r} should only "
            "add to: pass the X that it was fitted on, and an over-sampler that leaves it."
        )
    if not np.array_equal(y_resampled[: len(X)], y):
        raise ValueError(
            f"resampled has other labels for the rows of X, {np.unique(y_resampled).tolist()} "
            f"in all, than y, which has {np.unique(y).tolist()}: pass the y that sampler was "
            "fitted on, written in the same way."
        )
    mask = getattr(sampler, "synthetic_mask_", np.arange(len(X_resampled)) >= len(X))
    if len(mask) != len(X_resampled):
        raise ValueError(
            f"resampled has {len(X_resampled)} rows, but sampler.synthetic_mask_ {len(mask)}: "
            "pass what the last fit_resample of the sampler returned."
        )
    labels, counts = np.unique(y_resampled[mask], return_counts=True)
    judged = mask & np.isin(y_resampled, labels[counts >= _FEWEST])
    if not judged.any():
        raise ValueError(
            f"sampler={sampler!r} added fewer than {_FEWEST} synthetic rows to each class: "
            "raise its sampling_strategy or synthetic_fraction."
        )
    return X_resampled[judged], y_resampled[judged]
