"""Images in NumPy's .npz archives."""

from __future__ import annotations

import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ._bunch import make_bunch

_KEYS = (
    "X_train",
    "y_train",
    "X",
    "y",
    "X_test",
    "y_test",
    "X_val",
    "y_val",
    "classes",
    "target_names",
    "groups",
)
_N_SHOWN = 5
_ALWAYS_BYTES = 2**28  # blank images pack a thousandfold; so much of them harms nobody
_MOST_PACKED = 100
_MOST_EXACT = 2**53  # beyond, a float does not tell neighbouring integers apart


def load_npz(path: str | os.PathLike[str], *, return_X_y: bool = False) -> Any:
    """Load a labelled image set from a ``.npz`` archive.

    Parameters
    ----------
    path : str or path-like
        An archive that holds ``X_train`` and ``y_train``, or ``X`` and ``y``; and
        optionally ``X_test`` and ``y_test``, ``X_val`` and ``y_val``, ``classes`` (or
        ``target_names``), the names of the labels 0, 1, ..., and ``groups``, what each
        training image shows. Pickled objects are refused.

    return_X_y : bool, default=False
        Return the training part ``(images, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        ``images``: shape (n, H, W) or (n, H, W, C), absent when the archive
        holds plain vectors; booleans become 0 and 255, as in image files of 1 bit;
        ``data``: the same as rows; ``target``; ``target_names``; ``groups`` where the
        archive has them; ``DESCR``; and with other splits ``test_images``, ``test_data``
        and ``test_target``, or ``validation_images`` and so on.

    Warns
    -----
    UserWarning
        When the archive holds arrays that are not read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skgan_aug.datasets import load_npz
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "pets.npz")
    ...     np.savez(path, X=np.zeros((3, 8, 8)), y=[0, 0, 1], classes=["cat", "dog"])
    ...     pets = load_npz(path)
    >>> pets.images.shape, pets.target_names.tolist()
    ((3, 8, 8), ['cat', 'dog'])
    """
    path = Path(path)
    arrays = _read_arrays(path)
    train_keys = ("X", "y") if "X" in arrays or "y" in arrays else ("X_train", "y_train")
    names_key = "classes" if "classes" in arrays else "target_names"
    X, y = _read_pair(arrays, *train_keys, path)
    test = _read_split(arrays, "X_test", "y_test", train_keys[0], path)
    validation = _read_split(arrays, "X_val", "y_val", train_keys[0], path)
    labels = [y, *(split[1] for split in (test, validation) if split)]
    bunch = make_bunch(
        X,
        y,
        _class_names(arrays.get(names_key), names_key, labels, path),
        f"{len(X)} rows of shape {X.shape[1:]} from {path.name}",
        test=test,
        validation=validation,
        groups=_check_groups(arrays.get("groups"), y, path),
        return_X_y=return_X_y,
    )
    used = {*train_keys, "X_test", "y_test", "X_val", "y_val", names_key, "groups"}
    _warn_of_unread([key for key in arrays if key not in used], path)
    return bunch


def _read_arrays(path):
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}. Give the path of a .npz archive.")
    try:
        _refuse_bombs(path)
        with np.load(path, allow_pickle=False) as archive:
            # Others are named, but not read.
            arrays = {key: archive[key] if key in _KEYS else None for key in archive.files}
        for key, array in arrays.items():  # of other members, NumPy returns the bytes
            if not isinstance(array, np.ndarray | None):
                raise ValueError(f"{key} in it is no array")
        return arrays
    except Exception as error:  # what readers raise on damaged data is not documented
        raise ValueError(
            f"{path} cannot be read as a .npz archive of plain arrays ({error}). "
            "Write it with numpy.savez, without Python objects."
        ) from error


def _refuse_bombs(path):
    """Refuse a small file that promises a large one; the packing of images reaches 1:10."""
    with zipfile.ZipFile(path) as archive:
        n_bytes = sum(member.file_size for member in archive.infolist())
    if n_bytes > max(_ALWAYS_BYTES, _MOST_PACKED * path.stat().st_size):
        raise ValueError(f"it says that it holds {n_bytes} bytes")


