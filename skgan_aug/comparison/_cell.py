"""One cell of a comparison: resample the training part, train, score."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import f1_score, recall_score

from .._callables import failure_as_value_error
from .._sampling_strategy import plan_counts
from ._draws import Draw
from ._logit_adjustment import LogitAdjustment
from ._nested import nested_samplers, set_everywhere
from ._samplers import adds_rows, prepare_sampler, resample, set_training_steps

_N_TRIED = 10  # rows of each class that a classifier is tried on


@dataclass(frozen=True)
class Problem:
    """What all cells share.

    `X` and `y` hold the rows of training and test parts alike; tasks point
    into them.
    """

    X: np.ndarray
    y: np.ndarray
    classes: np.ndarray
    minority_classes: np.ndarray
    rare: list | None
    image_shape: tuple | None
    classifier: Any
    classifier_steps: int | None


@dataclass(frozen=True)
class Task:
    """The cells of one sampler on one draw of the data, one per ratio."""

    name: str
    sampler: Any
    ratios: tuple
    draw: Draw
    memory: str | None = None
    n_jobs: int | None = None
    on_fitted: Callable | None = None  # called with the sampler and the rows it was given


def run_task(problem, task):
    cells = [run_cell(problem, task, ratio) for ratio in task.ratios]
    if task.memory is not None:  # CycleGANs were trained when the first ratio needed them
        seconds = accumulate(cell["sampler_seconds"] for cell in cells)
        cells = [cell | {"sampler_seconds": n} for cell, n in zip(cells, seconds, strict=True)]
    return cells


def run_cell(problem, task, ratio):
    """Return one cell as a dict; a sampler or classifier that raises leaves its `error` there.

    The other cells go on, whatever was raised. Rows that were trained on are counted even
    when the classifier failed: ``n_train`` is 0 where it was the sampler.
    """
    draw = task.draw
    X, y = problem.X[draw.train], problem.y[draw.train]
    cell = {"sampler": task.name, "ratio": ratio, "seed": draw.seed, "fold": draw.fold}
    start, sampler = time.perf_counter(), task.sampler
    X_train, y_train = X, y
    if adds_rows(sampler):
        wanted_counts = plan_counts(ratio, y, problem.rare)
        try:
            sampler = prepare_sampler(
                sampler,
                wanted_counts=wanted_counts,
                random_state=draw.random_state,
                image_shape=problem.image_shape,
                memory=task.memory,
                n_jobs=task.n_jobs,
            )
            X_train, y_train = resample(sampler, X, y)
        except Exception as error:
            seconds = time.perf_counter() - start
            failed = _failed(problem, error, _lack_of_neighbors(sampler, y, wanted_counts))
            return cell | failed | {"n_train": 0, "sampler_seconds": seconds}
    cell["sampler_seconds"] = time.perf_counter() - start
    cell["n_train"] = len(y_train)
    if task.on_fitted is not None:
        task.on_fitted(sampler, X, y)
    try:
        return cell | _train_and_score(problem, task, X_train, y_train)
    except Exception as error:
        return cell | _failed(problem, error)


def _train_and_score(problem, task, X, y):
    start = time.perf_counter()
    if isinstance(task.sampler, LogitAdjustment):
        problem = replace(problem, classifier=task.sampler.adjust(problem.classifier))
    classifier = _fit_classifier(problem, X, y, task.draw.random_state)
    predictions = classifier.predict(problem.X[task.draw.test])
    seconds = time.perf_counter() - start
    scores = score(problem, problem.y[task.draw.test], predictions)
    return scores | {"classifier_seconds": seconds, "error": None}


def check_classifier_ever_worked(problem, cells):
    """Raise where the classifier failed in every cell that it was to learn in.

    Raises
    ------
    ValueError
        With its first error.
    """
    errors = [cell["error"] for cell in cells if cell["n_train"]]
    if errors and None not in errors:
        raise ValueError(
            f"classifier={problem.classifier!r:.60} failed wherever it was trained, first "
            f"with {errors[0]}"
        )


def check_classifier(classifier):
    """Refuse what is no instance of a classifier."""
    needed = ("fit", "predict", "get_params")
    if isinstance(classifier, type) or not all(hasattr(classifier, n) for n in needed):
        raise TypeError(
            f"classifier={classifier!r:.60} is no classifier: give an instance of one, with "
            "fit and predict."
        )


def try_classifier(problem):
    """Let the classifier learn from a few rows, before CycleGANs take their time.

    From all rows where it fails on these, which may be too few for it. Not one that holds a
    sampler, which might be one of those.

    Raises
    ------
    ValueError
        When it fails on them.
    """
    if nested_samplers(problem.classifier):
        return
    firsts = [np.flatnonzero(problem.y == label)[:_N_TRIED] for label in problem.classes]
    rows = np.concatenate(firsts)
    problem = replace(problem, classifier_steps=problem.classifier_steps and 1)
    failed = f"classifier failed on {len(rows)} rows of X and on all"
    if problem.X.ndim > 2:
        image_shape = problem.X.shape[1:]
        failed += f" (one of rows wants X.reshape(len(X), -1) and image_shape={image_shape})"
    with failure_as_value_error(failed), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few rows make some warn
        try:
            _fit_classifier(problem, problem.X[rows], problem.y[rows], 0)
        except Exception:
            _fit_classifier(problem, problem.X, problem.y, 0)


def _fit_classifier(problem, X, y, random_state):
    classifier = clone(problem.classifier)
    set_everywhere(classifier, "random_state", random_state)
    if problem.image_shape is not None:
        set_everywhere(classifier, "image_shape", problem.image_shape, only_unset=True)
    if problem.classifier_steps is not None:
        set_training_steps(classifier, len(y), problem.classifier_steps)
    return classifier.fit(X, y)


def score(problem, y_true, y_predicted):
    """Score predictions; a class that the test part lacks has recall NaN."""
    recall = recall_score(
        y_true, y_predicted, labels=problem.classes, average=None, zero_division=np.nan
    )
    present = ~np.isnan(recall)
    minority = recall[present & np.isin(problem.classes, problem.minority_classes)]
    macro_f1 = f1_score(
        y_true, y_predicted, labels=problem.classes[present], average="macro", zero_division=0
    )
    return {
        "balanced_accuracy": float(recall[present].mean()),
        "macro_f1": float(macro_f1),
        "minority_recall": float(minority.mean()) if len(minority) else np.nan,
        "recall": recall,
    }


def _lack_of_neighbors(sampler, y, wanted_counts):
    """What SMOTE and its kin want of a class that is to gain rows, if it has too few."""
    counts = {label: int(np.count_nonzero(y == label)) for label in wanted_counts}
    if not counts:
        return ""
    rarest, n = min(counts.items(), key=lambda item: item[1])
    params = sampler.get_params() if hasattr(sampler, "get_params") else {}
    for name, k in params.items():
        is_count = name.endswith(("k_neighbors", "n_neighbors")) and isinstance(k, Integral)
        if is_count and k >= n:
            return f"Class {rarest!r} has {n} rows to train on, and {name}={k} needs {k + 1}."
    return ""


def _failed(problem, error, hint=""):
    reason = " ".join(str(error).split())
    if hint:
        reason = f"{reason.rstrip('.')}. {hint}"
    return {
        "balanced_accuracy": np.nan,
        "macro_f1": np.nan,
        "minority_recall": np.nan,
        "recall": np.full(len(problem.classes), np.nan),
        "classifier_seconds": np.nan,
        "error": f"{type(error).__name__}: {reason}" if reason else type(error).__name__,
    }
