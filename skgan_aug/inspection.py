"""Displays: what a comparison found, drawn with matplotlib."""

import numpy as np

from .comparison import row_title, summarize_comparison

SCORE_TITLES = {
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "minority_recall": "minority recall",
}


class SamplerComparisonDisplay:
    """Dots with whiskers: one score of each sampler.

    It is recommended to use :meth:`from_comparison` to create one. The dot is
    the mean over seeds and folds, the whisker one standard deviation to each
    side. A sampler that never succeeded keeps its line, without a dot.

    Parameters
    ----------
    rows : list of dict
        What :func:`~skgan_aug.comparison.summarize_comparison` returned.

    score : {"balanced_accuracy", "macro_f1", "minority_recall"}, \
            default="balanced_accuracy"
        Which score is drawn.

    Attributes
    ----------
    errorbar_ : matplotlib ErrorbarContainer
        Dots and whiskers.

    ax_ : matplotlib Axes
        Axes with the dots.

    figure_ : matplotlib Figure
        Figure that holds the axes.
    """

    def __init__(self, *, rows, score="balanced_accuracy"):
        self.rows = rows
        self.score = score

    @classmethod
    def from_comparison(cls, result, *, score="balanced_accuracy", ax=None, **errorbar_kw):
        """Draw what :func:`~skgan_aug.comparison.compare_samplers` returned.

        Parameters
        ----------
        result : Bunch
            The comparison.

        score : str, default="balanced_accuracy"
            Which score is drawn.

        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        **errorbar_kw : dict
            Handed to matplotlib's `errorbar`.

        Returns
        -------
        display : SamplerComparisonDisplay
        """
        return cls(rows=summarize_comparison(result), score=score).plot(ax=ax, **errorbar_kw)

    def plot(self, *, ax=None, **errorbar_kw):
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
        """
        if self.score not in SCORE_TITLES:
            raise ValueError(
                f"score={self.score!r} is unknown. Choose among {', '.join(SCORE_TITLES)}."
            )
        if ax is None:
            ax = _new_axes(len(self.rows))
        positions = np.arange(len(self.rows))
        # Scores are shown in points, as everywhere else in a comparison.
        means = 100 * np.array([row[self.score] for row in self.rows])
        sds = 100 * np.nan_to_num([row[f"{self.score}_sd"] for row in self.rows])
        style = {"fmt": "o", "capsize": 3, **errorbar_kw}
        self.errorbar_ = ax.errorbar(means, positions, xerr=sds, **style)

        several_ratios = len({row["ratio"] for row in self.rows if row["ratio"] > 0}) > 1
        titles = [row_title(row, with_ratio=several_ratios) for row in self.rows]
        ax.set_yticks(positions, labels=titles)
        ax.set_ylim(len(self.rows) - 0.5, -0.5)
        ax.set_xlabel(f"{SCORE_TITLES[self.score]}, points")
        ax.grid(axis="x", alpha=0.3)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _new_axes(n_rows):
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise ImportError("Drawing needs matplotlib: pip install 'skgan_aug[plot]'") from error
    _, ax = plt.subplots(figsize=(6, 1 + 0.4 * n_rows), layout="constrained")
    return ax
