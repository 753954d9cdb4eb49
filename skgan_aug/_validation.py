"""What both estimators accept as X, y and numbers."""

import re
import warnings
from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from ._missing import check_no_label_is_missing, check_unmasked

_LARGEST_INT, _LARGEST_REAL = 2**31 - 1, 1e30  # beyond, torch's int32 and float32 overflow
_LITTLE_CONTRAST = 32  # grey levels of 256: an eighth of what networks are made for
_PALETTES = ("P", "PA")  # modes of Pillow's images
_MOST_CHANNELS = 4  # of pictures: three colours and transparency


def whole_number(least, most=_LARGEST_INT):
    """The constraint of an integer parameter: at least ``least``, and no overflow."""
    return Interval(Integral, least, most, closed="both")


def real_number(closed="both"):
    """The constraint of a real parameter: at least 0, or above it, and no overflow."""
    return Interval(Real, 0, _LARGEST_REAL, closed=closed)


def check_count(value, name, *, n_min=1):
    """Refuse what is no integer of at least ``n_min``; True is none."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < n_min:
        raise ValueError(f"{name}={value!r} must be an integer of at least {n_min}.")


@contextmanager
def named(name):
    """Make sure that whatever is wrong with X or y is said of it, as ValueError or TypeError.

    What an array-like raises while it is converted can be anything, and some messages of
    NumPy and scikit-learn leave open which of the two they are about.
    """
    try:
        yield
    except Exception as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        if isinstance(error, kind) and re.search(r"\b[Xy]\b", str(error)):
            raise
        if "inconsistent numbers of samples" in str(error):
            name = "X and y"
        raise kind(f"{name} cannot be used: {error}") from error


@contextmanager
def as_it_was_if_refused(estimator, made):
    """Keep what an earlier call fitted where this one fails before it trains anything.

    Parameters
    ----------
    estimator : estimator
        Whose attributes may change inside the block.

    made : tuple of str
        Those that are others, or gone, once training begins, the first of them in all cases.
        That is held on to, lest another be made where it lay; the rest, networks, are not.
    """
    former = vars(estimator).get(made[0])
    before = {name: value for name, value in vars(estimator).items() if name not in made}
    try:
        yield
    except BaseException:
        now = vars(estimator)
        if now.get(made[0]) is former:
            for name in now.keys() - before.keys() - set(made):
                del now[name]
            now.update(before)
        raise


def check_images(estimator, X, y="no_validation", *, reset, spec=None):
    """Validate images, flattened images or vectors.

    Parameters
    ----------
    estimator : estimator
        Gets ``n_features_in_`` and ``feature_names_in_`` when ``reset``.

    X : array-like of shape (n, d), (n, H, W) or (n, H, W, C)
        Numbers, finite. Frames with sparse columns are made dense.

    y : array-like of shape (n,), optional
        Labels, validated along with X.

    reset : bool
        Whether this is the first X, or must agree with it.

    spec : ImageSpec, default=None
        What the first X was, which this one must agree with.

    Returns
    -------
    X : ndarray of the same shape and a numeric dtype
        And y, if it was given.

    Raises
    ------
    ValueError, TypeError
        Naming what is wrong with X and the remedy.
    """
    with named("X"):
        check_unmasked(X=X, y=y)
        X = _as_numbers(densify(X))
        if spec is not None:
            rows = X if hasattr(X, "ndim") else np.asarray(X)
            if max(rows.ndim - 1, len(spec.row_shape)) > 1:
                spec.check_rows(rows)  # scikit-learn takes the height for n_features
        checked = validate_data(estimator, X, y, reset=reset, allow_nd=True, dtype="numeric")
        rows = checked[0] if isinstance(checked, tuple) else checked
        if rows.dtype.kind not in "buif":
            raise ValueError(f"X has dtype {rows.dtype}, which holds no numbers: convert it.")
        if rows.dtype == np.longdouble and np.abs(rows).max() > np.finfo(np.float64).max:
            raise ValueError(
                "X has values that float64 cannot hold: divide it by its largest."
            )
        if spec is not None:
            spec.check_rows(rows)
            _warn_of_another_scale(rows, spec)
    return checked


def plain_labels(y, name="y"):
    """Labels of a dtype that is pandas' own, in NumPy's; any others as they are.

    scikit-learn makes floats of nullable integers, some of which are then the same, and of
    categories that are bools. Missing ones are refused.
    """
    check_no_label_is_missing(y, name)
    if getattr(y, "ndim", 0) == 2 and hasattr(y, "iloc") and y.shape[1] == 1:
        column = y.iloc[:, 0]
        return y if isinstance(column.dtype, np.dtype) else plain_labels(column, name)
    dtype = getattr(y, "dtype", None)
    is_pandas = hasattr(y, "isna") and hasattr(y, "to_numpy")
    if not is_pandas or dtype is None or isinstance(dtype, np.dtype):
        return y
    return y.to_numpy(dtype=getattr(dtype, "numpy_dtype", None))


def check_labels_are_classes(y):
    """Refuse labels in which scikit-learn sees no classes, or others than were given."""
    check_one_kind_of_label(y, "y")
    try:
        check_classification_targets(y)
    except ValueError as error:
        if "type: unknown" not in str(error):
            raise
        labels = np.asarray(y)
        raise ValueError(
            f"Unknown label type: y has dtype {labels.dtype} and shape {labels.shape}, but "
            "must hold integers, bools or strings, in shape (n,). Convert it, such as by "
            "y.astype(int) or y.astype(str)."
        ) from error


def check_one_kind_of_label(y, name):
    """Refuse strings beside other labels: nothing sorts them, and NumPy makes strings of all.

    Parameters
    ----------
    y : array-like
        Lists and arrays of objects are looked through; others hold one kind.

    name : str
        Of y, for the message.
    """
    if not isinstance(y, list | tuple) and str(getattr(y, "dtype", "")) != "object":
        return
    labels = np.array(y, dtype=object).ravel()
    if len({isinstance(label, str) for label in labels.tolist()}) > 1:
        raise ValueError(
            f"{name} holds strings and other labels: give all of one kind, such as "
            "[str(label) for label in labels]."
        )


def check_one_hot(y):
    """Refuse rows of zeros, which would pass for the first class, and codes of -1 and 1."""
    if not (np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()):
        raise ValueError(
            "y has several columns, but is not one-hot: each row needs a single 1 among "
            "zeros. Of pandas.get_dummies leave drop_first out, and rows without a label; or "
            "pass the labels themselves, of shape (n,)."
        )


def warn_of_unlikely_images(X, image_shape):
    """Say where images are probably not what they are taken for.

    Parameters
    ----------
    X : ndarray of shape (n, ...)
        Validated.

    image_shape : tuple of int or None
        (H, W) or (H, W, C); None for vectors, of which nothing is said.
    """
    if image_shape is not None:
        _warn_of_channels_first(image_shape)
        _warn_of_little_contrast(X)


def _warn_of_channels_first(image_shape):
    """Say where images of torch are taken for flat ones of as many channels as columns."""
    if len(image_shape) == 3 and image_shape[0] <= _MOST_CHANNELS < min(image_shape[1:]):
        warnings.warn(
            f"X holds images of shape {image_shape}, which is taken to be (H, W, C), as if "
            f"they had {image_shape[2]} channels. If channels come first, move them to the "
            "end: X.transpose(0, 2, 3, 1).",
            stacklevel=5,
        )


def _warn_of_little_contrast(X):
    """Say where uint8 uses little of the 0 to 255 that it is taken to range over.

    Masks of 0 and 1 are all one black to a network.
    """
    if X.dtype != np.uint8:
        return
    low, high = int(X.min()), int(X.max())
    if 0 < high - low < _LITTLE_CONTRAST:
        warnings.warn(
            f"X holds uint8 images of values from {low} to {high}, and uint8 is taken to "
            "range from 0 to 255: networks hardly see a difference. Pass "
            "X.astype(np.float32), which ranges over the values that occur, or stretch them "
            "to 0 to 255.",
            stacklevel=5,
        )


def _warn_of_another_scale(X, spec):
    """Say where images of 0 to 1 meet networks that learnt from 0 to 255, or the reverse."""
    if not spec.is_image:
        return
    fitted, largest = spec.high[0], float(X.max())
    # Integers of one dtype may as well be dark; of another, 8 bits where there were 16.
    is_other = X.dtype.kind not in "ui" or X.dtype != spec.dtype
    shrunk = is_other and 0 < largest <= 1 and fitted >= _LITTLE_CONTRAST
    are_halved = X.dtype.kind in "ui" and X.dtype.itemsize == 1 and spec.dtype.itemsize == 2
    fewer_bits = are_halved and 0 < 16 * largest <= fitted
    if shrunk or fewer_bits or (fitted <= 1 and largest >= _LITTLE_CONTRAST):
        warnings.warn(
            f"X holds {X.dtype} images of values up to {largest:g}, but was fitted on "
            f"{spec.dtype} ones that range up to {fitted:g}: pass both in one scale.",
            stacklevel=4,
        )


def check_prepared_alike(X_test, X):
    """Refuse rows to test on of another shape or dtype than those to train on."""
    if X_test.shape[1:] != X.shape[1:] or X_test.dtype != X.dtype:
        raise ValueError(
            f"X_test of test holds {X_test.dtype} of shape {X_test.shape[1:]} per row, X "
            f"{X.dtype} of shape {X.shape[1:]}. Both must be prepared in the same way."
        )


def densify(X):
    """A frame without sparse columns; anything else as it is."""
    if getattr(X, "ndim", 0) != 2:
        return X
    if any(hasattr(dtype, "fill_value") for dtype in getattr(X, "dtypes", ())):
        return X.astype({name: getattr(t, "subtype", t) for name, t in X.dtypes.items()})
    return X


def _as_numbers(X):
    """``X`` with lists made arrays, and object arrays converted to float64."""
    is_list = isinstance(X, list | tuple)
    if is_list and any(getattr(row, "mode", None) in _PALETTES for row in X):
        raise ValueError(
            "X holds images with a palette, whose values are no levels: convert each by "
            '.convert("RGB").'
        )
    if not is_list and not (isinstance(X, np.ndarray) and X.dtype == object):
        return X
    try:
        rows = np.asarray(X)
        return rows.astype(np.float64) if rows.dtype == object else rows
    except (TypeError, ValueError) as error:
        kind = f"type {type(X).__name__}" if is_list else "dtype object"
        reason = str(error).rstrip(".")
        raise type(error)(
            f"X has {kind} and cannot be converted to numbers: {reason}. Images must share "
            "one size and be stacked to one array of shape (n, H, W[, C]), as "
            "skgan_aug.datasets.load_image_folder(path, size=...) does."
        ) from error
