"""The digits that ship with scikit-learn, as 8-bit images."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_digits

from ._bunch import make_bunch


def load_digits_images(*, return_X_y: bool = False) -> Any:
    """Load scikit-learn's handwritten digits as 8 x 8 grey images.

    Nothing is downloaded. The grey levels, 0 to 16 in the original, are
    stretched to 0 to 255.

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(images, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        ``images``: uint8 of shape (1797, 8, 8); ``data``: the same as rows of
        64 values; ``target``: int, 0 to 9; ``target_names``; ``DESCR``.

    Examples
    --------
    >>> from skgan_aug.datasets import load_digits_images
    >>> digits = load_digits_images()
    >>> digits.images.shape, int(digits.images.max())
    ((1797, 8, 8), 255)
    """
    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    names = np.array([str(name) for name in digits.target_names])
    return make_bunch(images, digits.target, names, digits.DESCR, return_X_y=return_X_y)
