"""Means, standard deviations and paired differences of a comparison."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import t as student_t
from sklearn.utils import Bunch

from ._samplers import sampler_title

SCORE_TITLES = {
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "minority_recall": "minority recall",
}
SCORES = tuple(SCORE_TITLES)
# With two pairs a t interval spans the whole scale.
MIN_PAIRS = 3
_DIGITS = 12  # of a score that are no accident of rounding


def check_score(score):
    """Refuse a score that a comparison does not have."""
    if score not in SCORES:
        raise ValueError(f"score={score!r} is unknown. Choose among {', '.join(SCORES)}.")


def summarize_comparison(result: Bunch) -> list[dict]:
    """Reduce a comparison to one row per sampler and ratio.

    Parameters
    ----------
    result : Bunch
        What :func:`compare_samplers` returned.

    Returns
    -------
    rows : list of dict
        ``sampler``, ``ratio``, ``n_cells``, ``n_failed``, mean and standard
        deviation over seeds and folds of each score (``balanced_accuracy``
        and ``balanced_accuracy_sd``, ...) and the half-width of the mean's 95%
        interval (``balanced_accuracy_interval``). Where every seed has the same folds, mean
        and interval rest on the mean of each, as in :func:`paired_difference`; the interval
        is NaN for fewer than three cells or folds, and where all come to one score. Mean
        ``sampler_seconds``, ``classifier_seconds`` and their sum ``seconds``, and ``error``
        (the first one, or None). Figures are NaN where there is nothing to average.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skgan_aug.comparison import compare_samplers, summarize_comparison
    >>> X, y = load_wine(return_X_y=True)
    >>> result = compare_samplers(
    ...     X, y, samplers=["none", "random"], classifier=DecisionTreeClassifier(),
    ...     rare=2, rare_count=8, cv=3, n_seeds=1)
    >>> [(row["sampler"], row["n_cells"]) for row in summarize_comparison(result)]
    [('none', 3), ('random', 3)]
    """
    names, ratios = result.sampler, result.ratio.astype(str)  # no NaN equals another
    keys = dict.fromkeys(zip(names.tolist(), ratios.tolist(), strict=True))
    return [_summary_row(result, (names == name) & (ratios == ratio)) for name, ratio in keys]


def _summary_row(result, selected):
    first = np.flatnonzero(selected)[0]
    errors = [error for error in result.error[selected] if error is not None]
    row: dict[str, Any] = {
        "sampler": str(result.sampler[first]),
        "ratio": float(result.ratio[first]),
        "n_cells": int(selected.sum()),
        "n_failed": len(errors),
    }
    for score in SCORES:
        values = result[score][selected]
        row[f"{score}_sd"] = _mean_and_sd(values)[1]
        independent = _independent_values(result, values, result.fold[selected])
        row[score] = _mean_and_sd(independent)[0]
        is_repeated = _is_repeated(independent)  # no width would pass for certainty
        row[f"{score}_interval"] = (
            np.nan if is_repeated else _half_width(result, independent, 0.95)
        )
    succeeded = selected & np.array([error is None for error in result.error])
    for key in ("sampler_seconds", "classifier_seconds"):
        row[key] = _mean_and_sd(result[key][succeeded])[0]
    row["seconds"] = row["sampler_seconds"] + row["classifier_seconds"]
    row["error"] = errors[0] if errors else None
    return row


def _mean_and_sd(values):
    values = values[~np.isnan(values)]
    mean = float(values.mean()) if len(values) else np.nan
    return mean, float(values.std(ddof=1)) if len(values) > 1 else np.nan


def row_title(row: dict, *, with_ratio: bool = False) -> str:
    """Name a row of :func:`summarize_comparison` for people.

    Parameters
    ----------
    row : dict
        The row.

    with_ratio : bool, default=False
        Name the ratio too, where there was resampling.

    Returns
    -------
    title : str
        Such as "SMOTE, ratio 0.5".

    Examples
    --------
    >>> from skgan_aug.comparison import row_title
    >>> row_title({"sampler": "smote", "ratio": 0.5}, with_ratio=True)
    'SMOTE, ratio 0.5'
    """
    title = sampler_title(row["sampler"])
    is_resampled = not np.isnan(row["ratio"])
    return f"{title}, ratio {row['ratio']:g}" if with_ratio and is_resampled else title


def row_titles(rows: list[dict]) -> list[str]:
    """Name rows of :func:`summarize_comparison`, and their ratios where there are several.

    Parameters
    ----------
    rows : list of dict
        All rows.

    Returns
    -------
    titles : list of str
        One for each.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.comparison import row_titles
    >>> row_titles([{"sampler": "none", "ratio": np.nan}, {"sampler": "smote", "ratio": 1.0}])
    ['no resampling', 'SMOTE']
    """
    ratios = {row["ratio"] for row in rows if not np.isnan(row["ratio"])}
    return [row_title(row, with_ratio=len(ratios) > 1) for row in rows]


def paired_difference(
    result: Bunch,
    sampler: str,
    baseline: str,
    *,
    score: str = "balanced_accuracy",
    ratio: float | None = None,
    confidence: float = 0.95,
) -> Bunch:
    """Estimate how far one sampler is above another.

    The difference is taken within each seed and fold, where both saw the same
    images, and averaged.

    Parameters
    ----------
    result : Bunch
        What :func:`compare_samplers` returned.

    sampler, baseline : str
        Names of the two samplers.

    score : str, default="balanced_accuracy"
        Which score is compared.

    ratio : float, default=None
        Which ratio is compared; by default the largest.

    confidence : float, default=0.95
        Of the interval, Student's t over the pairs. Folds, and seeds that make
        them anew, share images: there its width is corrected for that [1]_, so
        that more seeds cannot narrow it at will. Where every seed has the same folds,
        it rests on the mean of each fold. With a given test split it is about these test
        images and, if no ``rare_count`` draws others, these training images.

    Returns
    -------
    difference : Bunch
        ``mean``, ``low``, ``high``, ``n_pairs``, and ``is_repeated``, whether three pairs or
        more, or folds that every seed has, all come to one difference that is not 0: samplers
        and classifiers that draw nothing repeat themselves, and a test part of few images has
        few scores. There the interval is NaN, as for fewer than three; the mean is for none.

    Raises
    ------
    ValueError
        For a sampler, score or ratio that was not compared, or a confidence that cannot be.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the Generalization Error",
       Machine Learning 52, 2003.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skgan_aug.comparison import compare_samplers, paired_difference
    >>> X, y = load_wine(return_X_y=True)
    >>> result = compare_samplers(
    ...     X, y, samplers=["none", "random"], classifier=DecisionTreeClassifier(),
    ...     rare=2, rare_count=8, cv=3, n_seeds=1)
    >>> difference = paired_difference(result, "random", "none")
    >>> difference.n_pairs, bool(difference.low <= difference.mean <= difference.high)
    (3, True)
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence={confidence!r} is not between 0 and 1, such as 0.95.")
    check_score(score)
    ours, theirs = _paired_cells(result, sampler, baseline, score, ratio)
    # Without the last digits: equal scores, summed in another order, are no difference.
    differences = np.round(result[score][ours] - result[score][theirs], _DIGITS)
    independent = _independent_values(result, differences, result.fold[ours])
    mean, _ = _mean_and_sd(independent)
    is_repeated = _is_repeated(independent) and bool(independent.any())
    spread = np.nan if is_repeated else _half_width(result, independent, confidence)
    return Bunch(
        mean=mean,
        low=mean - spread,
        high=mean + spread,
        n_pairs=len(differences),
        is_repeated=is_repeated,
    )


