"""SFEW: facial expressions in frames of films."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ._bunch import make_bunch
from ._emotions import EMOTIONS, list_emotion_files
from ._files import subfolders
from ._folder import check_options, read_splits


def load_sfew(
    path: str | os.PathLike[str],
    *,
    size: int | tuple[int, int] | None = None,
    resize: Literal["stretch", "crop", "pad"] = "stretch",
    mode: Literal["L", "RGB"] | None = None,
    unreadable: Literal["raise", "list"] = "raise",
    return_X_y: bool = False,
) -> Any:
    """Load SFEW (Static Facial Expressions in the Wild).

    It is not downloaded: its authors give it on request. The labels of its test set are
    not published: the validation set is what one is measured on.

    Parameters
    ----------
    path : str or path-like
        The folder that holds ``Train`` and ``Val``, each with a folder per expression.
        Names may go on, as in ``Train_Aligned_Faces``.

    size : int or tuple (height, width), default=None
        Resize every image to this size. Without one, all files must be of one size.

    resize : {"stretch", "crop", "pad"}, default="stretch"
        How, see :func:`resize_images`.

    mode : {"L", "RGB"}, default=None
        Grey or colour. By default grey if every file is stored so, else RGB.

    unreadable : {"raise", "list"}, default="raise"
        As for :func:`load_image_folder`.

    return_X_y : bool, default=False
        Return the training part ``(images, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        ``images``, ``data`` and ``target`` of ``Train``; ``validation_images``,
        ``validation_data`` and ``validation_target`` of ``Val``; ``target_names``, which
        are FER2013's; ``filenames``; ``unreadable``; ``DESCR``.

    Examples
    --------
    >>> from skgan_aug.datasets import load_sfew
    >>> faces = load_sfew("SFEW", size=48, mode="L")  # doctest: +SKIP
    >>> X, X_test = faces.images, faces.validation_images  # doctest: +SKIP
    """
    check_options(size, resize, mode, unreadable)
    path = Path(path)
    listings = {
        split: list_emotion_files(_find(path, prefix), boundary=path)
        for split, prefix in (("train", "train"), ("validation", "val"))
    }
    splits, problems = read_splits(
        listings, size=size, resize=resize, mode=mode, unreadable=unreadable
    )
    X, y, files = splits["train"]
    return make_bunch(
        X,
        y,
        np.array(EMOTIONS),
        f"SFEW: {len(X)} training images from {path}",
        validation=splits["validation"][:2],
        filenames=np.array([str(file) for file in files]),
        unreadable=problems,
        return_X_y=return_X_y,
    )


def _find(path, prefix):
    found = [entry for entry in subfolders(path) if entry.name.lower().startswith(prefix)]
    if len(found) != 1:
        names = ", ".join(entry.name for entry in found) or "none"
        raise ValueError(
            f"{path} must hold one folder whose name starts with {prefix.title()}; it holds "
            f"{names}. Give the folder with Train and Val of one kind."
        )
    return found[0]
