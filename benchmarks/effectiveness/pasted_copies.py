"""Translations beside copies of which half are pasted on other images, as CMO does."""

import numpy as np

from skgan_aug import CycleGANOverSampler

from .cmo import paste


class PastedCopiesOverSampler(CycleGANOverSampler):
    """An over-sampler whose copies are seen before other backgrounds, too."""

    def fit_resample(self, X, y):
        """Over-sample arrays."""
        X_resampled, y_resampled = super().fit_resample(X, y)
        rng = np.random.RandomState(self.random_state)
        is_copy = ~self.synthetic_mask_
        is_copy[: len(X)] = False
        copies = rng.permutation(np.flatnonzero(is_copy))
        pasted = copies[: len(copies) // 2]
        backgrounds = X[rng.choice(len(X), len(pasted))]
        X_resampled[pasted] = paste(X_resampled[pasted], backgrounds, rng)
        return X_resampled, y_resampled
