"""Rows and images as tensors: the only place that knows layout, dtype and range."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

from ._devices import send
from ._threads import without_warning

_SINGLE_PRECISION_DTYPES = (
    torch.uint8,
    torch.int8,
    torch.bool,
    torch.int16,
    torch.float16,
    torch.float32,
)
_SMALLEST_SPAN = 1e-36
_FURTHEST = 1e6  # where values far beyond the range end, which networks would overflow on


@dataclass(frozen=True)
class ImageSpec:
    """How one array of images or vectors maps to float32 tensors in [-1, 1].

    Images become (n, C, H, W), vectors (n, n_features).

    Parameters
    ----------
    row_shape : tuple of int
        Shape of one row of X: (H, W), (H, W, C) or (n_features,).

    image_shape : tuple of int or None
        (H, W) or (H, W, C); None means vectors.

    dtype : numpy dtype
        The dtype of X, restored by :meth:`decode`.

    low, high : tuple of float
        Values that map to -1 and 1: one each for images (0 and 255 for uint8, the
        observed minimum and maximum otherwise), one per column for vectors.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.images import ImageSpec
    >>> X = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    >>> spec = ImageSpec.from_array(X)
    >>> spec.encode(spec.as_tensor(X)).shape
    torch.Size([2, 1, 3, 4])
    """

    row_shape: tuple[int, ...]
    image_shape: tuple[int, ...] | None
    dtype: np.dtype
    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def from_array(
        cls, X: np.ndarray, image_shape: tuple[int, ...] | None = None
    ) -> ImageSpec:
        """Describe ``X``.

        Parameters
        ----------
        X : ndarray of shape (n, d), (n, H, W) or (n, H, W, C)
            Images, flattened images or vectors; finite numbers.

        image_shape : tuple of int, default=None
            (H, W) or (H, W, C) of the images that 2-D rows hold. Without it 2-D rows
            are vectors.

        Returns
        -------
        spec : ImageSpec

        Raises
        ------
        ValueError
            When ``image_shape`` and X disagree.
        """
        image_shape = check_image_shape(X.shape, image_shape)
        if image_shape is None:
            low, high = X.min(axis=0), X.max(axis=0)
        elif X.dtype == np.uint8:
            low, high = np.array([0.0]), np.array([255.0])
        else:
            low, high = np.array([X.min()]), np.array([X.max()])
        return cls(
            X.shape[1:],
            image_shape,
            X.dtype,
            tuple(low.astype(float).tolist()),
            tuple(high.astype(float).tolist()),
        )

    @property
    def is_image(self) -> bool:
        """False for vectors."""
        return self.image_shape is not None

    @property
    def image_size(self) -> tuple[int, int]:
        """(H, W) of images."""
        return self._known_image_shape()[:2]

    @property
    def n_channels(self) -> int:
        """C of images; 1 for grey ones."""
        return (*self._known_image_shape(), 1)[2]

    @property
    def n_features(self) -> int:
        """Number of values in a row: of vectors their length, of images all pixels."""
        return math.prod(self.row_shape)

    def resized(self, image_size: tuple[int, int]) -> ImageSpec:
        """Describe the same images in another size.

        Parameters
        ----------
        image_size : tuple of int
            (H, W).

        Returns
        -------
        spec : ImageSpec
            Of rows of shape (H, W) or (H, W, C).
        """
        image_shape = (*image_size, *self._known_image_shape()[2:])
        return replace(self, row_shape=image_shape, image_shape=image_shape)

    def _known_image_shape(self):
        if self.image_shape is None:
            raise ValueError(
                "This ImageSpec is one of vectors, which have no image_size and no channels: "
                "pass image_shape, or look at n_features."
            )
        return self.image_shape

    def check_rows(self, rows: np.ndarray) -> None:
        """Refuse rows of another shape than this was made for.

        Parameters
        ----------
        rows : ndarray of shape (n, ...)
            In the dtype and range of X or any other.

        Raises
        ------
        ValueError
            Naming both shapes.
        """
        if rows.shape[1:] != self.row_shape:
            raise ValueError(
                f"X has rows of shape {rows.shape[1:]}, but was fitted on rows of shape "
                f"{self.row_shape}."
            )

    def as_tensor(self, rows: np.ndarray) -> torch.Tensor:
        """Hand over rows of X, unconverted.

        Parameters
        ----------
        rows : ndarray of shape (n, ...)
            In the dtype and range of X.

        Returns
        -------
        raw : tensor of shape (n, ...)
            Of the same dtype, or float64 where torch lacks it; shares the memory of ``rows``
            where it can.
        """
        rows = np.ascontiguousarray(rows)
        try:
            return _from_numpy(rows)
        except (TypeError, ValueError):  # a dtype or byte order that torch lacks
            return torch.from_numpy(rows.astype(np.float64))

    def encode(self, raw: torch.Tensor) -> torch.Tensor:
        """Convert a batch of :meth:`as_tensor` rows.

        Parameters
        ----------
        raw : tensor of shape (n, ...)
            In the dtype and range of X.

        Returns
        -------
        x : float32 tensor of shape (n, C, H, W) or (n, n_features)
            In [-1, 1]: ``low`` becomes -1, ``high`` 1. Rows out of the range go beyond, but
            no further than a million.
        """
        low, half_span = self._scale(raw)
        x = ((raw.to(low.dtype) / 2 - low / 2) / half_span) * 2 - 1
        x = x.clamp(-_FURTHEST, _FURTHEST).float()
        if not self.is_image:
            return x
        return x.reshape(len(x), *self.image_size, self.n_channels).permute(0, 3, 1, 2)

    def decode(self, x: torch.Tensor) -> np.ndarray:
        """Convert tensors back to rows of X, shape, dtype and range restored.

        Parameters
        ----------
        x : float tensor of shape (n, C, H, W) or (n, n_features)
            In [-1, 1]; what lies outside is clipped.

        Returns
        -------
        rows : ndarray of shape (n, ...)
            In the dtype and range of X, integers rounded.
        """
        x = x.detach().cpu().double().clamp(-1, 1)
        if self.is_image:
            x = x.permute(0, 2, 3, 1)
        flat = x.reshape(len(x), -1).numpy()
        low, high = np.array(self.low), np.array(self.high)
        share = (flat + 1) / 2
        rows = (1 - share) * low + share * high  # the span of float64 extremes would overflow
        rows = to_dtype(np.clip(rows, low, high), self.dtype)
        return rows.reshape(len(x), *self.row_shape)

    def _scale(self, raw):
        low, high = torch.from_numpy(np.array([self.low, self.high], dtype=np.float64))
        # Halved first: the span of float64 extremes would overflow.
        half_span = high / 2 - low / 2
        half_span[half_span == 0] = 1.0
        # Denormal numbers of float32 would be halved to 0.
        exact = raw.dtype in _SINGLE_PRECISION_DTYPES and half_span.min() > _SMALLEST_SPAN
        dtype = torch.float32 if exact else torch.float64
        return send(low.to(dtype), raw.device), send(half_span.to(dtype), raw.device)


def to_dtype(values, dtype):
    """Convert numbers; to integers and bools rounded, to integers clipped to their range.

    Parameters
    ----------
    values : ndarray
        Numbers.

    dtype : numpy.dtype
        Wanted.

    Returns
    -------
    converted : ndarray of the shape of values
    """
    if dtype.kind in "iub":
        values = np.rint(values)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        values = np.clip(values, limits.min, _largest_float(limits.max))
    return values.astype(dtype, copy=False)


def _largest_float(limit):
    """Largest float up to an integer; that of 64 bits lies between two."""
    nearest = float(limit)
    return nearest if int(nearest) <= limit else np.nextafter(nearest, 0)


def check_image_shape(shape, image_shape):
    """Agree on the image shape of an array.

    Parameters
    ----------
    shape : tuple of int
        Shape of X.

    image_shape : tuple of int or None
        What the user declared.

    Returns
    -------
    image_shape : tuple of int or None
        (H, W) or (H, W, C); None for vectors.

    Raises
    ------
    ValueError
        When the two disagree, naming both and the remedy.
    """
    if len(shape) not in (2, 3, 4):
        raise ValueError(
            f"X has shape {tuple(shape)}, but must be (n, d), (n, H, W) or (n, H, W, C)."
        )
    if 0 in shape:
        raise ValueError(f"X has shape {tuple(shape)}: its images are empty.")
    declared = None if image_shape is None else _as_sides(image_shape)
    if len(shape) == 2:
        if declared is not None and int(np.prod(declared)) != shape[1]:
            raise ValueError(
                f"image_shape={image_shape!r} has {int(np.prod(declared))} values, but each "
                f"row of X has {shape[1]}. Pass the (H, W) or (H, W, C) of the images that "
                "the rows hold."
            )
        return declared
    if declared is not None and declared != tuple(shape[1:]):
        raise ValueError(
            f"image_shape={image_shape!r}, but the images in X are {tuple(shape[1:])}. Leave "
            "image_shape out: it is read from X of three or more dimensions."
        )
    return tuple(shape[1:])


def _from_numpy(rows):
    if rows.flags.writeable:
        return torch.from_numpy(rows)
    # Memory maps of parallel workers are read-only; so is every use of this tensor.
    with without_warning("The given NumPy array is not writ"):
        return torch.from_numpy(rows)


def _as_sides(image_shape):
    sides = tuple(image_shape)
    are_positive = all(isinstance(side, int | np.integer) and side > 0 for side in sides)
    if len(sides) not in (2, 3) or not are_positive:
        raise ValueError(
            f"image_shape={image_shape!r} must be (H, W) or (H, W, C) of positive integers."
        )
    return tuple(map(int, sides))
