"""The draws of the data: which rows train, which are tested on, seed by seed, fold by fold."""

from __future__ import annotations

from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.utils import (
    check_array,
    check_consistent_length,
    check_random_state,
    column_or_1d,
)

from .._missing import check_unmasked
from .._validation import (
    check_one_kind_of_label,
    check_prepared_alike,
    densify,
    named,
    plain_labels,
)
from ..datasets import make_imbalanced_images


class Draw(NamedTuple):
    """A draw of the data: which rows train and which are tested on, and the seed of it all."""

    seed: int
    fold: int
    random_state: int
    train: np.ndarray
    test: np.ndarray


def check_data(X, y, test, cv, groups) -> tuple[np.ndarray, np.ndarray, Any]:
    """Return all rows, all labels and a splitter ``random_state -> [(train, test)]``."""
    columns = getattr(X, "columns", None)
    X, y = check_rows(X, y)
    if len(np.unique(y)) < 2:
        raise ValueError("y holds a single class. A comparison needs at least two.")
    if test is None:
        return X, y, _fold_splitter(cv, y, groups)
    try:
        X_test, y_test = test
    except (TypeError, ValueError):
        raise ValueError("test must be a tuple (X_test, y_test), or None.") from None
    _check_columns(columns, getattr(X_test, "columns", None))
    X_test, y_test = check_rows(
        X_test, y_test, x_name="X_test of test", y_name="y_test of test"
    )
    check_prepared_alike(X_test, X)
    unknown = np.setdiff1d(y_test, y)
    if len(unknown):
        raise ValueError(
            f"y_test of test holds class {unknown[0].item()!r}, which is not in y. "
            "Leave its images out of the test split."
        )
    train_rows = np.arange(len(X))
    test_rows = np.arange(len(X), len(X) + len(X_test))
    X, y = np.concatenate([X, X_test]), np.concatenate([y, y_test])
    return X, y, lambda random_state: [(train_rows, test_rows)]


def _check_columns(columns, test_columns):
    """Refuse frames whose columns differ: as arrays, one would be taken for another."""
    if columns is None or test_columns is None or list(columns) == list(test_columns):
        return
    raise ValueError(
        f"X_test of test has the columns {list(test_columns)}, X {list(columns)}. Give both "
        "the same, in the same order, such as X_test[X.columns]."
    )


def check_rows(
    X, y, *, x_name="X", y_name="y", label_kinds="iubUS"
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and labels as arrays, refused under these names where they cannot be compared."""
    check_unmasked(**{x_name: X, y_name: y})
    with named(x_name):
        X = check_array(densify(X), allow_nd=True, dtype="numeric", input_name=x_name)
    labels = plain_labels(y, y_name)
    check_one_kind_of_label(y, y_name)  # of a list, which as an array would be strings
    y = column_or_1d(np.atleast_1d(np.asarray(labels)))
    if y.dtype == object:
        check_one_kind_of_label(y, y_name)
        y = np.array(y.tolist())
    check_consistent_length(X, y)
    if y.dtype.kind not in label_kinds:
        raise ValueError(
            f"{y_name} must hold class labels, integers or strings, got dtype {y.dtype}: "
            "convert it, such as by y.astype(int)."
        )
    return X, y


def _fold_splitter(cv, y, groups):
    if groups is not None:
        check_unmasked(groups=groups)
        with named("groups"):
            groups = column_or_1d(np.asarray(groups))
            n_groups = len(np.unique(groups))
        check_consistent_length(y, groups)
    if isinstance(cv, Integral):
        labels, counts = np.unique(y, return_counts=True)
        if not 2 <= int(cv) <= counts.min():
            rarest = labels[counts.argmin()].item()
            raise ValueError(
                f"cv={cv} folds cannot be made: every class must be in each, and class "
                f"{rarest!r} has {counts.min()} images. {_other_folds(counts.min())}"
            )
        if groups is not None and n_groups < int(cv):
            raise ValueError(
                f"cv={cv} folds cannot be made of {n_groups} groups. {_other_folds(n_groups)}"
            )
        kind = StratifiedKFold if groups is None else StratifiedGroupKFold
        return lambda random_state: list(
            kind(cv, shuffle=True, random_state=random_state).split(y, y, groups)
        )
    splitter = check_cv(cv, y, classifier=True)
    return lambda random_state: list(splitter.split(y, y, groups))


def _other_folds(most):
    return f"Give 2 to {most} (--folds), or test=." if most > 1 else "Give test=."


def draw_parts(y, split, n_seeds, random_state, rare, rare_count):
    """Return the draws of the data, seed by seed and fold by fold."""
    seeds = check_random_state(random_state).randint(np.iinfo(np.int32).max, size=n_seeds)
    draws: list = []
    positions = np.arange(len(y))
    first: list = []
    for seed, state in enumerate(seeds.tolist()):
        # Splitters may give masks, too.
        folds = [[positions[part] for part in parts] for parts in split(state)]
        first = first or folds
        for fold, (train, test) in enumerate(_in_the_order_of(first, folds)):
            if len(np.unique(y[train])) < 2:
                raise ValueError(
                    f"cv leaves a single class to train on in fold {fold}: give a number of "
                    "folds, a splitter or groups that keep several classes in each."
                )
            if rare_count is not None:
                try:
                    train, _ = make_imbalanced_images(
                        train, y[train], rare=rare, rare_count=rare_count, random_state=state
                    )
                except ValueError as error:
                    raise ValueError(
                        f"In the training part of fold {fold}: {error}"
                    ) from error
            draws.append(Draw(seed, fold, state, train, test))
    return draws


def _in_the_order_of(first, folds):
    """``folds``, where they are those of ``first`` in another order, in the order of these.

    As many groups as folds leave a shuffle nothing else to change.
    """
    tested = [np.sort(test).tobytes() for _, test in folds]
    wanted = [np.sort(test).tobytes() for _, test in first]
    if sorted(tested) != sorted(wanted) or len(set(wanted)) < len(wanted):
        return folds
    return [folds[tested.index(test)] for test in wanted]


def test_train_ratio(draws):
    return float(np.mean([len(draw.test) / len(draw.train) for draw in draws]))


def folds_recur(draws):
    """Whether every seed has the folds of the first."""
    first = {draw.fold: draw.test for draw in draws if draw.seed == 0}
    later = [draw for draw in draws if draw.seed > 0]
    return bool(later) and all(
        draw.fold in first and np.array_equal(np.sort(draw.test), np.sort(first[draw.fold]))
        for draw in later
    )
