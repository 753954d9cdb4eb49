"""Real and synthetic images side by side in a classifier's features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import (
    _safe_indexing,
    check_array,
    check_consistent_length,
    check_random_state,
    column_or_1d,
)

from .._missing import check_unmasked
from .._validation import check_count, plain_labels
from ..metrics import extract_features
from ..metrics._class_space import lay_out
from ._figure import (
    GREY,
    add_legend,
    figure_of,
    keep_as_written,
    make_room,
    name_of,
    new_axes,
    style_of,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from typing_extensions import Self

    from ..classification import TorchCNNClassifier


class FeatureMapDisplay:
    """A map of real and synthetic images; those that look alike lie together.

    It is recommended to use :meth:`from_estimator` or
    :meth:`from_predictions` to create one. Synthetic images should spread
    over the real ones of their class. Heaps of their own give themselves
    away; among another class they are mislabelled. Zhu et al. [1]_ judge
    their images by such a map. Classes with synthetic images have colours,
    the others are grey, with their names in their middle. Copies of an image,
    such as over-sampling adds, are drawn once.

    Parameters
    ----------
    coordinates : ndarray of shape (n, 2)
        Where each image lies.

    labels : ndarray of shape (n,)
        Classes.

    is_synthetic : bool ndarray of shape (n,)
        Which images are synthetic.

    class_names : dict or sequence, default=None
        How classes are called, where not by their labels: {label: name}, or the names
        of labels 0, 1 and so on, as ``target_names`` of a data set are.

    Attributes
    ----------
    real_, synthetic_ : dict
        ``{label: matplotlib PathCollection}``.

    ax_ : matplotlib Axes
        Axes with the map.

    figure_ : matplotlib Figure
        Figure that holds the axes.

    References
    ----------
    .. [1] Zhu, Liu, Qin, Li, "Data Augmentation in Emotion Classification Using
       Generative Adversarial Networks", arXiv 1711.00648, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.inspection import FeatureMapDisplay
    >>> coordinates = np.random.RandomState(0).normal(size=(6, 2))
    >>> labels, is_synthetic = [0, 0, 1, 1, 1, 1], [False] * 4 + [True] * 2
    >>> display = FeatureMapDisplay.from_predictions(coordinates, labels, is_synthetic)
    >>> list(display.real_), list(display.synthetic_)
    ([0, 1], [1])
    """

    def __init__(
        self,
        *,
        coordinates: np.ndarray,
        labels: np.ndarray,
        is_synthetic: np.ndarray,
        class_names: Mapping | Sequence | np.ndarray | None = None,
    ) -> None:
        self.coordinates = coordinates
        self.labels = labels
        self.is_synthetic = is_synthetic
        self.class_names = class_names

    @classmethod
    def from_estimator(
        cls,
        classifier: TorchCNNClassifier,
        X: ArrayLike,
        y: ArrayLike,
        is_synthetic: ArrayLike,
        *,
        n_per_class: int | None = 200,
        class_names: Mapping | Sequence | np.ndarray | None = None,
        random_state: int | np.random.RandomState | None = 0,
        ax: Axes | None = None,
    ) -> Self:
        """Map images by the features of a classifier that was trained on real ones.

        Parameters
        ----------
        classifier : TorchCNNClassifier
            Fitted.

        X : array-like of shape (n, ...)
            Images, as the classifier takes them.

        y : array-like of shape (n,)
            Labels.

        is_synthetic : array-like of bool of shape (n,)
            Which rows are synthetic, such as `synthetic_mask_` of the
            over-sampler.

        n_per_class : int or None, default=200
            At most so many real and as many synthetic images of each class,
            drawn at random: more would only hide each other.

        class_names : dict or sequence, default=None
            How classes are called, where not by their labels: {label: name}, or the names
            of labels 0, 1 and so on, as ``target_names`` of a data set are.

        random_state : int, RandomState or None, default=0
            Of the draw and of t-SNE.

        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        Returns
        -------
        display : FeatureMapDisplay
        """
        rng = check_random_state(random_state)
        check_unmasked(X=X, y=y)
        y, is_synthetic = _as_labels(y, "y"), _as_mask(is_synthetic)
        check_consistent_length(X, y, is_synthetic)
        kept = _draw(np.asarray(X), y, is_synthetic, n_per_class, rng)
        return cls.from_predictions(
            extract_features(classifier, _safe_indexing(X, kept)),
            y[kept],
            is_synthetic[kept],
            n_per_class=None,
            class_names=class_names,
            random_state=rng,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        features: ArrayLike,
        labels: ArrayLike,
        is_synthetic: ArrayLike,
        *,
        n_per_class: int | None = 200,
        class_names: Mapping | Sequence | np.ndarray | None = None,
        random_state: int | np.random.RandomState | None = 0,
        ax: Axes | None = None,
    ) -> Self:
        """Map images by coordinates, or by features that t-SNE makes coordinates of.

        Parameters
        ----------
        features : array-like of shape (n, d)
            Coordinates where d is 2; features where it is more.

        labels : array-like of shape (n,)
            Classes.

        is_synthetic : array-like of bool of shape (n,)
            Which rows are synthetic.

        n_per_class : int or None, default=200
            At most so many real and as many synthetic images of each class,
            drawn at random; None: all.

        class_names : dict or sequence, default=None
            How classes are called, where not by their labels: {label: name}, or the names
            of labels 0, 1 and so on, as ``target_names`` of a data set are.

        random_state : int, RandomState or None, default=0
            Of the draw and of t-SNE.

        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        Returns
        -------
        display : FeatureMapDisplay
        """
        check_unmasked(features=features, labels=labels)
        points = check_array(features, input_name="features", ensure_min_features=2)
        labels, is_synthetic = _as_labels(labels, "labels"), _as_mask(is_synthetic)
        check_consistent_length(points, labels, is_synthetic)
        rng = check_random_state(random_state)
        kept = _draw(points, labels, is_synthetic, n_per_class, rng)
        points = points[kept]
        if points.shape[1] > 2:
            points = lay_out(points, random_state=rng)
        display = cls(
            coordinates=points,
            labels=labels[kept],
            is_synthetic=is_synthetic[kept],
            class_names=class_names,
        )
        return display.plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        Returns
        -------
        self : FeatureMapDisplay
            Drawn: with ``ax_`` and ``figure_``.
        """
        is_new = ax is None
        if ax is None:  # said again for mypy
            ax = new_axes(figsize=(6.5, 6))
        self.real_, self.synthetic_ = {}, {}
        with_synthetic = np.unique(self.labels[self.is_synthetic]).tolist()
        for label in np.unique(self.labels).tolist():
            own = self.labels == label
            if label in with_synthetic:
                style = {**style_of(with_synthetic.index(label)), "s": 24, "linewidths": 0.9}
                points = self.coordinates[own & self.is_synthetic]
                self.synthetic_[label] = ax.scatter(*points.T, **_hollow(style))
            else:
                style = {"color": GREY, "marker": ".", "s": 20, "alpha": 0.4}
            points = self.coordinates[own & ~self.is_synthetic]
            self.real_[label] = ax.scatter(*points.T, **style)
        self._add_key(ax)
        if is_new:
            make_room(ax)
        ax.set(xticks=[], yticks=[])
        self.ax_ = ax
        self.figure_ = figure_of(ax)
        return self

    def _add_key(self, ax):
        """Name the classes, and say what filled and open markers are."""
        style = {"markeredgecolor": GREY, "markersize": 5}
        (real,) = ax.plot([], [], "o", markerfacecolor=GREY, **style)
        (synthetic,) = ax.plot([], [], "o", markerfacecolor="none", **style)
        handles, names = [real, synthetic], ["real", "synthetic"]
        for label, points in self.real_.items():
            name = name_of(label, self.class_names)
            if label in self.synthetic_:
                handles.append(points)
                names.append(name)
            else:
                middle = np.median(np.asarray(points.get_offsets()), axis=0)
                keep_as_written(ax.text(*middle, wrapped(name), ha="center", va="center"))
        add_legend(ax, handles, names, loc="lower left", bbox_to_anchor=(0, 1))


