"""Source images, their translations, and the real images that these resemble most."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..comparison import example_translations
from ._figure import add_title, new_grid, shape_axes, title_of, wrapped_title

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..over_sampling import CycleGANOverSampler

_ROWS = ("source", "translation", "nearest real")
_SIDE = 0.78  # inches of an image in a figure of our own
_GAP = 1  # pixels between two images


class TranslationsDisplay:
    """Triples for each pair of classes: source, translation, nearest real image.

    It is recommended to use :meth:`from_estimator` to create one. A good
    translation looks like its class, is none of the real images again, and
    keeps something of its source.

    Parameters
    ----------
    examples : dict
        ``{(source, target): (sources, translations, nearest)}``, each images
        of shape (n_examples, H, W[, C]).

    class_names : dict or sequence, default=None
        How classes are called, where not by their labels: {label: name}, or the names
        of labels 0, 1 and so on, as ``target_names`` of a data set are.

    limits : tuple of float, default=None
        Pixel values drawn as black and as white; by default 0 and 255 for
        unsigned bytes, and the lowest and highest pixel of all for others.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_pairs,)
        One for each pair, with three rows of images.

    figure_ : matplotlib Figure
        Figure that holds the axes.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug import CycleGANOverSampler
    >>> from skgan_aug.inspection import TranslationsDisplay
    >>> X = np.random.RandomState(0).randint(256, size=(9, 8, 8)).astype(np.uint8)
    >>> y = np.repeat(["cat", "dog"], [6, 3])
    >>> sampler = CycleGANOverSampler(max_iter=2, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> display = TranslationsDisplay.from_estimator(sampler, X, y, n_examples=4)
    >>> display.axes_[0].get_title(loc="left")
    'cat → dog'
    """

    def __init__(
        self,
        *,
        examples: dict,
        class_names: Mapping | Sequence | np.ndarray | None = None,
        limits: tuple[float, float] | None = None,
    ) -> None:
        self.examples = examples
        self.class_names = class_names
        self.limits = limits

    @classmethod
    def from_estimator(
        cls,
        sampler: CycleGANOverSampler,
        X: ArrayLike,
        y: ArrayLike,
        *,
        pairs: Sequence[tuple[Hashable, Hashable]] | None = None,
        n_examples: int = 6,
        class_names: Mapping | Sequence | np.ndarray | None = None,
        axes: np.ndarray | Sequence | None = None,
    ) -> Self:
        """Draw translations of a fitted over-sampler.

        Parameters
        ----------
        sampler : CycleGANOverSampler
            After `fit_resample`, for images.

        X : array-like of shape (n, H, W), (n, H, W, C) or (n, d)
            Images, or rows of pixels: those it was fitted on, or others.

        y : array-like of shape (n,)
            Their labels.

        pairs : list of (source, target), default=None
            Which pairs are drawn; by default all of `cyclegans_`.

        n_examples : int, default=6
            Triples for each pair, at even steps through the source images.

        class_names : dict or sequence, default=None
            How classes are called, where not by their labels: {label: name}, or the names
            of labels 0, 1 and so on, as ``target_names`` of a data set are.

        axes : ndarray of matplotlib Axes of shape (n_pairs,), default=None
            Where to draw. By default a new figure.

        Returns
        -------
        display : TranslationsDisplay
        """
        examples = example_translations(sampler, X, y, pairs=pairs, n_examples=n_examples)
        # Where pixels are no bytes, black and white are what the translators took them for.
        specs = (cyclegan.spec for cyclegan in sampler.cyclegans_.values())
        limits = next(((spec.low[0], spec.high[0]) for spec in specs), None)
        return cls(examples=examples, class_names=class_names, limits=limits).plot(axes=axes)

    def plot(self, *, axes: np.ndarray | Sequence | None = None) -> Self:
        """Draw the triples.

        Parameters
        ----------
        axes : ndarray of matplotlib Axes of shape (n_pairs,), default=None
            Where to draw. By default a new figure.

        Returns
        -------
        self : TranslationsDisplay
            Drawn: with ``axes_`` and ``figure_``.
        """
        if not self.examples:
            raise ValueError("No CycleGAN was trained: there are no translations to draw.")
        low, high = self.limits or _limits(self.examples)
        grids = [
            _as_grid([_as_colors(images, low, high) for images in triples])
            for triples in self.examples.values()
        ]
        if axes is None:
            axes = _new_grid_for(self.examples, self.class_names)
        self.axes_ = shape_axes(axes, len(self.examples))
        n_columns = most_triples(self.examples)
        shown = zip(self.examples.items(), grids, self.axes_, strict=True)
        for (pair, triples), grid, ax in shown:
            ax.imshow(grid, interpolation="none")
            height, width = triples[0].shape[1:3]
            # Fewer images are as large as those of other pairs.
            ax.set_xlim(-0.5, n_columns * (width + _GAP) - _GAP - 0.5)
            centres = (height + _GAP) * np.arange(3) + (height - 1) / 2
            ax.set_yticks(centres, labels=_ROWS)
            ax.set_xticks([])
            ax.tick_params(length=0)
            ax.spines[:].set_visible(False)
            title = title_of(pair, self.class_names)
            add_title(ax, title, inches=_SIDE * n_columns)
        self.figure_ = self.axes_[0].figure
        return self


def _new_grid_for(examples, class_names):
    n_examples = most_triples(examples)
    # Few stand in the middle, with a title that is longer than they are.
    width = max(1.2 + _SIDE * n_examples, 5.6 - 0.7 * n_examples)
    size = (width, height_of(examples, class_names, width, _SIDE))
    return new_grid(len(examples), 1, figsize=size, layout="compressed")


def height_of(examples, class_names, width, side):
    """Inches for a figure of examples that is so wide, with images as wide as ``side``."""
    _, rows, columns = next(iter(examples.values()))[0].shape[:3]
    inches = min(0.775 * width, _SIDE * most_triples(examples))
    titles = [wrapped_title(title_of(pair, class_names), inches) for pair in examples]
    of_titles = sum(0.35 + 0.2 * title.count("\n") for title in titles)
    return of_titles + 3 * side * rows / columns * len(examples)


def most_triples(examples):
    """Triples of the pair that has most: those of a small source class are fewer."""
    return max(len(sources) for sources, *_ in examples.values())


def _limits(examples):
    every = [images for triples in examples.values() for images in triples]
    if every[0].dtype == np.uint8:
        return 0, 255
    low = min(images.min() for images in every)
    high = max(images.max() for images in every)
    return float(low), float(high)  # differences of small integers would wrap


def _as_colors(images, low, high):
    """Scale to [0, 1] and bring grey images, with or without a channel axis, to RGBA."""
    span = high - low if high > low else 1
    colors = np.clip((images.astype(np.float64) - low) / span, 0, 1)
    if colors.ndim == 3:
        colors = colors[..., np.newaxis]
    if colors.shape[-1] not in (1, 3):
        raise ValueError(
            f"Images of {colors.shape[-1]} channels cannot be shown: only grey and RGB."
        )
    colors = np.broadcast_to(colors, (*colors.shape[:3], 3))
    return np.concatenate([colors, np.ones((*colors.shape[:3], 1))], axis=-1)


def _as_grid(rows):
    """Lay rows of images, (n, H, W, 4) each, out with transparent gaps between them."""
    rows = [np.pad(row, [(0, 0), (0, _GAP), (0, _GAP), (0, 0)]) for row in rows]
    return np.concatenate([np.concatenate(list(row), axis=1) for row in rows])[:-_GAP, :-_GAP]
