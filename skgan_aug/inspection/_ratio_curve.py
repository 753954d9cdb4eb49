"""Scores against the augmentation ratio."""

from __future__ import annotations

from itertools import cycle
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from ..comparison import sampler_title
from ..comparison._summary import SCORE_TITLES, check_score
from ._figure import GREY, add_legend, figure_of, make_room, new_axes, style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from typing_extensions import Self


class RatioCurveDisplay:
    """A line for each sampler: score against augmentation ratio.

    It is recommended to use :meth:`from_comparison` or :meth:`from_estimator`
    to create one. Lines join the means over seeds and folds, whiskers are one
    standard deviation to each side, of two runs or more. What was not resampled
    is a straight line, dashed or dotted.

    Parameters
    ----------
    curves : dict
        ``{title: (ratios of shape (n_ratios,), scores of shape (n_ratios,
        n_runs))}``; NaN where a run failed. The ratio of what was not
        resampled is NaN.

    score_title : str
        What the vertical axis shows.

    Attributes
    ----------
    errorbars_ : dict
        ``{title: matplotlib ErrorbarContainer}``, but for what was not
        resampled.

    ax_ : matplotlib Axes
        Axes with the lines.

    figure_ : matplotlib Figure
        Figure that holds the axes.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skgan_aug.comparison import compare_samplers
    >>> from skgan_aug.inspection import RatioCurveDisplay
    >>> X, y = load_wine(return_X_y=True)
    >>> result = compare_samplers(
    ...     X, y, samplers=["none", "smote"], classifier=DecisionTreeClassifier(),
    ...     rare=2, rare_count=8, ratios=[0.5, 1.0], cv=3, n_seeds=1)
    >>> list(RatioCurveDisplay.from_comparison(result).errorbars_)
    ['SMOTE']
    """

    def __init__(self, *, curves: dict, score_title: str) -> None:
        self.curves = curves
        self.score_title = score_title

    @classmethod
    def from_comparison(
        cls,
        result: Bunch,
        *,
        score: str = "balanced_accuracy",
        ax: Axes | None = None,
    ) -> Self:
        """Draw what :func:`~skgan_aug.comparison.compare_samplers` returned.

        Parameters
        ----------
        result : Bunch
            The comparison.

        score : {"balanced_accuracy", "macro_f1", "minority_recall"}, \
                default="balanced_accuracy"
            Which score is drawn, in points.

        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        Returns
        -------
        display : RatioCurveDisplay
        """
        check_score(score)
        curves = {}
        for name in dict.fromkeys(result.sampler.tolist()):
            own = result.sampler == name
            ratios, counts = np.unique(result.ratio[own], return_counts=True)
            # Cells lie ratio by ratio, each with as many seeds and folds.
            scores = 100 * result[score][own].reshape(len(ratios), counts[0])
            curves[sampler_title(name)] = ratios, scores
        return cls(curves=curves, score_title=f"points of {SCORE_TITLES[score]}").plot(ax=ax)

    @classmethod
    def from_estimator(
        cls, search: BaseEstimator, *, score: str = "score", ax: Axes | None = None
    ) -> Self:
        """Draw a search over the ratio.

        Parameters
        ----------
        search : fitted GridSearchCV
            Or another search, that tried numbers for a `sampling_strategy`. Each setting of
            the other parameters becomes a line, and each number of rows, or whatever a
            halving search gives more of to the better settings.

        score : str, default="score"
            Which score is drawn, when `scoring` named several.

        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        Returns
        -------
        display : RatioCurveDisplay
        """
        _check_search(search)
        results = search.cv_results_
        if f"mean_test_{score}" not in results:
            raise ValueError(f"score={score!r} is not among the scores of this search.")
        ratio_name = _ratio_parameter(results["params"])
        folds = [results[f"split{fold}_test_{score}"] for fold in range(search.n_splits_)]
        lines: dict = {}
        for k, (params, scores) in enumerate(
            zip(results["params"], np.transpose(folds), strict=True)
        ):
            others = {name: value for name, value in params.items() if name != ratio_name}
            if "n_resources" in results:  # of a halving search
                others.setdefault(search.resource, results["n_resources"][k])
            title = ", ".join(f"{name}={value}" for name, value in others.items())
            lines.setdefault(title, []).append((params[ratio_name], scores))
        curves = {}
        for title, points in lines.items():
            points.sort(key=lambda point: point[0])
            ratios, scores = zip(*points, strict=True)
            if not title and len(lines) > 1:
                title = "other parameters as they were"
            curves[title] = np.array(ratios, dtype=float), np.array(scores)
        named = score if score != "score" else search.scoring
        title = named.replace("_", " ") if isinstance(named, str) else "score"
        return cls(curves=curves, score_title=title).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the lines.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        Returns
        -------
        self : RatioCurveDisplay
            Drawn: with ``ax_`` and ``figure_``.
        """
        is_new = ax is None
        if ax is None:  # said again for mypy
            ax = new_axes(figsize=(6, 4))
        self.errorbars_: dict = {}
        resampled = [title for title, (ratios, _) in self.curves.items() if ratios[0] > 0]
        ticks = sorted({ratio for title in resampled for ratio in self.curves[title][0]})
        handles, has_whiskers = [], False
        step, dashes = _step(ticks, len(resampled)), cycle(("--", ":", "-."))
        for title, (ratios, scores) in self.curves.items():
            means, sds = _means_and_sds(scores)
            if title not in resampled:
                handles.append(ax.axhline(means[0], color=GREY, linestyle=next(dashes)))
                continue
            has_whiskers |= np.isfinite(sds).any()
            position = len(self.errorbars_)
            # Side by side, so that whiskers do not hide each other.
            shift = step * (position - (len(resampled) - 1) / 2)
            self.errorbars_[title] = ax.errorbar(
                ratios + shift, means, yerr=sds, capsize=3, **style_of(position)
            )
            handles.append(self.errorbars_[title])
        apart = _those_apart(ticks)
        ax.set_xticks(apart, labels=[f"{tick:.3g}" for tick in apart])
        if len(ticks) == 1:  # else lines side by side would seem to be at ratios of their own
            ax.update_datalim([(ticks[0] - 0.5, 0), (ticks[0] + 0.5, 0)], updatey=False)
            ax.autoscale_view(scaley=False)
        whiskers = " ± sd" if has_whiskers else ""
        ax.set(xlabel="augmentation ratio", ylabel=f"{self.score_title}{whiskers}")
        ax.grid(axis="y", alpha=0.3)
        if any(self.curves):
            place = {"loc": "lower left", "bbox_to_anchor": (0, 1)}
            add_legend(ax, handles, self.curves, width=40, **place)
            if is_new:
                make_room(ax)
        self.ax_ = ax
        self.figure_ = figure_of(ax)
        return self


def _check_search(search):
    """Refuse what is no search over parameters, and one that was not fitted."""
    if not hasattr(search, "scoring"):
        raise TypeError(
            f"search is a {type(search).__name__}, but what is drawn are the scores of a "
            "search: pass a fitted GridSearchCV."
        )
    check_is_fitted(search, "cv_results_")


def _step(ticks, n_lines):
    """From one line to the next, so that all of a ratio stay nearer to it than to others."""
    if len(ticks) < 2:
        return 0.02
    return min(0.02 * np.ptp(ticks), 0.6 * min(np.diff(ticks)) / n_lines)


def _those_apart(ticks):
    """Those whose labels have room beside each other: the largest, and down from it."""
    apart: list = []
    for tick in reversed(ticks):
        # Just below a tenth, so that rounding keeps none of eleven at equal steps out.
        if not apart or apart[-1] - tick > 0.099 * np.ptp(ticks):
            apart.append(tick)
    return apart[::-1]


def _ratio_parameter(settings):
    names = [
        name
        for name in settings[0]
        if name.split("__")[-1] == "sampling_strategy"
        and all(isinstance(params.get(name), Real) for params in settings)
    ]
    if len(names) != 1:
        raise ValueError(
            "The search must have tried numbers for one sampling_strategy; it tried "
            f"{sorted(settings[0])}."
        )
    return names[0]


def _means_and_sds(scores):
    """Mean and standard deviation over runs, for each ratio; NaN where too few succeeded."""
    runs = np.ma.masked_invalid(scores)
    return runs.mean(axis=1).filled(np.nan), runs.std(axis=1, ddof=1).filled(np.nan)