def _hollow(style):
    others = {name: value for name, value in style.items() if name != "color"}
    return {**others, "facecolors": "none", "edgecolors": style["color"]}


def _as_labels(y, name) -> np.ndarray:
    return column_or_1d(plain_labels(y, name))


def _as_mask(is_synthetic) -> np.ndarray:
    check_unmasked(is_synthetic=is_synthetic)
    mask = column_or_1d(is_synthetic)
    is_other = ~np.isin(mask, (False, True))
    if is_other.any():
        raise ValueError(
            f"is_synthetic holds {mask[is_other][:3].tolist()}, but must be True or False of "
            "each row, as a sampler's synthetic_mask_ is."
        )
    return mask.astype(bool)


def _draw(rows, labels, is_synthetic, n_per_class, rng):
    """Positions of what is kept: of each class so many real and synthetic rows, no copies."""
    if n_per_class is not None:
        check_count(n_per_class, "n_per_class")
    kept = []
    for label in np.unique(labels):
        for group in (~is_synthetic, is_synthetic):
            own = np.flatnonzero((labels == label) & group)
            own = np.array(list({rows[k].tobytes(): k for k in own[::-1]}.values())[::-1], int)
            if n_per_class is not None and len(own) > n_per_class:
                own = rng.choice(own, n_per_class, replace=False)
            kept.append(own)
    return np.sort(np.concatenate(kept))
