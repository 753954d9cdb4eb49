"""The ceiling of every over-sampler: real images of the rare classes, instead of made ones.

What translations are worth lies between random over-sampling, which adds copies, and this,
which adds what a perfect generator would.
"""

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from sklearn.utils import check_random_state


class RealImagesOverSampler(BaseOverSampler):
    """Over-sample with the images that were cut away.

    Parameters
    ----------
    X_whole, y_whole : ndarray of shape (n, ...), (n,)
        The training images before any class was cut. Where a class has too few of them,
        they come again.
    """

    _parameter_constraints: dict = {}

    def __init__(self, *, X_whole, y_whole, image_shape=None, sampling_strategy="auto",
                 random_state=None):  # fmt: skip
        super().__init__(sampling_strategy=sampling_strategy)
        self.X_whole = X_whole
        self.y_whole = y_whole
        self.image_shape = image_shape
        self.random_state = random_state

    def _check_X_y(self, X, y):
        y, is_one_hot = check_target_type(y, indicate_one_vs_all=True)
        return np.asarray(X), y, is_one_hot

    def _fit_resample(self, X, y):
        rng = check_random_state(self.random_state)
        added = []
        for target, n in self.sampling_strategy_.items():
            whole = self.X_whole[self.y_whole == target].reshape(-1, *X.shape[1:])
            own = {row.tobytes() for row in X[y == target]}
            new = [row for row in rng.permutation(whole) if row.tobytes() not in own]
            added.append(np.resize(new or X[y == target], (n, *X.shape[1:])))
        labels = np.repeat(
            np.array(list(self.sampling_strategy_), dtype=y.dtype),
            list(self.sampling_strategy_.values()),
        )
        return np.concatenate([X, *added]), np.concatenate([y, labels])
