"""Copies of rare images that a CycleGAN moved a little towards the class it translates from.

Translations come from the source class; what is left to fill is filled with copies. A CycleGAN
translates both ways: here each copy goes part of the other way, and keeps its label.
"""

import numpy as np
import torch

from skgan_aug import CycleGANOverSampler
from skgan_aug._devices import resolve_device


class TowardsSourceOverSampler(CycleGANOverSampler):
    """An over-sampler whose copies differ from each other.

    ``max_strength`` is the largest part of the way to the source class that a copy goes.
    """

    max_strength = 0.3

    def fit_resample(self, X, y):
        """Over-sample arrays."""
        X_resampled, y_resampled = super().fit_resample(X, y)
        is_copy = ~self.synthetic_mask_
        is_copy[: len(X)] = False
        rng = np.random.RandomState(self.random_state)
        for (_, target), cyclegan in self.cyclegans_.items():
            copies = np.flatnonzero(is_copy & (y_resampled == target))
            X_resampled[copies] = self._moved(cyclegan, X_resampled[copies], rng)
        return X_resampled, y_resampled

    def _moved(self, cyclegan, rows, rng):
        spec = cyclegan.spec
        device = resolve_device(self.device)
        translations = cyclegan.translate(rows, reverse=True, device=device)
        strengths = rng.uniform(0, self.max_strength, len(rows)).astype(np.float32)
        x = spec.encode(spec.as_tensor(rows))
        strengths = torch.from_numpy(strengths).view(-1, *[1] * (x.dim() - 1))
        return spec.decode(torch.lerp(x, translations, strengths))
