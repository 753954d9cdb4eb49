"""Means, standard deviations and paired differences of a comparison."""

from typing import Any

import numpy as np
from scipy.stats import t as student_t
from sklearn.utils import Bunch

from ._samplers import sampler_title

SCORES = ("balanced_accuracy", "macro_f1", "minority_recall")
# With two pairs a t interval spans the whole scale.
MIN_PAIRS = 3


def summarize_comparison(result):
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
        and ``balanced_accuracy_sd``, ...), mean ``sampler_seconds``,
        ``classifier_seconds`` and their sum ``seconds``, and ``error`` (the
        first one, or None). Figures are NaN where there is nothing to average.
    """
    keys = dict.fromkeys(
        zip(result.sampler.tolist(), result.ratio.astype(str).tolist(), strict=True)
    )
    return [
        _summary_row(result, (result.sampler == name) & (result.ratio.astype(str) == ratio))
        for name, ratio in keys
    ]


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
        row[score], row[f"{score}_sd"] = _mean_and_sd(result[score][selected])
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


def row_title(row, *, with_ratio=False):
    """Name a row of :func:`summarize_comparison` for people."""
    title = sampler_title(row["sampler"])
    is_resampled = not np.isnan(row["ratio"])
    return f"{title}, ratio {row['ratio']:g}" if with_ratio and is_resampled else title


def paired_difference(
    result, sampler, baseline, *, score="balanced_accuracy", ratio=None, confidence=0.95
):
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
        Of the interval, Student's t over the pairs. Folds share training
        images, so over folds it is somewhat too narrow.

    Returns
    -------
    difference : Bunch
        ``mean``, ``low``, ``high``, ``n_pairs``. The interval is NaN for
        fewer than three pairs, the mean for none.
    """
    ratio = np.nanmax(result.ratio) if ratio is None else ratio
    ours, theirs = (_scores(result, name, score, ratio) for name in (sampler, baseline))
    pairs = sorted(ours.keys() & theirs.keys())
    differences = np.array([ours[pair] - theirs[pair] for pair in pairs])
    mean, sd = _mean_and_sd(differences)
    half_width = np.nan
    if len(pairs) >= MIN_PAIRS:
        quantile = student_t.ppf((1 + confidence) / 2, len(pairs) - 1)
        half_width = float(quantile * sd / np.sqrt(len(pairs)))
    return Bunch(mean=mean, low=mean - half_width, high=mean + half_width, n_pairs=len(pairs))


def _scores(result, sampler, score, ratio):
    """Map (seed, fold) to the score of a sampler, leaving out failed cells."""
    if sampler not in result.sampler:
        raise ValueError(
            f"{sampler!r} was not compared. Choose among {np.unique(result.sampler).tolist()}."
        )
    selected = result.sampler == sampler
    selected &= np.isnan(result.ratio) | (result.ratio == ratio)
    selected &= ~np.isnan(result[score])
    return {
        (int(result.seed[cell]), int(result.fold[cell])): float(result[score][cell])
        for cell in np.flatnonzero(selected)
    }
