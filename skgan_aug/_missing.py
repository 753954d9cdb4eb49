"""What is masked or missing is refused, wherever it comes from."""

import numpy as np


def check_unmasked(**arrays):
    """Refuse masks, which would be dropped, and what is below them be taken for values."""
    for name, values in arrays.items():
        rows = values if isinstance(values, list | tuple) else [values]
        if any(isinstance(row, np.ma.MaskedArray) and np.ma.is_masked(row) for row in rows):
            raise ValueError(f"{name} has masked values: fill them, or leave their rows out.")


def check_no_label_is_missing(y, name="y"):
    """Refuse None, NaN and NA among labels, which scikit-learn may say of X."""
    if y is None or hasattr(y, "toarray"):
        return
    if hasattr(y, "isna"):
        missing = np.asarray(y.isna())
    else:
        is_list = isinstance(y, list | tuple)  # as an array, None and NaN might be strings
        labels = (np.array(y, dtype=object) if is_list else np.asarray(y)).ravel()
        missing = np.array([_is_missing(label) for label in labels.tolist()])
    if missing.any():
        raise ValueError(
            f"{name} has {missing.sum()} missing labels (None, NaN or NA): leave their rows "
            "out, or give them one."
        )


def _is_missing(label):
    if label is None or type(label).__name__ == "NAType":  # of pandas, with no truth value
        return True
    return np.ndim(label) == 0 and bool(label != label)
