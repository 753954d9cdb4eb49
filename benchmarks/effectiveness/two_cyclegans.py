"""Every other translation from a second CycleGAN, for more kinds of them.

Each rare class has two CycleGANs. With half the steps each they cost what the default does.
"""

import numpy as np

from skgan_aug import CycleGANOverSampler
from skgan_aug.source_classes import resolve_sources


class TwoSourcesOverSampler(CycleGANOverSampler):
    """An over-sampler whose rare classes each have two sources, in turn."""

    def fit_resample(self, X, y):
        """Over-sample arrays with the first CycleGANs, then with the second."""
        X_resampled, y_resampled = super().fit_resample(X, y)
        other = CycleGANOverSampler(**(self.get_params() | self._second(X, y)))
        # Which rows are translations depends on counts alone: the same in both.
        turns = np.flatnonzero(self.synthetic_mask_)[::2]
        X_resampled[turns] = other.fit_resample(X, y)[0][turns]
        return X_resampled, y_resampled

    def _second(self, X, y):
        """What the second CycleGANs have that the first have not."""
        nearest = {target: source for source, target in self.cyclegans_}
        return {
            "source": {target: _second_nearest(X, y, target, nearest) for target in nearest}
        }


class TwoTrainingsOverSampler(TwoSourcesOverSampler):
    """An over-sampler whose CycleGANs are trained twice, from other initial weights."""

    def _second(self, X, y):
        return {"random_state": self.random_state + 1_000_000}


def _second_nearest(X, y, target, nearest):
    """The source that is chosen once the nearest class is away."""
    others = y != nearest[target]
    targets = [label for label in nearest if label != nearest[target]]
    return resolve_sources("nearest", X[others], y[others], targets)[target]
