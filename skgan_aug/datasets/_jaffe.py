"""JAFFE: facial expressions whose file names say who and what."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ._bunch import make_bunch
from ._emotions import EMOTIONS
from ._files import ClassFiles, list_images
from ._folder import check_options, read_splits

_NAME = re.compile(r"([A-Z]{2})\.([A-Z]{2})\d+\.\d+\.[A-Z]+", re.IGNORECASE)
_CODES = dict(zip(("AN", "DI", "FE", "HA", "SA", "SU", "NE"), EMOTIONS, strict=True))


def load_jaffe(
    path: str | os.PathLike[str],
    *,
    size: int | tuple[int, int] | None = None,
    resize: Literal["stretch", "crop", "pad"] = "stretch",
    unreadable: Literal["raise", "list"] = "raise",
    return_X_y: bool = False,
) -> Any:
    """Load JAFFE, grey images of ten women's facial expressions.

    It is not downloaded: its authors give it on request. Images of one woman resemble
    each other more than those of one expression do: split by ``groups``.

    Parameters
    ----------
    path : str or path-like
        The folder of images such as ``KA.AN1.39.tiff``: subject, expression and its
        number, number of the image. Folders in it are searched too.

    size : int or tuple (height, width), default=None
        Resize every image to this size; the originals are 256 x 256.

    resize : {"stretch", "crop", "pad"}, default="stretch"
        How, see :func:`resize_images`.

    unreadable : {"raise", "list"}, default="raise"
        As for :func:`load_image_folder`; image files of other names count as such.

    return_X_y : bool, default=False
        Return ``(images, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        ``images``: uint8 of shape (n, H, W); ``data``: the same as rows; ``target``: int,
        the position in ``target_names``, which are FER2013's; ``groups``: the subjects,
        such as "KA", for :class:`~sklearn.model_selection.LeaveOneGroupOut`;
        ``filenames``; ``unreadable``; ``DESCR``.

    Raises
    ------
    FileNotFoundError
        When there is no such folder.

    ValueError
        When it holds no images, or some that cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skgan_aug.datasets import load_jaffe
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("KA.AN1.39.tiff", "YM.HA2.52.tiff"):
    ...         Image.new("L", (256, 256), 99).save(Path(folder, name))
    ...     faces = load_jaffe(folder, size=48)
    >>> faces.images.shape, faces.target_names[faces.target].tolist(), faces.groups.tolist()
    ((2, 48, 48), ['angry', 'happy'], ['KA', 'YM'])
    """
    check_options(size, resize, "L", unreadable)
    path = Path(path)
    if not path.is_dir():
        raise FileNotFoundError(
            f"There is no folder {path}. Give the folder of JAFFE's images."
        )
    splits, problems = read_splits(
        {"all": _list_files(path)}, size=size, resize=resize, mode="L", unreadable=unreadable
    )
    X, y, files = splits["all"]
    groups = np.array([file.name[:2].upper() for file in files])
    return make_bunch(
        X,
        y,
        np.array(EMOTIONS),
        f"JAFFE: {len(X)} images of {len(set(groups.tolist()))} subjects from {path}",
        groups=groups,
        filenames=np.array([str(file) for file in files]),
        unreadable=problems,
        return_X_y=return_X_y,
    )


def _list_files(path):
    found, refused, others = list_images(path, path)
    files, target = [], []
    for file in found:
        name = _NAME.fullmatch(file.name)
        emotion = name and _CODES.get(name[2].upper())
        if emotion:
            files.append(file)
            target.append(EMOTIONS.index(emotion))
        else:
            refused.append((file, "its name does not read like KA.AN1.39.tiff"))
    if not files and not refused:
        raise ValueError(f"{path} holds no images.")
    labels = np.array(target, dtype=np.int64)
    return ClassFiles(path, files, labels, np.array(EMOTIONS), refused, others)
