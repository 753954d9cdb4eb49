"""Losses and the stop signal while CycleGANs were trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..comparison._examples import check_is_fitted_sampler
from ._figure import COLORS, add_title, new_grid, shape_axes, title_of

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..over_sampling import CycleGANOverSampler

# From source to target and the target class's own: solid; the way back: dashed.
_LOSSES = {
    "adversarial": ("_st", "_ts"),
    "discriminator": ("_t", "_s"),
    "cycle": ("_t", "_s"),
    "identity": ("_t", "_s"),
    "crossing": ("",),
    "classifier": ("",),
}


class TrainingCurvesDisplay:
    """Two plots for each pair of classes: losses, and the target-class score.

    It is recommended to use :meth:`from_estimator` to create one. Losses tell
    whether training was stable, not whether it succeeded. The score does: it
    is the mean probability of the target class that the auxiliary classifier,
    which learns from real images alone, gives to translations. Where it falls
    while training goes on, translations do not cross.

    Parameters
    ----------
    histories : dict
        ``{title of the pair: list of dict}``, as in `history_`.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_pairs, 2)
        Losses at the left, scores at the right.

    figure_ : matplotlib Figure
        Figure that holds the axes.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug import CycleGANOverSampler
    >>> from skgan_aug.inspection import TrainingCurvesDisplay
    >>> X = np.random.RandomState(0).randint(256, size=(9, 8, 8)).astype(np.uint8)
    >>> sampler = CycleGANOverSampler(max_iter=2, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, np.repeat(["cat", "dog"], [6, 3]))
    >>> TrainingCurvesDisplay.from_estimator(sampler).axes_.shape
    (1, 2)
    """

    def __init__(self, *, histories: dict) -> None:
        self.histories = histories

    @classmethod
    def from_estimator(
        cls,
        sampler: CycleGANOverSampler,
        *,
        class_names: Mapping | Sequence | np.ndarray | None = None,
        axes: np.ndarray | Sequence | None = None,
    ) -> Self:
        """Draw what a fitted over-sampler recorded.

        Parameters
        ----------
        sampler : CycleGANOverSampler
            After `fit_resample`.

        class_names : dict or sequence, default=None
            How classes are called, where not by their labels: {label: name}, or the names
            of labels 0, 1 and so on, as ``target_names`` of a data set are.

        axes : ndarray of matplotlib Axes of shape (n_pairs, 2), default=None
            Where to draw. By default a new figure.

        Returns
        -------
        display : TrainingCurvesDisplay
        """
        check_is_fitted_sampler(sampler)
        titles = [title_of(pair, class_names) for pair in sampler.history_]
        if len(set(titles)) < len(titles):  # two classes share a name, but no label
            titles = [title_of(pair, None) for pair in sampler.history_]
        histories = dict(zip(titles, sampler.history_.values(), strict=True))
        return cls(histories=histories).plot(axes=axes)

    def plot(self, *, axes: np.ndarray | Sequence | None = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        axes : ndarray of matplotlib Axes of shape (n_pairs, 2), default=None
            Where to draw. By default a new figure.

        Returns
        -------
        self : TrainingCurvesDisplay
            Drawn: with ``axes_`` and ``figure_``.
        """
        if not self.histories:
            raise ValueError("No CycleGAN was trained: there are no curves to draw.")
        n_pairs = len(self.histories)
        is_new = axes is None
        if is_new:
            axes = new_grid(n_pairs, 2, figsize=(9, 0.7 + 2.6 * n_pairs))
        self.axes_ = shape_axes(axes, n_pairs, 2)
        for (title, history), (losses, score) in zip(
            self.histories.items(), self.axes_, strict=True
        ):
            _draw_losses(losses, history)
            _draw_score(score, history)
            add_title(losses, title)
        for ax in self.axes_[-1]:
            ax.set_xlabel("step")
        self.figure_ = self.axes_[0, 0].figure
        if is_new:
            handles = self.axes_[0, 0].get_lines()
            self.figure_.legend(
                handles=handles, loc="outside lower center", ncols=3, frameon=False
            )
        elif not self.figure_.legends:  # nothing is known of the room beside them
            self.axes_[0, 0].legend(fontsize="x-small")
        return self


def _draw_losses(ax, history):
    for color, (family, sides) in zip(COLORS, _LOSSES.items(), strict=False):
        for side, linestyle in zip(sides, ("-", "--"), strict=False):
            name = family + side
            # A loss of weight 0 is not computed, nor others in every step.
            records = [record for record in history if name in record]
            if records:
                steps = [record["n_iter"] for record in records]
                losses = [record[name] for record in records]
                style = {"color": color, "linestyle": linestyle, "label": name}
                if len(steps) < 4:  # a single record has no line to be seen
                    filled = color if linestyle == "-" else "none"
                    style |= {"marker": "o", "markerfacecolor": filled}
                ax.plot(steps, losses, **style)
    ax.set_yscale("log")
    ax.set_ylabel("loss")
    ax.grid(axis="y", alpha=0.3)


def _draw_score(ax, history):
    steps = [record["n_iter"] for record in history]
    scores = [record["target_score"] for record in history]
    ax.plot(steps, scores, "o-", markersize=4, color=COLORS[0])
    ax.set(ylim=(-0.02, 1.02), ylabel="target-class score")
    ax.grid(axis="y", alpha=0.3)
