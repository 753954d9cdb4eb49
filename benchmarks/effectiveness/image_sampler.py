"""What the benchmark's own over-samplers share: images of any shape, rows class by class."""

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from sklearn.utils import check_random_state


class ImageOverSampler(BaseOverSampler):
    """Over-sample rows of any shape, (n, ...), which imbalanced-learn's own refuse.

    A subclass makes rows in ``_added_rows``.
    """

    _parameter_constraints: dict = {}

    def __init__(self, *, image_shape=None, sampling_strategy="auto", random_state=None):
        super().__init__(sampling_strategy=sampling_strategy)
        self.image_shape = image_shape
        self.random_state = random_state

    def _check_X_y(self, X, y):
        y, is_one_hot = check_target_type(y, indicate_one_vs_all=True)
        return np.asarray(X), y, is_one_hot

    def _fit_resample(self, X, y):
        added = self._added_rows(X, y, check_random_state(self.random_state))
        labels = np.array(list(self.sampling_strategy_), dtype=y.dtype)
        counts = list(self.sampling_strategy_.values())
        return np.concatenate([X, *added]), np.concatenate([y, np.repeat(labels, counts)])

    def _added_rows(self, X, y, rng):
        """The rows of each class of ``sampling_strategy_``, in its order and numbers."""
        raise NotImplementedError
