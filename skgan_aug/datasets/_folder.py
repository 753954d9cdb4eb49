"""Images in one folder per class."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ._bunch import make_bunch
from ._decode import as_colour, read_images
from ._files import (
    IN_NO_CLASS,
    check_classes_read,
    import_pillow,
    list_class_files,
    split_folders,
    stray_images,
)
from ._resize import check_resize, check_size

MODES = ("L", "RGB")  # grey levels, colours
_N_FILES_SHOWN = 3
_DARK = 16  # of 255


def load_image_folder(
    path: str | os.PathLike[str],
    *,
    size: int | tuple[int, int] | None = None,
    resize: Literal["stretch", "crop", "pad"] = "stretch",
    mode: Literal["L", "RGB"] | None = None,
    unreadable: Literal["raise", "list"] = "raise",
    return_X_y: bool = False,
) -> Any:
    """Load images kept in one folder per class.

    ``path/cat/1.png`` is an image of class "cat", and so is
    ``path/cat/indoor/2.png``. When `path` holds the folders ``train`` (or ``training``)
    and ``test`` (``testing``) or ``val`` (``valid``, ``validation``, ``dev``), or both,
    each with the same class folders, they become the splits. Files that are no images,
    and hidden ones, are passed over.

    Parameters
    ----------
    path : str or path-like
        The folder of class folders.

    size : int or tuple (height, width), default=None
        Resize every image to this size; an int means a square. Without one,
        all files must be of one size.

    resize : {"stretch", "crop", "pad"}, default="stretch"
        How, see :func:`resize_images`.

    mode : {"L", "RGB"}, default=None
        Grey or colour. By default grey if every file is stored so, else RGB.

    unreadable : {"raise", "list"}, default="raise"
        What to do about files that cannot be read, and those that are not opened:
        links out of `path`, devices, images of more pixels than
        ``PIL.Image.MAX_IMAGE_PIXELS``. "list" leaves them out and lists them, with
        their reasons, in ``unreadable``.

    return_X_y : bool, default=False
        Return the training part ``(images, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        ``images``: uint8 of shape (n, H, W) if grey, else (n, H, W, 3);
        ``data``: the same as rows; ``target``: int, the position in
        ``target_names``, the sorted names of the folders; ``filenames``;
        ``unreadable``: list of (file, reason); ``passed_over``: files that are no
        images by their names; ``DESCR``; and with other splits
        ``test_images``, ``test_data`` and ``test_target``, or ``validation_images``
        and so on.

    Raises
    ------
    FileNotFoundError
        When there is no such folder.

    ValueError
        When it holds no folders of images, or some that are links or cannot be read, or
        images of several sizes without ``size``.

    Warns
    -----
    UserWarning
        When image files are left out, such as those beside the class folders, or all of a
        class are nearly black.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skgan_aug.datasets import load_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("cat", "dog"):
    ...         Path(folder, name).mkdir()
    ...         Image.new("L", (30, 20), 99).save(Path(folder, name, "1.jpg"))
    ...     data = load_image_folder(folder, size=16)
    >>> data.images.shape, data.target_names.tolist()
    ((2, 16, 16), ['cat', 'dog'])
    """
    check_options(size, resize, mode, unreadable)
    folders = split_folders(Path(path))
    listings = {
        split: list_class_files(folder, boundary=Path(path))
        for split, folder in folders.items()
    }
    stray = stray_images(Path(path)) if len(folders) > 1 else []
    names = listings["train"].names
    for listing in listings.values():
        _check_classes(listing, names)
    splits, problems = read_splits(
        listings, size=size, resize=resize, mode=mode, unreadable=unreadable, stray=stray
    )
    X, y, files = splits.pop("train")
    check_classes_read(listings["train"], y)
    others = {
        split: (images, np.searchsorted(names, listings[split].names)[labels])
        for split, (images, labels, _) in splits.items()
    }
    return make_bunch(
        X,
        y,
        names,
        f"{len(X)} images of {len(names)} classes from {path}",
        **others,
        filenames=np.array([str(file) for file in files]),
        unreadable=problems,
        passed_over=[str(file) for listing in listings.values() for file in listing.others],
        return_X_y=return_X_y,
    )


def read_splits(listings, *, size, resize, mode, unreadable, stray=()):
    """Read all images of some listings, in the same size and mode.

    Parameters
    ----------
    listings : dict
        ``{split: ClassFiles}``.

    size, resize, mode, unreadable
        As for :func:`load_image_folder`.

    stray : list of Path, default=()
        Image files beside the folders of the splits.

    Returns
    -------
    splits : dict
        ``{split: (images, labels, files)}``: uint8 of shape (n, H, W) or (n, H, W, 3),
        positions in the listing's names, list of Path.

    problems : list of tuple (str, str)
        Files that were left out, and why.
    """
    in_splits = (file for listing in listings.values() for file in listing.stray)
    _warn_of_strays([*stray, *in_splits])
    problems = [entry for listing in listings.values() for entry in listing.refused]
    read = {
        split: dict(read_images(listing.files, problems, size=size, resize=resize, mode=mode))
        for split, listing in listings.items()
    }
    files = [listings[split].files[i] for split, own in read.items() for i in own]
    images = [image for own in read.values() for image in own.values()]
    _report(problems, len(images) + len(problems), unreadable)
    if not images:
        raise ValueError(f"None of the {len(problems)} image files can be read.")
    _check_one_size(images, files)
    classes = [
        str(listing.root / listing.names[listing.target[i]])
        for split, listing in listings.items()
        for i in read[split]
    ]
    warn_of_darkness(classes, [image.max(initial=0) for image in images])
    have_colour = any(image.ndim == 3 for image in images)
    splits = {}
    for split, own in read.items():
        listing, kept = listings[split], list(own)
        if not kept:
            raise ValueError(
                f"No image in {listing.root} can be read. Repair its files, or remove it."
            )
        X = np.stack([as_colour(image) if have_colour else image for image in own.values()])
        splits[split] = X, listing.target[kept], [listing.files[i] for i in kept]
    return splits, [(str(file), reason) for file, reason in problems]


def check_options(size, resize, mode, unreadable="raise"):
    """Refuse, before anything is read, what cannot be asked of reading."""
    import_pillow()
    if size is not None:
        check_size(size)
    check_resize(resize)
    if mode is not None and mode not in MODES:
        raise ValueError(f'mode={mode!r}: give "L" (grey), "RGB" or None (look at the files).')
    if unreadable not in ("raise", "list"):
        raise ValueError(f'unreadable={unreadable!r}: give "raise" or "list".')


def _check_classes(listing, train_names):
    unknown = sorted(set(listing.names.tolist()) - set(train_names.tolist()))
    if unknown:
        raise ValueError(
            f"{listing.root} holds class {unknown[0]!r}, which the training folder lacks. "
            f"Its classes are {train_names.tolist()}."
        )


def _report(problems, n_files, unreadable):
    if not problems:
        return
    shown = _enumerate(f"{file}: {reason}" for file, reason in problems)
    text = f"{len(problems)} of {n_files} image files cannot be read ({shown})"
    if unreadable == "raise":
        raise ValueError(
            f"{text}. Repair or remove them, or leave them out with unreadable='list'."
        )
    warnings.warn(f"{text}. They are left out.", stacklevel=4)


def _warn_of_strays(files):
    if files:
        warnings.warn(
            f"Image files left out because they are {IN_NO_CLASS}: {len(files)} "
            f"({_enumerate(files)}).",
            stacklevel=4,
        )


def _enumerate(items):
    items = list(map(str, items))
    more = len(items) - _N_FILES_SHOWN
    return "; ".join([*items[:_N_FILES_SHOWN], *([f"and {more} more"] if more > 0 else [])])


def warn_of_darkness(classes, brightest):
    """Say what 16-bit files come to that use the levels of 12 bits or fewer.

    Class by class: those of one may come from another camera than the others.

    Parameters
    ----------
    classes : list of str
        Of each image, as a user knows them.

    brightest : list of int
        The largest level of each image, of 255.
    """
    of_class = dict.fromkeys(classes, 0)
    for name, level in zip(classes, brightest, strict=True):
        of_class[name] = max(of_class[name], level)
    dark = [name for name, level in of_class.items() if level < _DARK]
    if dark:
        which = "" if len(dark) == len(of_class) else f" of {_enumerate(dark)}"
        most = max(of_class[name] for name in dark)
        warnings.warn(
            f"All images{which} are nearly black: none is brighter than {most} of 255. Where "
            "files of 16 bits hold levels of 12, multiply these by 16 first; by 256 if of 8.",
            stacklevel=4,
        )


def _check_one_size(images, files):
    first = images[0].shape[:2]
    for image, file in zip(images, files, strict=True):
        if image.shape[:2] != first:
            raise ValueError(
                f"The images differ in size: {files[0]} is {first[0]} x {first[1]}, {file} is "
                f"{image.shape[0]} x {image.shape[1]}. Give them one size, such as "
                f"size={min(first)} (--size {min(first)})."
            )
