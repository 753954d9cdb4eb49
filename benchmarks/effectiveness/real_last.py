"""Translations early, real images last: the end of a classifier's training without the former.

``TorchCNNClassifier.fit`` must be told which rows are synthetic, and no pipeline or comparison
tells it: here the sampler leaves word for the classifier that is trained next in its process.
"""

import numpy as np

from skgan_aug import CycleGANOverSampler

from .boundaries import RecordingClassifier


class MaskRecordingSampler(CycleGANOverSampler):
    """An over-sampler that keeps the mask of its last rows."""

    recorded_mask = None

    def _fit_resample(self, X, y):
        resampled = super()._fit_resample(X, y)
        MaskRecordingSampler.recorded_mask = self.synthetic_mask_
        return resampled


class RealLastClassifier(RecordingClassifier):
    """A classifier whose last epochs see originals and copies alone."""

    def fit(self, X, y):
        """Fit on what :class:`MaskRecordingSampler` returned, or on real rows to be tried."""
        mask = MaskRecordingSampler.recorded_mask
        if mask is None or len(mask) != len(X):
            mask = np.zeros(len(X), dtype=bool)
        return super().fit(X, y, synthetic_mask=mask)
