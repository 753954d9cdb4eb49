"""Images in one folder per class."""

from pathlib import Path

import numpy as np

from ._bunch import make_bunch
from ._resize import check_size, resize_images

# Pillow's names of the pixel formats that carry no colour.
GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
N_FILES_SHOWN = 3


def load_image_folder(path, *, size=None, mode=None, return_X_y=False):
    """Load images kept in one folder per class.

    ``path/cat/1.png`` is an image of class "cat", and so is
    ``path/cat/indoor/2.png``. When `path` holds just the folders ``train`` and
    ``test``, each with the same class folders, they become the two splits.
    Files that are no images, and hidden ones, are passed over.

    Parameters
    ----------
    path : str or path-like
        The folder of class folders.

    size : int or tuple (height, width), default=None
        Resize every image to this size; an int means a square. Without one,
        all files must be of one size.

    mode : {"L", "RGB"}, default=None
        Grey or colour. By default grey if no file has colour, else RGB.

    return_X_y : bool, default=False
        Return the training part ``(images, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        ``images``: uint8 of shape (n, H, W) if grey, else (n, H, W, 3);
        ``data``: the same as rows; ``target``: int, the position in
        ``target_names``, the sorted names of the folders; ``filenames``;
        ``DESCR``; and with a test split ``test_images``, ``test_data``,
        ``test_target``.
    """
    path = Path(path)
    if mode not in (None, "L", "RGB"):
        raise ValueError(f'mode={mode!r}: give "L" (grey), "RGB" or None (look at the files).')
    size = None if size is None else check_size(size)
    suffixes = _image_suffixes()
    train_root, test_root = _split_roots(path)
    files, target, names = _list_files(train_root, suffixes)
    test_files, test_target = [], None
    if test_root is not None:
        test_files, test_target, test_names = _list_files(test_root, suffixes)
        test_target = _align_labels(test_target, test_names, names, test_root)

    images = _read_images(files + test_files, size, mode)
    test = None if test_root is None else (images[len(files) :], test_target)
    descr = f"{len(files)} images of {len(names)} classes from {path}"
    bunch = make_bunch(
        images[: len(files)], target, names, descr, test=test, return_X_y=return_X_y
    )
    if not return_X_y:
        bunch.filenames = np.array([str(file) for file in files])
    return bunch


def _pillow():
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ImportError(
            "Reading image files needs Pillow: pip install 'skgan_aug[cli]'"
        ) from error
    return Image, ImageOps


def _image_suffixes():
    Image, _ = _pillow()
    readable = Image.registered_extensions().items()
    return {suffix for suffix, kind in readable if kind in Image.OPEN}


def _subfolders(path):
    if not path.is_dir():
        raise FileNotFoundError(f"There is no folder {path}. Give a folder of class folders.")
    return sorted(
        entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    )


def _split_roots(path):
    """Return the folders of the training and of the test split (None without one)."""
    if {folder.name for folder in _subfolders(path)} == {"train", "test"} and _subfolders(
        path / "train"
    ):
        return path / "train", path / "test"
    return path, None


def _list_files(root, suffixes):
    """Return the image files below `root`, their labels and the names of the classes."""
    files, target = [], []
    folders = _subfolders(root)
    if not folders:
        raise ValueError(f"{root} holds no folders. Put the images of each class in its own.")
    for label, folder in enumerate(folders):
        found = [file for file in sorted(folder.rglob("*")) if _is_image(file, root, suffixes)]
        if not found:
            raise ValueError(f"The class folder {folder} holds no images. Fill or remove it.")
        files += found
        target += [label] * len(found)
    return files, np.array(target), np.array([folder.name for folder in folders])


def _is_image(file, root, suffixes):
    is_hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
    return file.suffix.lower() in suffixes and file.is_file() and not is_hidden


def _align_labels(target, names, train_names, root):
    unknown = sorted(set(names.tolist()) - set(train_names.tolist()))
    if unknown:
        raise ValueError(
            f"{root} holds class {unknown[0]!r}, which the training folder lacks. "
            f"Its classes are {train_names.tolist()}."
        )
    return np.searchsorted(train_names, names)[target]


def _read_images(files, size, mode):
    """Read files into uint8 of shape (n, H, W) or (n, H, W, 3)."""
    Image, ImageOps = _pillow()
    arrays, unreadable, is_grey = [], [], True
    for file in files:
        try:
            with Image.open(file) as image:
                is_grey = is_grey and image.mode in GREY_MODES
                arrays.append(_to_array(ImageOps.exif_transpose(image), size, mode))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            unreadable.append((file, error))
    _check_readable(unreadable, files)
    _check_one_size(arrays, files)
    if mode == "L" or (mode is None and is_grey):
        return np.stack(arrays)
    return np.stack([_to_colour(array) for array in arrays])


def _to_array(image, size, mode):
    """Decode one image: (H, W) if it is grey or grey is wanted, else (H, W, 3)."""
    if image.mode.startswith("I"):
        # Pillow would clip deep grey levels at 255 instead of scaling them.
        levels = np.asarray(image)
        array = (levels // 257 if levels.max() > 255 else levels).astype(np.uint8)
    else:
        wanted = mode or ("L" if image.mode in GREY_MODES else "RGB")
        array = np.asarray(image.convert(wanted), dtype=np.uint8)
    # Resizing file by file keeps only small images in memory.
    return array if size is None else resize_images(array[np.newaxis], size)[0]


def _to_colour(array):
    return array if array.ndim == 3 else np.repeat(array[..., np.newaxis], 3, axis=-1)


def _check_readable(unreadable, files):
    if unreadable:
        shown = "; ".join(f"{file}: {error}" for file, error in unreadable[:N_FILES_SHOWN])
        more = len(unreadable) - N_FILES_SHOWN
        raise ValueError(
            f"{len(unreadable)} of {len(files)} image files cannot be read ({shown}"
            f"{f'; and {more} more' if more > 0 else ''}). Repair or remove them."
        )


def _check_one_size(arrays, files):
    first = arrays[0].shape[:2]
    for array, file in zip(arrays, files, strict=True):
        if array.shape[:2] != first:
            raise ValueError(
                f"The images differ in size: {files[0]} is {first[0]} x {first[1]}, {file} is "
                f"{array.shape[0]} x {array.shape[1]}. Give size=, such as size={min(first)}."
            )
