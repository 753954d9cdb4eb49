"""Recall of each class before and after over-sampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import Bunch

from ..comparison import paired_values, sampler_title
from ..comparison._answer import points
from ._figure import (
    COLORS,
    GREY,
    add_legend,
    figure_of,
    height_of_line,
    keep_as_written,
    name_of,
    new_axes,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from typing_extensions import Self


class ClassRecallDisplay:
    """Dumbbells: recall of each class with one sampler and with another.

    It is recommended to use :meth:`from_comparison` to create one. Dots are
    means over the seeds and folds in which both samplers ran; the difference
    stands at the right. Names of over-sampled classes are bold.

    Parameters
    ----------
    before, after : ndarray of shape (n_runs, n_classes)
        Recall with either sampler, run by run; NaN where a test part lacks
        the class.

    names : list of str
        Of the classes.

    is_minority : ndarray of bool of shape (n_classes,)
        Which classes were over-sampled.

    titles : tuple of str
        How the two samplers are called.

    Attributes
    ----------
    before_, after_ : matplotlib Line2D
        The dots.

    ax_ : matplotlib Axes
        Axes with the dots.

    figure_ : matplotlib Figure
        Figure that holds the axes.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skgan_aug.comparison import compare_samplers
    >>> from skgan_aug.inspection import ClassRecallDisplay
    >>> X, y = load_wine(return_X_y=True)
    >>> result = compare_samplers(
    ...     X, y, samplers=["none", "smote"], classifier=DecisionTreeClassifier(), cv=3)
    >>> ClassRecallDisplay.from_comparison(result, after="smote").names
    ['0', '1', '2']
    """

    def __init__(
        self,
        *,
        before: np.ndarray,
        after: np.ndarray,
        names: list[str],
        is_minority: np.ndarray,
        titles: tuple[str, str],
    ) -> None:
        self.before = before
        self.after = after
        self.names = names
        self.is_minority = is_minority
        self.titles = titles

    @classmethod
    def from_comparison(
        cls,
        result: Bunch,
        *,
        before: str = "none",
        after: str = "cyclegan",
        ratio: float | None = None,
        class_names: Mapping | Sequence | np.ndarray | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw what :func:`~skgan_aug.comparison.compare_samplers` returned.

        Parameters
        ----------
        result : Bunch
            The comparison.

        before, after : str, default="none" and "cyclegan"
            Names of two samplers that were compared.

        ratio : float, default=None
            Which ratio is drawn; by default the largest.

        class_names : dict or sequence, default=None
            How classes are called, where not by their labels: {label: name}, or the names
            of labels 0, 1 and so on, as ``target_names`` of a data set are.

        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        Returns
        -------
        display : ClassRecallDisplay
        """
        recall_after, recall_before = paired_values(
            result, after, before, key="recall", ratio=ratio
        )
        if not len(recall_after):
            raise ValueError(
                f"{before!r} and {after!r} never ran on the same images"
                f"{'' if ratio is None else f' at ratio={ratio}'}: there is no recall to draw."
            )
        display = cls(
            before=recall_before,
            after=recall_after,
            names=[name_of(label, class_names) for label in result.classes.tolist()],
            is_minority=np.isin(result.classes, result.minority_classes),
            titles=(sampler_title(before), sampler_title(after)),
        )
        return display.plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the dumbbells.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        Returns
        -------
        self : ClassRecallDisplay
            Drawn: with ``ax_`` and ``figure_``.
        """
        if ax is None:
            ax = new_axes(figsize=(6, 1.4 + height_of_line(self.names) * len(self.names)))
        positions = np.arange(len(self.names))
        before, after = (_mean_of_runs(recall) for recall in (self.before, self.after))
        ax.hlines(positions, 100 * before, 100 * after, color=GREY, linewidth=2, zorder=1)
        dots: dict[str, Any] = {"linestyle": "none", "markersize": 7}
        (self.before_,) = ax.plot(100 * before, positions, "o", **dots, color=GREY)
        (self.after_,) = ax.plot(100 * after, positions, "D", **dots, color=COLORS[0])
        self._write_differences(ax, positions, after - before)
        self._name_classes(ax, positions)
        ax.set_xlabel("recall, points")
        ax.grid(axis="x", alpha=0.3)
        # Over the names rather than beside the axes, which would become narrow.
        add_legend(
            ax,
            [self.before_, self.after_],
            self.titles,
            over=ax.figure,
            loc="lower right",
            bbox_to_anchor=(1, 1),
        )
        keep_as_written(*ax.get_yticklabels())
        self.ax_ = ax
        self.figure_ = figure_of(ax)
        return self

    def _write_differences(self, ax, positions, differences):
        beside = ax.get_yaxis_transform()
        for position, difference in zip(positions, differences, strict=True):
            if np.isfinite(difference):
                text = points(difference, signed=True)
                ax.text(1.02, position, text, transform=beside, va="center")

    def _name_classes(self, ax, positions):
        ax.set_yticks(positions, labels=[wrapped(name) for name in self.names])
        for label, is_minority in zip(ax.get_yticklabels(), self.is_minority, strict=True):
            label.set_fontweight("bold" if is_minority else "normal")
        ax.set_ylim(len(positions) - 0.5, -0.5)


def _mean_of_runs(recall):
    """Mean over runs, NaN for a class that none of the test parts has."""
    return np.ma.masked_invalid(recall).mean(axis=0).filled(np.nan)
