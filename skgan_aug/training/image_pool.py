"""A pool of past translations, so that discriminators do not chase the newest ones."""

import torch

from .._devices import send


class ImagePool:
    """Exchange half of what passes through for earlier images.

    Parameters
    ----------
    size : int
        Images kept; 0 passes everything through. Of a batch that is larger, half as many
        images as are kept are exchanged.

    rng : torch.Generator
        On the CPU; decides which images are exchanged.

    References
    ----------
    .. [1] Shrivastava, Pfister, Tuzel, Susskind, Wang, Webb, "Learning from Simulated and
       Unsupervised Images through Adversarial Training", CVPR 2017, section 2.3.
    """

    def __init__(self, size, rng):
        self.size = size
        self.rng = rng
        self.images = None

    def exchange(self, x):
        """Return a batch of the shape of ``x``: new images, half of them swapped for old.

        While the pool fills up, every image is kept and returned.
        """
        if not self.size:
            return x
        if self.images is None:
            self.images = x[:0]
        free = min(self.size - len(self.images), len(x))
        self.images = torch.cat([self.images, x[:free]])
        fresh, rest = x[:free], x[free:]
        # As many slots as images, all different: the whole batch is swapped at once.
        slots = torch.randperm(len(self.images), generator=self.rng)[: len(rest)]
        swapped = torch.rand(len(slots), generator=self.rng) < 0.5
        indices = slots[swapped], swapped.nonzero()[:, 0]
        into, out = (send(each, x.device) for each in indices)
        rest = rest.clone()
        rest[out], self.images[into] = self.images[into], rest[out]
        return torch.cat([fresh, rest])
