"""Fashion-MNIST, in the idx files that it is published as."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ._bunch import make_bunch
from ._files import check_inside

_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_MAX_DIMENSIONS = 3
_UNSIGNED_BYTES = 8  # the only kind of number that the files hold
_MAX_BYTES = 2**28  # a small .gz can promise any size; the largest file holds 2**26


def load_fashion_mnist(path: str | os.PathLike[str], *, return_X_y: bool = False) -> Any:
    """Load Fashion-MNIST, 28 x 28 grey images of clothes.

    It is not downloaded; on Debian it is the package ``dataset-fashion-mnist``.

    Parameters
    ----------
    path : str or path-like
        The folder with ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte`` and the
        same of ``t10k``, each with or without ``.gz``.

    return_X_y : bool, default=False
        Return the training part ``(images, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        ``images``: uint8 of shape (n, 28, 28); ``data``: the same as rows; ``target``:
        int, 0 to 9; ``target_names``; ``test_images``, ``test_data``, ``test_target``;
        ``DESCR``.

    Raises
    ------
    ValueError
        For a file that is damaged, or does not hold what its name says.

    Examples
    --------
    >>> from skgan_aug.datasets import load_fashion_mnist
    >>> clothes = load_fashion_mnist("fashion-mnist")  # doctest: +SKIP
    >>> clothes.images.shape  # doctest: +SKIP
    (60000, 28, 28)
    """
    path = Path(path)
    X, y = _read_split(path, "train")
    test = _read_split(path, "t10k")
    descr = f"Fashion-MNIST: {len(X)} training images from {path}"
    return make_bunch(X, y, np.array(_CLASSES), descr, test=test, return_X_y=return_X_y)


def _read_split(path, part):
    images, labels = _find(path, f"{part}-images"), _find(path, f"{part}-labels")
    X, y = _read_idx(images), _read_idx(labels)
    if X.ndim != 3 or y.shape != X.shape[:1]:
        raise ValueError(
            f"{images} holds an array of shape {X.shape}, {labels} one of {y.shape}; needed "
            "are (n, H, W) and (n,)."
        )
    if y.size and y.max() >= len(_CLASSES):
        raise ValueError(f"{labels} holds label {y.max()}; Fashion-MNIST's are 0 to 9.")
    return X, y.astype(np.int64)


def _find(path, name):
    dimensions = 3 if name.endswith("images") else 1
    for file in (f"{name}-idx{dimensions}-ubyte", f"{name}-idx{dimensions}-ubyte.gz"):
        if (path / file).is_file():
            check_inside(path / file, path)
            return path / file
    raise FileNotFoundError(
        f"There is no {name}-idx{dimensions}-ubyte (or .gz) in {path}. Give the folder of "
        "Fashion-MNIST's four files."
    )


def _read_idx(path):
    """The array of an idx file: kind and number of dimensions, big-endian sizes, values."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            start = file.read(4)
            if len(start) < 4 or start[:3] != bytes([0, 0, _UNSIGNED_BYTES]):
                raise ValueError("it does not begin like an idx file of bytes")
            shape = tuple(np.frombuffer(file.read(4 * start[3]), ">u4").tolist())
            n_bytes = math.prod(shape)
            if len(shape) > _MAX_DIMENSIONS or max(shape, default=0) > _MAX_BYTES:
                raise ValueError("it says that it holds no images and no labels")
            if n_bytes > _MAX_BYTES:
                raise ValueError(f"it says that it holds {n_bytes} bytes")
            raw = file.read(n_bytes + 1)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {error}.") from error
    if len(shape) != start[3] or len(raw) != n_bytes:
        raise ValueError(f"{path} is damaged: its length is not what its first bytes say.")
    return np.frombuffer(bytearray(raw), np.uint8).reshape(shape)  # can be written to
