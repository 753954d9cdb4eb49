"""One score of each sampler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.utils import Bunch

from ..comparison import row_titles, summarize_comparison
from ..comparison._summary import SCORE_TITLES, check_score
from ._figure import figure_of, height_of_line, keep_as_written, new_axes, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from typing_extensions import Self

_WIDTH = 32  # characters of a title in a line: "random over-sampling, ratio 0.25"
_SPREADS = {"sd": "standard deviation", "interval": "95% interval"}


class SamplerComparisonDisplay:
    """Dots with whiskers: one score of each sampler.

    It is recommended to use :meth:`from_comparison` to create one. The dot is
    the mean over seeds and folds. A sampler that never succeeded keeps its
    line, without a dot.

    Parameters
    ----------
    rows : list of dict
        What :func:`~skgan_aug.comparison.summarize_comparison` returned.

    score : {"balanced_accuracy", "macro_f1", "minority_recall"}, \
            default="balanced_accuracy"
        Which score is drawn.

    spread : {"sd", "interval"}, default="sd"
        What the whiskers show: one standard deviation to each side, or the
        95% interval of the mean, which fewer than three runs do not have.
        Intervals of two samplers may overlap although one is better in every
        run: :func:`~skgan_aug.comparison.paired_difference` tells that.

    Attributes
    ----------
    errorbar_ : matplotlib ErrorbarContainer
        Dots and whiskers.

    ax_ : matplotlib Axes
        Axes with the dots.

    figure_ : matplotlib Figure
        Figure that holds the axes.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skgan_aug.comparison import compare_samplers
    >>> from skgan_aug.inspection import SamplerComparisonDisplay
    >>> X, y = load_wine(return_X_y=True)
    >>> result = compare_samplers(
    ...     X, y, samplers=["none", "smote"], classifier=DecisionTreeClassifier(), cv=3)
    >>> SamplerComparisonDisplay.from_comparison(result, spread="interval").spread
    'interval'
    """

    def __init__(
        self,
        *,
        rows: list[dict],
        score: str = "balanced_accuracy",
        spread: Literal["sd", "interval"] = "sd",
    ) -> None:
        self.rows = rows
        self.score = score
        self.spread = spread

    @classmethod
    def from_comparison(
        cls,
        result: Bunch,
        *,
        score: str = "balanced_accuracy",
        spread: Literal["sd", "interval"] = "sd",
        ax: Axes | None = None,
        **errorbar_kw: Any,
    ) -> Self:
        """Draw what :func:`~skgan_aug.comparison.compare_samplers` returned.

        Parameters
        ----------
        result : Bunch
            The comparison.

        score : str, default="balanced_accuracy"
            Which score is drawn.

        spread : {"sd", "interval"}, default="sd"
            What the whiskers show.

        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        **errorbar_kw : dict
            Handed to matplotlib's `errorbar`.

        Returns
        -------
        display : SamplerComparisonDisplay
        """
        display = cls(rows=summarize_comparison(result), score=score, spread=spread)
        return display.plot(ax=ax, **errorbar_kw)

    def plot(self, *, ax: Axes | None = None, **errorbar_kw: Any) -> Self:
        """Draw the dots.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        **errorbar_kw : dict
            Handed to matplotlib's `errorbar`.

        Returns
        -------
        self : SamplerComparisonDisplay
            Drawn: with ``ax_`` and ``figure_``.
        """
        check_score(self.score)
        if self.spread not in _SPREADS:
            raise ValueError(
                f"spread={self.spread!r} is unknown. Choose among {', '.join(_SPREADS)}."
            )
        titles = row_titles(self.rows)
        if ax is None:
            ax = new_axes(figsize=(6, 1 + height_of_row(titles) * len(titles)))
        positions = np.arange(len(self.rows))
        # Scores are shown in points, as everywhere else in a comparison.
        means = 100 * np.array([row[self.score] for row in self.rows])
        spreads = 100 * np.array([row[f"{self.score}_{self.spread}"] for row in self.rows])
        style = {"fmt": "o", "capsize": 3, **errorbar_kw}
        self.errorbar_ = ax.errorbar(means, positions, xerr=np.nan_to_num(spreads), **style)

        ax.set_yticks(positions, labels=[wrapped(title, _WIDTH) for title in titles])
        ax.set_ylim(len(self.rows) - 0.5, -0.5)
        whiskers = f" ± {_SPREADS[self.spread]}" if np.isfinite(spreads).any() else ""
        # From the right: beside long names the axes may be narrower than this.
        ax.set_xlabel(f"{SCORE_TITLES[self.score]}{whiskers}, points", loc="right")
        ax.grid(axis="x", alpha=0.3)
        keep_as_written(*ax.get_yticklabels())
        self.ax_ = ax
        self.figure_ = figure_of(ax)
        return self


def height_of_row(titles):
    """Inches of each of several samplers with such titles."""
    return max(0.4, height_of_line(titles, _WIDTH))
