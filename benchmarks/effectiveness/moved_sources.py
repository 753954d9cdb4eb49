"""Flipped and shifted source images, whose translations show what no row of X shows.

The CycleGANs learn from the moved images, too. Copies of rare images stay as they are.
"""

import numpy as np
import torch

from skgan_aug import CycleGANOverSampler
from skgan_aug.images import ImageSpec
from skgan_aug.training.augmentation import flip_image, shift_randomly


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
        rng = torch.Generator().manual_seed(self.random_state)
        x = spec.encode(spec.as_tensor(X[common]))
        moved = X.copy()
        moved[common] = spec.decode(shift_randomly(flip_image(x, rng), rng))
        return moved
