"""Which files are images of which class, found without leaving their folder."""

import os
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

# EPS is run, by Ghostscript, rather than read; the others Pillow knows by name only.
_NOT_READ = frozenset({"EPS", "BUFR", "GRIB", "HDF5", "MPEG", "WMF"})
IN_NO_CLASS = "in no class folder"
_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("test", "testing"), "test"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
}


@dataclass(frozen=True)
class ClassFiles:
    """The image files of a folder of class folders.

    Parameters
    ----------
    root : Path
        That folder.

    files : list of Path
        Image files, class by class, sorted.

    target : int ndarray of shape (n,)
        The class of each, as a position in ``names``.

    names : ndarray of str
        Sorted names of the class folders, their accents composed.

    refused : list of tuple (Path, str)
        What looks like an image but is not opened, and why.

    others : list of Path
        Files of other kinds.

    stray : list of Path
        Image files beside the class folders.
    """

    root: Path
    files: list
    target: np.ndarray
    names: np.ndarray
    refused: list
    others: list
    stray: list = field(default_factory=list)


def list_class_files(root, *, boundary=None):
    """List the image files in the class folders of ``root``, nested ones too.

    Files of other kinds and hidden ones are passed over. Links that lead out of
    ``boundary``, links to folders, devices and pipes are refused.

    Parameters
    ----------
    root : str or path-like
        Holds one folder per class.

    boundary : Path, default=None
        The folder that the user gave, which holds ``root``; None: ``root`` itself.

    Returns
    -------
    listing : ClassFiles

    Raises
    ------
    FileNotFoundError, ValueError
        When ``root`` is no folder or leads out of ``boundary``, holds no folders, or one of
        these is a link or holds no images.
    """
    root = Path(root)
    boundary = root if boundary is None else boundary
    check_inside(root, boundary)
    folders = subfolders(root)
    if not folders:
        raise ValueError(f"{root} holds no folders. Put the images of each class in its own.")
    by_name = {composed(folder.name): folder for folder in folders}
    if len(by_name) < len(folders):
        raise ValueError(
            f"{root} holds two folders whose names differ only in how accents are written. "
            f"Rename one; there are {', '.join(ascii(folder.name) for folder in folders)}."
        )
    names = sorted(by_name)
    files, target, refused, others = [], [], [], []
    for label, name in enumerate(names):
        folder = by_name[name]
        check_inside(folder, boundary)
        if _is_link(folder):  # its images would be of two classes
            raise ValueError(
                f"The class folder {folder} is a link, which is not followed. Put the folder "
                "itself there, or remove it."
            )
        found, not_opened, foreign = list_images(folder, boundary)
        if not found and not not_opened:
            remedy = "Fill or remove it."
            if foreign:
                remedy = f"Save its files, such as {foreign[0].name}, as PNG or TIFF."
            raise ValueError(f"The class folder {folder} holds no images. {remedy}")
        files += found
        target += [label] * len(found)
        refused += not_opened
        others += foreign
    labels = np.array(target, dtype=np.int64)
    return ClassFiles(
        root, files, labels, np.array(names), refused, others, stray_images(root)
    )


def check_classes_read(listing, target, problems=()):
    """Refuse a class of which nothing is left.

    Parameters
    ----------
    listing : ClassFiles
        What was to be read.

    target : int ndarray
        The classes of what could be read, as positions in the listing's names.

    problems : iterable of tuple (Path, str), default=()
        What cannot be read, and why, where nobody has been told.

    Raises
    ------
    ValueError
        Naming the class, and its first problem.
    """
    for label, name in enumerate(listing.names.tolist()):
        if label not in target:
            reasons = (
                f" ({file}: {reason})"
                for file, reason in problems
                if composed(file.relative_to(listing.root).parts[0]) == name
            )
            raise ValueError(
                f"No image of class {name!r} in {listing.root} can be read"
                f"{next(reasons, '')}. Repair its files, or remove it."
            )


