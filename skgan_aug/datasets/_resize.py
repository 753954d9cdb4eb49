"""Antialiased resizing of stacks of images."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Literal

import numpy as np
import torch
from torch.nn import functional as F

from ..images import to_dtype

_BATCH_VALUES = 2**20  # bounds the memory of the floating-point copy
RESIZE_POLICIES = ("stretch", "crop", "pad")


def resize_images(
    X: np.ndarray,
    size: int | tuple[int, int],
    *,
    resize: Literal["stretch", "crop", "pad"] = "stretch",
) -> np.ndarray:
    """Resize images, averaging over the pixels that fall together.

    Parameters
    ----------
    X : ndarray of shape (n, H, W) or (n, H, W, C)
        Images of any integer or floating dtype.

    size : int or tuple (height, width)
        The size wanted; an int means a square.

    resize : {"stretch", "crop", "pad"}, default="stretch"
        What becomes of images of other proportions: "stretch" distorts them, "crop"
        cuts their longer sides, evenly, "pad" repeats the pixels of their edges.

    Returns
    -------
    X_resized : ndarray of shape (n, height, width) or (n, height, width, C)
        Images of the dtype of ``X``; integers are rounded, not truncated.

    Raises
    ------
    ValueError
        For X that holds no images of numbers, a size that is none, or an unknown ``resize``.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.datasets import resize_images
    >>> resize_images(np.full((2, 48, 48, 3), 7, dtype=np.uint8), 32).shape
    (2, 32, 32, 3)
    """
    if np.ma.is_masked(X):
        raise ValueError("X has masked values: fill them, or leave their rows out.")
    X = np.asarray(X)
    size = check_size(size)
    if X.ndim not in (3, 4) or 0 in X.shape[1:]:
        raise ValueError(
            f"resize_images needs X of shape (n, H, W) or (n, H, W, C), got {X.shape}. "
            "Reshape rows of pixels into images first."
        )
    if X.dtype.kind not in "uif":
        raise ValueError(f"resize_images needs numbers in X, got dtype {X.dtype}.")
    check_resize(resize)
    if X.shape[1:3] == size:
        return X.copy()
    if resize == "crop":
        X = _crop(X, size)
    elif resize == "pad":
        return _pad(X, size)
    resized = np.empty((len(X), *size, *X.shape[3:]), dtype=X.dtype)
    n_rows = max(1, _BATCH_VALUES // math.prod(X.shape[1:]))
    for start in range(0, len(X), n_rows):
        batch = slice(start, start + n_rows)
        resized[batch] = _resize_batch(X[batch], size)
    return resized


def check_size(size) -> tuple[int, int]:
    """Turn an int or a pair into ``(height, width)``, both positive ints."""
    pair = (size, size) if isinstance(size, Integral) else size
    try:
        height, width = pair
    except (TypeError, ValueError):
        height = width = 0
    if not all(isinstance(side, Integral) and int(side) > 0 for side in (height, width)):
        raise ValueError(
            f"size={size!r} is no image size. Give a positive int, or (height, width)."
        )
    return int(height), int(width)


def check_resize(resize):
    """Raise ValueError for an unknown policy."""
    if resize not in RESIZE_POLICIES:
        raise ValueError(f"resize={resize!r}: give one of {', '.join(RESIZE_POLICIES)}.")


def _crop(X, size):
    """The largest part, in the middle, that has the proportions of ``size``."""
    sides = X.shape[1:3]
    height, width = _largest(size, sides)
    top, left = (sides[0] - height) // 2, (sides[1] - width) // 2
    return X[:, top : top + height, left : left + width]


def _pad(X, size):
    """All of the images, as large as fits, and their edges repeated around them."""
    inner = _largest(X.shape[1:3], size)
    resized = resize_images(X, inner)
    missing = [wanted - side for side, wanted in zip(inner, size, strict=True)]
    around = [(0, 0), *((n // 2, n - n // 2) for n in missing), *[(0, 0)] * (X.ndim - 3)]
    return np.pad(resized, around, mode="edge")


def _largest(proportions, limits):
    """The largest size of these proportions within ``limits``, all (height, width)."""
    pairs = list(zip(proportions, limits, strict=True))
    scale = min(limit / side for side, limit in pairs)
    return [min(limit, max(1, round(scale * side))) for side, limit in pairs]


def _resize_batch(X, size):
    # Above 16 bits float32 could not hold every integer.
    working_dtype = (
        np.float64 if X.dtype.itemsize > 2 and X.dtype != np.float32 else np.float32
    )
    tensor = torch.from_numpy(X.astype(working_dtype))
    is_grey = X.ndim == 3
    tensor = tensor.unsqueeze(1) if is_grey else tensor.permute(0, 3, 1, 2)
    tensor = F.interpolate(tensor, size=size, mode="bilinear", antialias=True)
    resized = (tensor.squeeze(1) if is_grey else tensor.permute(0, 2, 3, 1)).numpy()
    return to_dtype(resized, X.dtype)