def _warn_of_unread(keys, path):
    if keys:
        more = len(keys) - _N_SHOWN
        named = ", ".join(keys[:_N_SHOWN]) + (f" and {more} more" if more > 0 else "")
        warnings.warn(
            f"{path} holds arrays that are not read: {named}. Those that can be are "
            f"{', '.join(_KEYS)}; X and y in place of X_train and y_train.",
            stacklevel=3,
        )


def _read_split(arrays, x_key, y_key, x_train_key, path):
    if x_key not in arrays and y_key not in arrays:
        return None
    X, y = _read_pair(arrays, x_key, y_key, path)
    stored, X_train = arrays[x_key], arrays[x_train_key]
    if (stored.dtype == bool) != (X_train.dtype == bool):
        raise ValueError(
            f"{path}: {x_key} holds {stored.dtype}, {x_train_key} {X_train.dtype}, and "
            "booleans become 0 and 255. Store both as one."
        )
    if X.shape[1:] != X_train.shape[1:]:
        raise ValueError(
            f"{path}: {x_key} has rows of shape {X.shape[1:]}, those to train on have "
            f"{X_train.shape[1:]}. Both must be equal."
        )
    return X, y


def _read_pair(arrays, x_key, y_key, path):
    missing = [key for key in (x_key, y_key) if key not in arrays]
    if missing:
        raise ValueError(
            f"{path} lacks {', '.join(missing)}; it holds {', '.join(arrays) or 'nothing'}. "
            "Needed are X_train, y_train, X_test, y_test, or X and y."
        )
    X, y = arrays[x_key], arrays[y_key]
    if X.dtype == bool:
        X = X * np.uint8(255)
    if X.ndim < 2 or X.dtype.kind not in "uif":
        raise ValueError(
            f"{path}: {x_key} must hold numbers of shape (n, H, W), (n, H, W, C) or (n, d), "
            f"got {X.dtype} of shape {X.shape}."
        )
    if not X.size:
        raise ValueError(
            f"{path}: {x_key} is empty. Store at least one image in it, of at least one "
            f"pixel: its shape is {X.shape}."
        )
    if y.shape != X.shape[:1]:
        raise ValueError(
            f"{path}: {y_key} must hold one label per row of {x_key}, that is shape "
            f"{X.shape[:1]}, got {y.shape}."
        )
    y = _as_text(y, y_key, path)
    is_whole = y.dtype.kind == "f" and np.isfinite(y).all() and (y == np.floor(y)).all()
    if is_whole and (np.abs(y) < _MOST_EXACT).all():  # as other tools write them
        y = y.astype(np.int64)
    if y.dtype.kind not in "iubUS":
        raise ValueError(
            f"{path}: {y_key} must hold class labels, integers or strings, got {y.dtype}."
        )
    return X, y


def _as_text(values, key, path):
    """Bytes as str; anything else as it is."""
    if values.dtype.kind != "S":
        return values
    try:
        return np.char.decode(values, "utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}: {key} holds bytes that are no UTF-8 ({error}). Store str."
        ) from error


def _check_groups(groups, y, path):
    if groups is not None and groups.shape != y.shape:
        raise ValueError(
            f"{path}: groups must hold one entry per training label, that is shape {y.shape}, "
            f"got {groups.shape}."
        )
    return groups


def _class_names(names, key, y_of_splits, path):
    """Names of the labels of the first split, which is that to train on."""
    labels = np.unique(y_of_splits[0])
    if names is None:
        return labels.astype(str)
    names = np.atleast_1d(_as_text(names, key, path).astype(str))
    for y in y_of_splits:
        _check_named(np.unique(y), names, key, path)
    if len(set(names.tolist())) < len(names):
        raise ValueError(f"{path}: {key} names a class twice. Give each label its own name.")
    return labels.astype(str) if labels.dtype.kind in "US" else names


def _check_named(labels, names, key, path):
    # Names stand for the labels 0, 1, ..., unless the labels are names already.
    if labels.dtype.kind in "US":
        known = np.isin(labels.astype(str), names).all()
    else:
        known = np.isin(labels, np.arange(len(names))).all()
    if names.ndim != 1 or not known:
        raise ValueError(
            f"{path}: {key} names {names.size} classes, but the labels are "
            f"{labels.tolist()}. Label k must be the k-th name, counting from 0."
        )