def list_images(folder, root):
    """List the image files below ``folder``.

    Parameters
    ----------
    folder : Path
        Where to look.

    root : Path
        What links must not lead out of.

    Returns
    -------
    files : list of Path
        Sorted.

    refused : list of tuple (Path, str)
        What is not opened, and why.

    others : list of Path
        Files of other kinds, but hidden ones.
    """
    suffixes, files, refused, others = image_suffixes(), [], [], []

    pending = [folder]  # os.walk would recurse, and fail on a thousand folders in one another
    while pending:
        parent = pending.pop()
        try:
            entries = list(parent.iterdir())
        except OSError as error:
            refused.append((parent, error.strerror))
            continue
        for file in entries:
            if file.name.startswith("."):
                continue
            try:
                is_folder = file.is_dir()
            except OSError as error:  # its folder may be read, but not entered
                refused.append((file, error.strerror))
                continue
            if is_folder:
                if _is_link(file):
                    refused.append((file, "a link to a folder"))
                else:
                    pending.append(file)
            elif file.suffix.lower() not in suffixes:
                others.append(file)
            elif reason := _reason_to_refuse(file, root):
                refused.append((file, reason))
            else:
                files.append(file)
    return sorted(files), sorted(refused), sorted(others)


def check_inside(path, boundary):
    """Refuse a file or folder that a link leads to, out of the folder that the user gave.

    Raises
    ------
    ValueError
        Naming the link.
    """
    if not _is_inside(path, boundary):
        raise ValueError(
            f"{path} is a link out of {boundary}, which is not followed. Put what it leads to "
            "there itself."
        )


def _is_link(folder):
    """Whether it is a symbolic link or, on Windows, a junction."""
    tag = getattr(os.lstat(folder), "st_reparse_tag", 0)
    return folder.is_symlink() or tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)


def subfolders(path):
    """Folders in ``path``, sorted, but hidden ones."""
    if not path.is_dir():
        raise FileNotFoundError(f"There is no folder {path}. Give a folder of class folders.")
    return sorted(
        entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    )


def composed(name):
    """A name whose accents are part of their letters (NFC): macOS writes them apart."""
    return unicodedata.normalize("NFC", name)


def stray_images(root):
    """Image files in ``root`` itself, sorted, but hidden ones."""
    suffixes = image_suffixes()
    return sorted(
        entry
        for entry in root.iterdir()
        if entry.suffix.lower() in suffixes
        and not entry.name.startswith(".")
        and not entry.is_dir()
    )


def split_folders(path):
    """Find the folders of the splits.

    Parameters
    ----------
    path : Path
        A folder of class folders; or one of ``train`` (``training``) beside ``test``
        (``testing``) or ``val`` (``valid``, ``validation``, ``dev``) or both, in any case.

    Returns
    -------
    folders : dict
        ``{"train": Path}``, with ``"test"`` and ``"validation"`` where there are such.

    Raises
    ------
    ValueError
        When there are other folders beside those of splits, or two of one split.
    """
    folders, others = {}, []
    for folder in subfolders(path):
        split = _SPLITS.get(folder.name.lower())
        if split is None or split in folders:
            others.append(folder.name)
        else:
            folders[split] = folder
    # Without class folders in it, train is a class of this name.
    if len(folders) < 2 or "train" not in folders or not subfolders(folders["train"]):
        return {"train": path}
    if others:
        named = " and ".join(folder.name for folder in folders.values())
        raise ValueError(
            f"{path} holds {named} beside {', '.join(others)}: remove what is no split, or "
            f"give {folders['train']} alone."
        )
    return folders


def import_pillow():
    """Import Pillow's Image, or say how to get it."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "Reading image files needs Pillow: pip install 'skgan_aug[cli]'"
        ) from error
    return Image


def image_formats():
    """Pillow's names of the formats that are read."""
    Image = import_pillow()
    Image.init()
    return sorted(set(Image.OPEN) - _NOT_READ)


def image_suffixes():
    """Suffixes of the formats that are read, such as ``.png``."""
    formats = set(image_formats())
    registered = import_pillow().registered_extensions()
    return {suffix for suffix, name in registered.items() if name in formats}


def _reason_to_refuse(file, root):
    """Why a file is not opened; None for a regular file inside ``root``."""
    try:
        is_regular = stat.S_ISREG(os.stat(file).st_mode)
    except OSError as error:
        return "a link to nothing" if file.is_symlink() else error.strerror
    if file.is_symlink() and not _is_inside(file, root):
        return "a link out of the folder"
    return None if is_regular else "no regular file but a device, pipe or folder"


def _is_inside(path, root):
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
