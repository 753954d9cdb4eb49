"""The control of every translation: source images under the target's label, as they are.

Images that a CycleGAN left almost unchanged are mislabelled source images. They too move a
classifier towards the rare class, at the cost of the source class: what translations are
worth is what they add to this.
"""

import numpy as np

from skgan_aug._scale import SCALE, fraction_of_class
from skgan_aug.source_classes import resolve_sources, source_rows

from .image_sampler import ImageOverSampler


class UntranslatedOverSampler(ImageOverSampler):
    """Over-sample with rows of the nearest class, and with real rows drawn again.

    Parameters
    ----------
    synthetic_fraction : float or "scale", default="scale"
        Share of the added rows that are mislabelled: as many as would be translations.
    """

    def __init__(self, *, synthetic_fraction=SCALE, image_shape=None, sampling_strategy="auto",
                 random_state=None):  # fmt: skip
        super().__init__(
            image_shape=image_shape,
            sampling_strategy=sampling_strategy,
            random_state=random_state,
        )
        self.synthetic_fraction = synthetic_fraction

    def _added_rows(self, X, y, rng):
        n_to_add = self.sampling_strategy_
        sources = resolve_sources("nearest", X, y, list(n_to_add))
        for target, n in n_to_add.items():
            real = np.flatnonzero(y == target)
            fraction = fraction_of_class(self.synthetic_fraction, len(real), n)
            n_mislabelled = round(fraction * n)
            own = source_rows(y, sources[target], target)
            mislabelled = np.resize(rng.permutation(own), n_mislabelled)
            yield X[np.concatenate([mislabelled, rng.choice(real, n - n_mislabelled)])]
