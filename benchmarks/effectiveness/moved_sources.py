"""Flipped and shifted source images, whose translations show what no row of X shows.

The CycleGANs learn from the moved images, too. Copies of rare images stay as they are.
"""

import numpy as np

from skgan_aug import CycleGANOverSampler
from skgan_aug.images import ImageSpec

from .moved_additions import move


class MovedSourcesOverSampler(CycleGANOverSampler):
    """An over-sampler that sees every image of the common classes moved."""

    def fit_resample(self, X, y):
        """Over-sample arrays."""
        X_resampled, y_resampled = super().fit_resample(self._move_common(X, y), y)
        X_resampled[: len(X)] = X
        return X_resampled, y_resampled

    def _move_common(self, X, y):
        classes, counts = np.unique(y, return_counts=True)
        common = np.isin(y, classes[counts >= np.median(counts)])
        spec = ImageSpec.from_array(X, self.image_shape)
        moved = X.copy()
        moved[common] = move(X[common], spec, seed=self.random_state)
        return moved