def paired_values(
    result: Bunch,
    sampler: str,
    baseline: str,
    *,
    key: str = "balanced_accuracy",
    ratio: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return what two samplers reached on the same images, run by run.

    Parameters
    ----------
    result : Bunch
        What :func:`compare_samplers` returned.

    sampler, baseline : str
        Names of the two samplers.

    key : str, default="balanced_accuracy"
        A column of `result`, such as a score or ``"recall"``.

    ratio : float, default=None
        Which ratio is compared; by default the largest.

    Returns
    -------
    ours, theirs : ndarray of shape (n_pairs, ...)
        Of the seeds and folds in which both samplers ran.

    Raises
    ------
    ValueError
        For a sampler or ratio that was not compared, or a key that is no column of numbers.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skgan_aug.comparison import compare_samplers, paired_values
    >>> X, y = load_wine(return_X_y=True)
    >>> result = compare_samplers(
    ...     X, y, samplers=["none", "random"], classifier=DecisionTreeClassifier(),
    ...     rare=2, rare_count=8, cv=3, n_seeds=1)
    >>> ours, theirs = paired_values(result, "random", "none", key="recall")
    >>> ours.shape, theirs.shape  # folds, classes
    ((3, 3), (3, 3))
    """
    column = result.get(key)
    is_column = np.shape(column)[:1] == result.sampler.shape
    if not (is_column and column.dtype.kind in "bif"):
        raise ValueError(f"key={key!r} is no column of numbers, such as {', '.join(SCORES)}.")
    ours, theirs = _paired_cells(result, sampler, baseline, key, ratio)
    return result[key][ours], result[key][theirs]


def _paired_cells(result, sampler, baseline, key, ratio):
    """Positions of the cells in which both samplers ran, in the same order."""
    ratios = np.unique(result.ratio[~np.isnan(result.ratio)]).tolist()
    if ratio is not None and ratio not in ratios:
        raise ValueError(f"ratio={ratio!r} was not compared. Choose among {ratios}.")
    ratio = max(ratios, default=np.nan) if ratio is None else ratio
    ours, theirs = (_cells(result, name, key, ratio) for name in (sampler, baseline))
    pairs = sorted(ours.keys() & theirs.keys())
    return [np.array([cells[pair] for pair in pairs], dtype=int) for cells in (ours, theirs)]


def _independent_values(result, values, folds):
    """What an interval rests on: the known values, or their means of folds that recur.

    Folds that are the same for every seed are no more folds for more seeds.
    """
    is_known = ~np.isnan(values)
    values, folds = values[is_known], folds[is_known]
    if result.folds_recur:
        values = np.array([values[folds == fold].mean() for fold in np.unique(folds)])
    return np.round(values, _DIGITS)


def _is_repeated(values):
    """Whether there are enough values for an interval, all of them one and the same."""
    return len(values) >= MIN_PAIRS and len(np.unique(values)) == 1


def _half_width(result, values, confidence):
    """Half-width of the mean's interval, by Student's t; NaN for fewer than three values.

    Of values that come from training on most of the same rows and testing on the others, the
    mean varies more than their spread tells: by ``test_train_ratio`` of their variance.
    """
    n = len(values)
    if n < MIN_PAIRS:
        return np.nan
    quantile = student_t.ppf((1 + confidence) / 2, n - 1)
    return float(quantile * values.std(ddof=1) * np.sqrt(1 / n + result.test_train_ratio))


def _cells(result, sampler, key, ratio):
    """Map (seed, fold) to the position of a sampler's cell, leaving out failed ones."""
    if sampler not in result.sampler:
        raise ValueError(
            f"{sampler!r} was not compared. Choose among {np.unique(result.sampler).tolist()}."
        )
    selected = result.sampler == sampler
    selected &= np.isnan(result.ratio) | (result.ratio == ratio)
    selected &= np.array([error is None for error in result.error])
    is_nan = np.isnan(result[key])
    selected &= ~(is_nan if is_nan.ndim == 1 else is_nan.all(axis=1))
    return {
        (int(result.seed[cell]), int(result.fold[cell])): cell
        for cell in np.flatnonzero(selected)
    }
