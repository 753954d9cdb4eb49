"""Added rows flipped and shifted, once: for classifiers that have no batches to do it to."""

import numpy as np
import torch

from skgan_aug import CycleGANOverSampler
from skgan_aug.images import ImageSpec
from skgan_aug.training.augmentation import flip_image, shift_randomly

from .image_sampler import ImageOverSampler


class MovedCopiesOverSampler(ImageOverSampler):
    """Over-sample with real rows drawn again, each flipped or not, and shifted."""

    def _added_rows(self, X, y, rng):
        spec = ImageSpec.from_array(X, self.image_shape)
        for target, n in self.sampling_strategy_.items():
            copies = X[rng.choice((y == target).nonzero()[0], n)]
            yield move(copies, spec, seed=rng.randint(2**31))


class MovedAdditionsOverSampler(CycleGANOverSampler):
    """An over-sampler whose translations and copies are all flipped and shifted."""

    def fit_resample(self, X, y):
        """Over-sample arrays."""
        X_resampled, y_resampled = super().fit_resample(X, y)
        spec = ImageSpec.from_array(X, self.image_shape)
        is_moved = self._is_moved()
        is_moved[: len(X)] = False
        X_resampled[is_moved] = move(X_resampled[is_moved], spec, seed=self.random_state)
        return X_resampled, y_resampled

    def _is_moved(self):
        return np.ones_like(self.synthetic_mask_)


class MovedBesideTranslationsOverSampler(MovedAdditionsOverSampler):
    """An over-sampler whose copies are flipped and shifted, its translations not."""

    def _is_moved(self):
        return ~self.synthetic_mask_


def move(rows, spec, *, seed):
    """Flip half of the rows, and shift all, as ``augmentation="flips_shifts"`` does."""
    rng = torch.Generator().manual_seed(seed)
    x = spec.encode(spec.as_tensor(rows))
    return spec.decode(shift_randomly(flip_image(x, rng), rng))
