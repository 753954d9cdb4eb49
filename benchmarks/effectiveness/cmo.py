"""Context-rich minority over-sampling: a part of a rare image before another image.

Park, Hong, Heo, Yun, Choi, "The Majority Can Help the Minority: Context-rich Minority
Oversampling for Long-tailed Classification", CVPR 2022: CutMix with a rare image in front of
any other. They mix the labels as the areas are; rows of a training set have one label, so
here the rare image covers at least half.
"""

import numpy as np

from .image_sampler import ImageOverSampler


class CMOOverSampler(ImageOverSampler):
    """Over-sample half with rare images pasted on others, half with real rows drawn again."""

    def _added_rows(self, X, y, rng):
        for target, n in self.sampling_strategy_.items():
            rows = X[rng.choice(np.flatnonzero(y == target), n)]
            n_pasted = round(n / 2)  # CMO leaves half of its batches alone
            backgrounds = X[rng.choice(len(X), n_pasted)]
            yield np.concatenate([paste(rows[:n_pasted], backgrounds, rng), rows[n_pasted:]])


def paste(images, backgrounds, rng):
    """Put a part of each image where it was, in front of a background.

    Parameters
    ----------
    images, backgrounds : ndarray of shape (n, H, W, ...)

    rng : numpy.random.RandomState
        Draws rectangles of the shape of the image, of half its area to all of it.

    Returns
    -------
    pasted : ndarray of shape (n, H, W, ...)
    """
    pasted = backgrounds.copy()
    for row, share in enumerate(np.sqrt(rng.uniform(0.5, 1.0, len(images)))):
        height, width = (int(np.ceil(share * side)) for side in images.shape[1:3])
        top = rng.randint(images.shape[1] - height + 1)
        left = rng.randint(images.shape[2] - width + 1)
        covered = np.s_[row, top : top + height, left : left + width]
        pasted[covered] = images[covered]
    return pasted
