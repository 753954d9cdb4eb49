"""Columns of data frames, each with a dtype of its own."""

from typing import Any

import numpy as np

from .images import to_dtype


def check_frame(rows):
    """Refuse frames of other libraries than pandas, which the result could not be given as.

    Raises
    ------
    TypeError
        Naming the remedy.
    """
    kind = type(rows)
    if kind.__name__ in ("DataFrame", "Series") and not hasattr(rows, "iloc"):
        lazy = hasattr(rows, "compute")
        remedy = ".compute()" if lazy else ".to_pandas() or .to_numpy()"
        raise TypeError(
            f"a {kind.__name__} of {kind.__module__.partition('.')[0]} cannot be given back: "
            f"pass {remedy} of it"
        )


def check_categories(X):
    """Refuse frames with categorical columns.

    Raises
    ------
    ValueError
        Naming the columns.
    """
    columns: Any = getattr(getattr(X, "dtypes", None), "items", tuple)()
    categorical = [name for name, dtype in columns if str(dtype) == "category"]
    if categorical:
        raise ValueError(
            f"X has the categorical columns {categorical}, and a translation lies between "
            "categories: leave them out, or use SMOTENC of imbalanced-learn."
        )


def round_columns(rows, dtypes):
    """Bring numbers, in place, into what the columns of the frame that they go into can hold.

    Floats are rounded where these have integers or bools. Integers may be too large: all
    columns of images have one range, whatever dtype each has.

    Parameters
    ----------
    rows : ndarray of shape (n, ...)
        What a frame will hold.

    dtypes : iterable
        Of the columns of the frame; empty if it is none.
    """
    are_floats = rows.dtype.kind == "f"
    for column, dtype in enumerate(dtypes):
        kind = getattr(dtype, "kind", "O")
        if kind == "b" and are_floats:
            rows[:, column] = rows[:, column] >= 0.5
        elif kind in "iu":
            of_integers = getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype))
            if are_floats:
                rows[:, column] = to_dtype(rows[:, column], of_integers)
            else:
                _clip(rows[:, column], of_integers)


def _clip(values, dtype):
    """Clip integers in place to what another dtype of integers can hold, without floats."""
    own, other = np.iinfo(values.dtype), np.iinfo(dtype)
    np.clip(values, max(own.min, other.min), min(own.max, other.max), out=values)
