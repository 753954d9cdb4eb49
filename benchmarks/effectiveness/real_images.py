"""The ceiling of every over-sampler: real images of the rare classes, instead of made ones.

What translations are worth lies between random over-sampling, which adds copies, and this,
which adds what a perfect generator would.
"""

import numpy as np

from .image_sampler import ImageOverSampler


class RealImagesOverSampler(ImageOverSampler):
    """Over-sample with the images that were cut away.

    Parameters
    ----------
    X_whole, y_whole : ndarray of shape (n, ...), (n,)
        The training images before any class was cut. Where a class has too few of them,
        they come again.

    share : float, default=1
        Of the added rows; the others are copies of the few that were left.
    """

    def __init__(self, *, X_whole, y_whole, share=1.0, image_shape=None,
                 sampling_strategy="auto", random_state=None):  # fmt: skip
        super().__init__(
            image_shape=image_shape,
            sampling_strategy=sampling_strategy,
            random_state=random_state,
        )
        self.X_whole = X_whole
        self.y_whole = y_whole
        self.share = share

    def _added_rows(self, X, y, rng):
        for target, n in self.sampling_strategy_.items():
            whole = self.X_whole[self.y_whole == target].reshape(-1, *X.shape[1:])
            own = {row.tobytes() for row in X[y == target]}
            new = [row for row in rng.permutation(whole) if row.tobytes() not in own]
            n_new = round(self.share * n)
            copies = rng.choice(np.flatnonzero(y == target), n - n_new)
            yield np.resize(new or X[y == target], (n_new, *X.shape[1:]))
            yield X[copies]
