"""Columns of data frames, each with a dtype of its own."""

from typing import Any

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
        raise TypeError(
            f"a {kind.__name__} of {kind.__module__.partition('.')[0]} cannot be given back: "
            "pass .to_pandas() or .to_numpy() of it"
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
    """Round floats, in place, where the frame they go into has integers or bools.

    Parameters
    ----------
    rows : ndarray of shape (n, ...)
        What a frame will hold; left alone where it is not of floats.

    dtypes : iterable
        Of the columns of the frame; empty if it is none.
    """
    if rows.dtype.kind != "f":
        return
    for column, dtype in enumerate(dtypes):
        kind = getattr(dtype, "kind", "O")
        if kind == "b":
            rows[:, column] = rows[:, column] >= 0.5
        elif kind in "iu":
            of_integers = getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype))
            rows[:, column] = to_dtype(rows[:, column], of_integers)
