"""All added rows flipped and shifted, once, whoever made them."""

import numpy as np
from imblearn.over_sampling import SMOTE

from skgan_aug import CycleGANOverSampler
from skgan_aug._augmentation import augment_rows
from skgan_aug.comparison._samplers import resample
from skgan_aug.images import ImageSpec

from .image_sampler import ImageOverSampler


class MovedSMOTEOverSampler(ImageOverSampler):
    """Over-sample with images that SMOTE interpolates, moved."""

    def _added_rows(self, X, y, rng):
        spec = ImageSpec.from_array(X, self.image_shape)
        counts = {
            label: n + np.count_nonzero(y == label)
            for label, n in self.sampling_strategy_.items()
        }
        smote = SMOTE(sampling_strategy=counts, random_state=rng)
        images, labels = (part[len(X) :] for part in resample(smote, X, y))
        for target in self.sampling_strategy_:
            yield move(images[labels == target], spec, seed=rng.randint(2**31))


class MovedAdditionsOverSampler(CycleGANOverSampler):
    """An over-sampler whose translations are moved, as ``copy_augmentation`` moves copies."""

    def fit_resample(self, X, y):
        """Over-sample arrays."""
        X_resampled, y_resampled = super().fit_resample(X, y)
        spec, is_moved = ImageSpec.from_array(X, self.image_shape), self.synthetic_mask_
        X_resampled[is_moved] = move(X_resampled[is_moved], spec, seed=self.random_state)
        return X_resampled, y_resampled


def move(rows, spec, *, seed):
    """Flip half of the rows, and shift all."""
    return augment_rows("flips_shifts", rows, spec, seed=seed, parameter="augmentation")
