"""Real and synthetic images side by side in a classifier's features."""

import numpy as np
from sklearn.manifold import TSNE
from sklearn.utils import check_array, check_consistent_length, check_random_state

from ._figure import COLORS, GREY, MARKERS, name_of, new_axes, show_names_as_they_are

_LARGEST_PERPLEXITY = 30  # scikit-learn's default, too much for few rows


class FeatureMapDisplay:
    """A map of real and synthetic images; those that look alike lie together.

    It is recommended to use :meth:`from_estimator` or
    :meth:`from_predictions` to create one. Synthetic images should spread
    over the real ones of their class. Heaps of their own give themselves
    away; among another class they are mislabelled. Zhu et al. [1]_ judge
    their images by such a map. Classes with synthetic images have colours,
    the others are grey; names stand at the middle of the real images.

    Parameters
    ----------
    coordinates : ndarray of shape (n, 2)
        Where each image lies.

    labels : ndarray of shape (n,)
        Classes.

    is_synthetic : bool ndarray of shape (n,)
        Which images are synthetic.

    class_names : dict, default=None
        How classes are called, where not by their labels.

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

    def __init__(self, *, coordinates, labels, is_synthetic, class_names=None):
        self.coordinates = coordinates
        self.labels = labels
        self.is_synthetic = is_synthetic
        self.class_names = class_names

    @classmethod
    def from_estimator(
        cls,
        classifier,
        X,
        y,
        is_synthetic,
        *,
        n_per_class=200,
        class_names=None,
        random_state=0,
        ax=None,
    ):
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

        class_names : dict, default=None
            How classes are called, where not by their labels.

        random_state : int, RandomState or None, default=0
            Of the draw and of t-SNE.

        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        Returns
        -------
        display : FeatureMapDisplay
        """
        from ..metrics import extract_features

        rng = check_random_state(random_state)
        X, y, is_synthetic = np.asarray(X), np.asarray(y), _as_mask(is_synthetic)
        check_consistent_length(X, y, is_synthetic)
        kept = _draw(y, is_synthetic, n_per_class, rng)
        return cls.from_predictions(
            extract_features(classifier, X[kept]),
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
        features,
        labels,
        is_synthetic,
        *,
        n_per_class=200,
        class_names=None,
        random_state=0,
        ax=None,
    ):
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

        class_names : dict, default=None
            How classes are called, where not by their labels.

        random_state : int, RandomState or None, default=0
            Of the draw and of t-SNE.

        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        Returns
        -------
        display : FeatureMapDisplay
        """
        features = check_array(features, input_name="features", ensure_min_features=2)
        labels, is_synthetic = np.asarray(labels), _as_mask(is_synthetic)
        check_consistent_length(features, labels, is_synthetic)
        rng = check_random_state(random_state)
        kept = _draw(labels, is_synthetic, n_per_class, rng)
        features, labels, is_synthetic = features[kept], labels[kept], is_synthetic[kept]
        if features.shape[1] > 2:
            perplexity = min(_LARGEST_PERPLEXITY, (len(features) - 1) / 3)
            tsne = TSNE(perplexity=perplexity, init="pca", random_state=rng)
            features = tsne.fit_transform(features)
        display = cls(
            coordinates=features,
            labels=labels,
            is_synthetic=is_synthetic,
            class_names=class_names,
        )
        return display.plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. By default a new figure.

        Returns
        -------
        self : FeatureMapDisplay
        """
        if ax is None:
            ax = new_axes(figsize=(6.5, 6))
        self.real_, self.synthetic_ = {}, {}
        with_synthetic = np.unique(self.labels[self.is_synthetic]).tolist()
        for label in np.unique(self.labels).tolist():
            own = self.labels == label
            color, marker = GREY, "."
            if label in with_synthetic:
                position = with_synthetic.index(label)
                color = COLORS[position % len(COLORS)]
                marker = MARKERS[position % len(MARKERS)]
            real = self.coordinates[own & ~self.is_synthetic]
            synthetic = self.coordinates[own & self.is_synthetic]
            style = {"marker": marker, "s": 22, "linewidths": 0.8}
            if len(synthetic):
                self.synthetic_[label] = ax.scatter(
                    *synthetic.T, facecolors="none", edgecolors=color, **style
                )
            if len(real):
                alpha = 0.35 if color == GREY else 0.9
                self.real_[label] = ax.scatter(*real.T, color=color, alpha=alpha, **style)
            self._name(ax, label, real if len(real) else synthetic)
        _add_key(ax)
        ax.set(xticks=[], yticks=[])
        show_names_as_they_are(ax)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    def _name(self, ax, label, points):
        ax.text(
            *np.median(points, axis=0),
            name_of(label, self.class_names),
            color="black",
            fontweight="bold",
            ha="center",
            va="center",
            bbox={"boxstyle": "round,pad=0.2", "fc": "white", "alpha": 0.75, "lw": 0},
        )


def _as_mask(is_synthetic):
    return np.asarray(is_synthetic, dtype=bool)


def _draw(labels, is_synthetic, n_per_class, rng):
    """Rows that are kept: at most `n_per_class` real and synthetic ones of each class."""
    kept = []
    for label in np.unique(labels):
        for group in (~is_synthetic, is_synthetic):
            rows = np.flatnonzero((labels == label) & group)
            if n_per_class is not None and len(rows) > n_per_class:
                rows = rng.choice(rows, n_per_class, replace=False)
            kept.append(rows)
    return np.sort(np.concatenate(kept))


def _add_key(ax):
    """Say what filled and open markers are, whatever their colours."""
    style = {"markeredgecolor": GREY, "markersize": 5}
    ax.plot([], [], "o", markerfacecolor=GREY, label="real", **style)
    ax.plot([], [], "o", markerfacecolor="none", label="synthetic", **style)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
