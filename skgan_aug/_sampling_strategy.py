"""From `sampling_strategy` to a plan: how many rows each class gains."""

from collections import Counter
from collections.abc import Mapping
from numbers import Real

import numpy as np
from imblearn.utils import check_sampling_strategy

from ._callables import failure_as_value_error


def resolve_sampling_strategy(sampling_strategy, y):
    """Count the rows to add to each class.

    Every form of imbalanced-learn is accepted. In addition a float works for
    several classes: each class below ``ratio * n_majority`` is raised to it,
    the others are left alone.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable
        As in imbalanced-learn's over-samplers.

    y : ndarray of shape (n_samples,)
        Labels.

    Returns
    -------
    n_to_add : dict
        ``{label: number of rows to add}``, in the order of the sorted labels.

    Raises
    ------
    ValueError
        For a single class, an unknown label, or a dict that asks for fewer
        rows than a class has, or for more than any memory can hold.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug._sampling_strategy import resolve_sampling_strategy
    >>> y = np.array(["a"] * 8 + ["b"] * 2 + ["c"] * 6)
    >>> resolve_sampling_strategy(0.5, y)
    {'b': 2}
    """
    counts = Counter(y.tolist())
    if callable(sampling_strategy):
        sampling_strategy = _call(sampling_strategy, y)
    if isinstance(sampling_strategy, Real) and len(counts) > 2:
        sampling_strategy = counts_at_ratio(sampling_strategy, counts)
    elif isinstance(sampling_strategy, Mapping):
        _check_mapping(sampling_strategy, counts)
        sampling_strategy = dict(sampling_strategy)
    try:
        n_to_add = check_sampling_strategy(sampling_strategy, y, "over-sampling")
    except OverflowError as error:
        raise ValueError(
            "sampling_strategy asks for rows that memory cannot hold. Ask for fewer."
        ) from error
    except ValueError as error:
        if "sampling_strategy" in str(error) or len(counts) < 2:
            raise
        raise ValueError(f"sampling_strategy={sampling_strategy!r}: {error}") from error
    return {
        label.item() if isinstance(label, np.generic) else label: int(n)
        for label, n in n_to_add.items()
    }


def counts_at_ratio(ratio, counts):
    """What classes below a ratio are raised to.

    Parameters
    ----------
    ratio : float
        Of the largest class.

    counts : dict
        ``{label: number of rows}``.

    Returns
    -------
    wanted : dict
        ``{label: number of rows wanted}``, of the classes that gain some.
    """
    wanted = round(float(ratio) * max(counts.values()))
    return {label: wanted for label, n in counts.items() if n < wanted}


def plan_counts(ratio, y, rare):
    """Return ``{label: wanted total}`` of the classes that gain rows at `ratio`.

    When `rare` names classes, only these gain: in a set that is balanced but
    for a few images, the others would only slow the samplers down.
    """
    labels, counts = np.unique(y, return_counts=True)
    plan = counts_at_ratio(ratio, dict(zip(labels.tolist(), counts.tolist(), strict=True)))
    return {label: n for label, n in plan.items() if rare is None or label in rare}


def _call(sampling_strategy, y):
    """The dict that a callable makes of y."""
    with failure_as_value_error("sampling_strategy failed on y"):
        plan = sampling_strategy(y.copy())  # it may work in place
    if not isinstance(plan, Mapping):
        raise TypeError(
            f"sampling_strategy returned {type(plan).__name__}, but must return a dict of "
            "label: number of rows."
        )
    return plan


def _check_mapping(sampling_strategy, counts):
    for label, wanted in sampling_strategy.items():
        if label not in counts:
            raise ValueError(
                f"sampling_strategy asks for rows of class {label!r}, which is not in y. "
                f"The classes are {sorted(counts, key=str)}."
            )
        if not (isinstance(wanted, Real) and wanted % 1 == 0):
            raise ValueError(
                f"sampling_strategy asks for {wanted!r} rows of class {label!r}: give a whole "
                "number."
            )
        if wanted < counts[label]:
            raise ValueError(
                f"sampling_strategy asks for {wanted} rows of class {label!r}, which has "
                f"{counts[label]}: an over-sampler never removes rows. Ask for at least "
                f"{counts[label]}, or leave the class out."
            )


def check_rare_classes(y, targets):
    """Refuse classes of which there is too little to train a CycleGAN on."""
    for target in targets:
        if np.count_nonzero(y == target) < 2:
            raise ValueError(
                f"Class {target!r} has a single row or image: a CycleGAN needs at least 2 to "
                "learn from. Add some, merge the class with another, leave it out by naming "
                "the others in sampling_strategy, a dict (--classes; of compare --rare), or "
                "add duplicates alone with synthetic_fraction=0 (--synthetic-fraction 0)."
            )


def check_room(X, n_to_add):
    """Refuse what the result could never hold, before hours of training."""
    n_rows = sum(n_to_add.values())
    try:
        np.empty((len(X) + n_rows, *X.shape[1:]), dtype=X.dtype)
    except (MemoryError, ValueError, OverflowError) as error:
        raise ValueError(
            f"sampling_strategy asks for {n_rows} more rows of shape {X.shape[1:]}, which "
            "memory cannot hold. Ask for fewer."
        ) from error
