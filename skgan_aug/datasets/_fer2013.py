"""FER2013: facial expressions, as Kaggle publishes them."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ._bunch import make_bunch
from ._emotions import EMOTIONS, list_emotion_files
from ._files import check_inside, split_folders
from ._folder import check_options, read_splits

_SIDE = 48
_MOST_CHARACTERS = 2**18  # of one read: a line has some 9000
_CSV_NAMES = ("fer2013.csv", "icml_face_data.csv", "train.csv")
_SPLIT_OF_USAGE = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}


def load_fer2013(
    path: str | os.PathLike[str],
    *,
    drop_leaks: bool = True,
    unreadable: Literal["raise", "list"] = "raise",
    return_X_y: bool = False,
) -> Any:
    """Load FER2013, 48 x 48 grey images of seven facial expressions.

    It is not downloaded: get it from Kaggle, under its terms.

    Parameters
    ----------
    path : str or path-like
        ``fer2013.csv`` or ``icml_face_data.csv``; ``train.csv``, which is the training
        split alone; a folder that holds one of them (the first there is); or a folder
        with ``train`` and ``test``, each with a folder per expression.

    drop_leaks : bool, default=True
        FER2013 holds exact copies of its test images in the training split. Leave out
        training images that are also in another split, and validation images that are
        also in the test split, which stays whole.

    unreadable : {"raise", "list"}, default="raise"
        As for :func:`load_image_folder`; for class folders.

    return_X_y : bool, default=False
        Return the training part ``(images, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        ``images``: uint8 of shape (n, 48, 48), of the split Training; ``data``: the same
        as rows; ``target``: int, the position in ``target_names``: angry, disgust, fear,
        happy, sad, surprise, neutral; ``validation_images``, ``validation_data`` and
        ``validation_target`` of PublicTest, ``test_images`` and so on of PrivateTest
        (class folders hold both as one test split); ``n_leaks``: how many images were
        left out of each split; ``unreadable``; ``DESCR``.

    Raises
    ------
    ValueError
        Naming the file, the line and what is wrong with it.

    Examples
    --------
    >>> from skgan_aug.datasets import load_fer2013
    >>> faces = load_fer2013("fer2013.csv")  # doctest: +SKIP
    >>> X, y = faces.images, faces.target_names[faces.target]  # doctest: +SKIP
    """
    path = Path(path)
    file = _find_csv(path)
    if file is None:
        options = {"size": _SIDE, "resize": "stretch", "mode": "L", "unreadable": unreadable}
        check_options(**options)
        splits, problems = read_splits(_list_folders(path), **options)
    else:
        splits, problems = _read_csv(file), []
    n_leaks = _drop_leaks(splits) if drop_leaks else dict.fromkeys(splits, 0)
    X, y, *_ = splits.pop("train")
    return make_bunch(
        X,
        y,
        np.array(EMOTIONS),
        f"FER2013 from {path}; {sum(n_leaks.values())} copies across splits left out",
        **splits,
        n_leaks=n_leaks,
        unreadable=problems,
        return_X_y=return_X_y,
    )


def _find_csv(path):
    """The file that ``path`` is or holds; None for a folder of folders."""
    if not path.is_dir():
        return path
    file = next((path / name for name in _CSV_NAMES if (path / name).is_file()), None)
    if file is not None:
        check_inside(file, path)
    return file


def _list_folders(path):
    folders = split_folders(path)
    if len(folders) == 1:
        raise ValueError(
            f"{path} holds neither {', '.join(_CSV_NAMES)} nor the folders train and test."
        )
    return {
        split: list_emotion_files(folder, boundary=path) for split, folder in folders.items()
    }


def _read_csv(path):
    """{split: (images, labels)} of a file with columns emotion, pixels and, maybe, Usage."""
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}. Give FER2013's .csv or its folder.")
    images: dict[str, list] = {}
    labels: dict[str, list] = {}
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        # In pieces, lest a file without ends of lines fill the memory.
        rows = csv.reader(iter(lambda: file.readline(_MOST_CHARACTERS), ""))
        try:
            # The second layout writes " Usage" and " pixels".
            header = [name.strip().lower() for name in next(rows, [])]
        except csv.Error as error:
            raise ValueError(f"{path}, line 1: {error}") from error
        _check_header(header, path)
        try:
            for row in filter(None, rows):
                split, label, image = _parse(header, row)
                images.setdefault(split, []).append(image)
                labels.setdefault(split, []).append(label)
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{path}, line {rows.line_num}: {error}") from error
    if "train" not in images:
        raise ValueError(f"{path} holds no image of the split Training. Is it whole?")
    return {split: (np.stack(images[split]), np.array(labels[split])) for split in images}


def _check_header(header, path):
    missing = [name for name in ("emotion", "pixels") if name not in header]
    if missing:
        held = ", ".join(header)[:80] or "nothing"
        remedy = "Needed are emotion, pixels and Usage."
        if "pixels" in header:
            remedy = "test.csv of the competition has no labels: give icml_face_data.csv."
        raise ValueError(f"{path} lacks the column {missing[0]!r}; it holds {held}. {remedy}")


def _parse(header, fields):
    """Split, label and image of one row."""
    if len(fields) != len(header):
        raise ValueError(f"there are {len(fields)} fields instead of {len(header)}")
    row = dict(zip(header, fields, strict=True))
    usage, emotion = row.get("usage", "Training").strip(), row["emotion"].strip()
    if usage not in _SPLIT_OF_USAGE:
        raise ValueError(f"Usage is {usage!r}, not one of {', '.join(_SPLIT_OF_USAGE)}")
    if emotion not in {str(label) for label in range(len(EMOTIONS))}:
        raise ValueError(f"emotion is {emotion!r}, not a number from 0 to {len(EMOTIONS) - 1}")
    try:
        image = np.frombuffer(bytes(map(int, row["pixels"].split())), np.uint8)
    except ValueError as error:
        raise ValueError("pixels must be numbers from 0 to 255, with spaces") from error
    if image.size != _SIDE**2:
        raise ValueError(f"there are {image.size} pixels instead of {_SIDE} x {_SIDE}")
    return _SPLIT_OF_USAGE[usage], int(emotion), image.reshape(_SIDE, _SIDE)


def _drop_leaks(splits):
    """Leave copies of other splits' images out, in place; count them."""
    n_leaks, elsewhere = {}, set()
    for split in ("test", "validation", "train"):
        if split not in splits:
            continue
        X, y, *_ = splits[split]
        pixels = [image.tobytes() for image in X]
        is_own = np.array([entry not in elsewhere for entry in pixels], dtype=bool)
        splits[split] = X[is_own], y[is_own]
        n_leaks[split] = int(len(X) - is_own.sum())
        elsewhere.update(pixels)
    return n_leaks
