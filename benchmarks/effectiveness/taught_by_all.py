"""CycleGANs that learnt from all real images of a rare class, though X has a few of them.

What they add tells how much of the distance to real images is owed to the few images that a
CycleGAN learns from, and how much to translation itself.
"""

import numpy as np

from skgan_aug import CycleGANOverSampler


class TaughtByAllOverSampler(CycleGANOverSampler):
    """An over-sampler whose CycleGANs saw the images that were cut away.

    It is made by :meth:`of_whole`, as those images are no parameter of the library's.
    """

    @classmethod
    def of_whole(cls, X_whole, y_whole, **params):
        """Make one that knows the training images before any class was cut."""
        sampler = cls(**params)
        sampler.whole_ = X_whole, y_whole
        return sampler

    def __sklearn_clone__(self):
        return type(self).of_whole(*self.whole_, **self.get_params(deep=False))

    def _train(self, X, y, seeds, spec, config, device):
        X_whole, y_whole = self.whole_
        is_rare = np.isin(y, [target for _, target in seeds])
        was_rare = np.isin(y_whole, [target for _, target in seeds])
        X = np.concatenate([X[~is_rare], X_whole[was_rare].reshape(-1, *X.shape[1:])])
        y = np.concatenate([y[~is_rare], y_whole[was_rare]])
        return super()._train(X, y, seeds, spec, config, device)
