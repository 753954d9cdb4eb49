"""compare_samplers: validate, plan the tasks, run them, put the results in order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from .._sampling_strategy import plan_counts
from .._validation import check_count
from ..classification import TorchCNNClassifier
from ..over_sampling import CycleGANOverSampler
from ._cell import (
    Problem,
    Task,
    check_classifier,
    check_classifier_ever_worked,
    run_task,
    try_classifier,
)
from ._draws import check_data, draw_parts, folds_recur, test_train_ratio
from ._examples import example_translations
from ._logit_adjustment import LogitAdjustment
from ._provenance import collect_settings, collect_versions
from ._samplers import adds_rows, cyclegans_in, default_names, make_samplers

CELL_KEYS = (
    "sampler",
    "ratio",
    "seed",
    "fold",
    "balanced_accuracy",
    "macro_f1",
    "minority_recall",
    "recall",
    "n_train",
    "sampler_seconds",
    "classifier_seconds",
    "error",
)


def compare_samplers(
    X: ArrayLike,
    y: ArrayLike,
    *,
    samplers: Sequence[str] | Mapping[str, Any] | None = None,
    classifier: BaseEstimator | None = None,
    ratios: float | Iterable[float] = (1.0,),
    cv: Any = 5,
    groups: ArrayLike | None = None,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    n_seeds: int = 3,
    random_state: int | np.random.RandomState | None = 0,
    rare: Hashable | Sequence[Hashable] | np.ndarray | None = None,
    rare_count: int | None = None,
    classifier_steps: int | None = 1000,
    image_shape: tuple[int, ...] | None = None,
    n_jobs: int | None = None,
    callback: Callable | None = None,
) -> Bunch:
    """Compare over-samplers by what a classifier learns from their output.

    Every sampler sees the same draws of the data, fills the same classes to
    the same counts and trains the same classifier for the same number of
    steps, but that :class:`LogitAdjustment` changes its loss in place of the rows.
    What is tested on is never resampled.

    Parameters
    ----------
    X : array-like of shape (n, H, W), (n, H, W, C) or (n, d)
        Images, rows of pixels (see `image_shape`) or vectors.

    y : array-like of shape (n,)
        Labels.

    samplers : list of str or dict, default=None
        Names among ``"none"``, ``"logit_adjustment"``, ``"random"``, ``"smote"``,
        ``"borderline_smote"``, ``"adasyn"`` and ``"cyclegan"``, or
        ``{name: sampler}``, where None means no resampling, and a
        :class:`LogitAdjustment` none with a classifier that adjusts its logits. By
        default all seven, or six where the classifier does not have that parameter, or does
        something against rare classes itself.
        A sampler without a parameter `image_shape` is handed rows of
        pixels; what it returns gets the shape and dtype of `X` again. In one
        that is made of others, such as a pipeline, every over-sampler is
        told the wanted counts and the shape of images; what removes rows
        keeps its ``sampling_strategy``.

    classifier : estimator, default=None
        Trained on arrays in the shape and dtype of `X`, without names of columns. By
        default :class:`~skgan_aug.TorchCNNClassifier`. One that holds no sampler is tried
        on ten rows of each class first, and on all if it fails on these.

    ratios : sequence of float, default=(1.0,)
        Every class below ``ratio * n_majority`` is raised to it.

    cv : int or splitter, default=5
        Stratified folds, shuffled anew for each seed, or how else to split.
        Not used when `test` is given.

    groups : array-like of shape (n,), default=None
        Who or what each row shows: rows of one group stay in one fold, so that
        nobody is tested on faces or cells that were trained on. Not used when `test`
        is given.

    test : tuple (X_test, y_test), default=None
        A test split; then there is one fold per seed.

    n_seeds : int, default=3
        How often everything is repeated with another seed of the draw, the
        sampler and the classifier.

    random_state : int, RandomState instance or None, default=0
        Where the seeds come from.

    rare : label or list of labels, default=None
        Over-sample only these classes.

    rare_count : int, default=None
        Make them rare first, by keeping so many random images of each in the
        training part. None: they keep all.

    classifier_steps : int or None, default=1000
        Optimiser steps that the classifier makes, if it has parameters `max_epochs` and
        `batch_size`: to the nearest epoch or, in a
        :class:`~skgan_aug.TorchCNNClassifier` where that is more than 15% off, within one.
        None leaves them alone.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of the images in the rows of a 2-D `X`, handed to the samplers
        and the classifier that have a parameter of that name.

    n_jobs : int, default=None
        How many processes, as in joblib. They train the CycleGANs of one draw side by side,
        draw after draw; then they share the cells of the other samplers.

    callback : callable, default=None
        Called with each finished cell, a dict.

    Returns
    -------
    result : Bunch
        One entry per cell, in the order of samplers, ratios, seeds, folds:
        ``sampler``, ``ratio`` (NaN without resampling), ``seed`` and ``fold``
        (counted from 0), ``balanced_accuracy``, ``macro_f1``,
        ``minority_recall`` (mean over ``minority_classes``), ``recall`` of
        shape (n_cells, n_classes), ``n_train``, ``sampler_seconds`` (as if no ratio
        shared its CycleGANs with another), ``classifier_seconds``, ``error`` (None,
        or why the sampler or the classifier failed; then scores are NaN). Further
        ``classes`` and ``minority_classes``, those that gain rows at the largest ratio in all
        draws together;
        ``translations``, ``{sampler: examples}`` of the CycleGAN over-samplers that trained
        any on the first draw (see :func:`example_translations`; none of one that is part of
        another sampler, or of vectors);
        ``test_train_ratio``, rows tested on for each that was trained on, where both are
        drawn anew from the same rows, by which intervals are widened, or 0 with `test`;
        ``folds_recur``, whether `cv` splits alike for every seed, where intervals rest on
        the means of folds;
        ``settings`` and ``versions``, what to repeat it with.

    Raises
    ------
    ValueError
        Before anything is trained, for data, splits, ratios or names that cannot be compared;
        after all cells, when the classifier failed wherever it was trained. What else a
        sampler or the classifier raises goes into ``error``.

    See Also
    --------
    summarize_comparison : Means and standard deviations.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skgan_aug.comparison import compare_samplers
    >>> X, y = load_wine(return_X_y=True)
    >>> result = compare_samplers(
    ...     X, y, samplers=["none", "smote"], classifier=DecisionTreeClassifier(),
    ...     rare=2, rare_count=8, cv=3, n_seeds=1)
    >>> result.sampler.tolist()
    ['none', 'none', 'none', 'smote', 'smote', 'smote']
    """
    X, y, split = check_data(X, y, test, cv, groups)
    classifier = TorchCNNClassifier() if classifier is None else classifier
    check_classifier(classifier)
    samplers = make_samplers(default_names(classifier) if samplers is None else samplers)
    ratios = check_ratios(ratios)
    check_count(n_seeds, "n_seeds")
    if classifier_steps is not None:
        check_count(classifier_steps, "classifier_steps")
    if rare is None and rare_count is not None:
        raise ValueError("rare_count is given without rare. Name the classes it is for.")
    rare = None if rare is None else np.atleast_1d(np.asarray(rare)).tolist()
    unknown = [label for label in rare or [] if label not in y]
    if unknown:
        raise ValueError(f"rare names class {unknown[0]!r}, which is not in y.")

    draws = draw_parts(y, split, n_seeds, random_state, rare, rare_count)
    _check_callback(callback)
    problem = Problem(
        X=X,
        y=y,
        classes=np.unique(y),
        minority_classes=_check_plans(ratios, y, draws, rare),
        rare=rare,
        image_shape=image_shape,
        classifier=classifier,
        classifier_steps=classifier_steps,
    )
    try_classifier(problem)
    for sampler in samplers.values():
        if isinstance(sampler, LogitAdjustment):
            try_classifier(replace(problem, classifier=sampler.adjust(classifier)))
    tasks = _plan_tasks(samplers, ratios, draws)
    settings = collect_settings(problem, samplers, ratios, draws, random_state)
    cells, translations = _run_tasks(problem, tasks, n_jobs, callback)
    check_classifier_ever_worked(problem, cells)
    return Bunch(
        **_as_columns(cells, list(samplers), ratios),
        classes=problem.classes,
        minority_classes=problem.minority_classes,
        translations=translations,
        test_train_ratio=test_train_ratio(draws) if test is None else 0.0,
        folds_recur=test is None and folds_recur(draws),
        settings=settings,
        versions=collect_versions(),
    )


def check_ratios(ratios):
    """Return one or several ratios as floats, each once, the smallest first."""
    ratios = [ratios] if isinstance(ratios, Real) else list(ratios)
    if not ratios:
        raise ValueError("ratios is empty. Give at least one, such as ratios=(1.0,).")
    for ratio in ratios:
        if isinstance(ratio, bool) or not isinstance(ratio, Real) or not 0 < float(ratio) <= 1:
            raise ValueError(
                f"ratios holds {ratio!r}. A ratio is above 0 and at most 1, the share of the "
                "largest class that the others are raised to."
            )
    return tuple(sorted({float(ratio) for ratio in ratios}))


def _check_callback(callback):
    if callback is not None and not callable(callback):
        raise TypeError(
            f"callback={callback!r:.60} cannot be called: give a function, or None."
        )


def _check_plans(ratios, y, draws, rare):
    """Return the classes that gain rows at the largest ratio.

    Of all draws together, where classes of one size gain nothing, however unevenly folds
    share them out; or else of the first draw in which any gains some.
    """
    parts = [draw.train for draw in draws]
    parts.insert(0, np.concatenate(parts))
    plan: dict = {}
    for ratio in ratios:
        plans = (plan_counts(ratio, y[part], rare) for part in parts)
        plan = next(filter(None, plans), {})
        if not plan:
            larger = "" if ratio == 1 else "give a larger one, "
            raise ValueError(
                f"ratios holds {ratio}, at which no class gains any rows: {larger}name other "
                "classes in rare (--rare), or make some rare with rare_count (--rare-count)."
            )
    return np.array(sorted(plan))


def _plan_tasks(samplers, ratios, draws):
    return [
        Task(name, sampler, ratios if adds_rows(sampler) else (np.nan,), draw)
        for name, sampler in samplers.items()
        for draw in draws
    ]


def _run_tasks(problem, tasks, n_jobs, callback):
    """Run CycleGANs one task after the other, each on all jobs, then the others at once.

    A CycleGAN over-sampler, or what holds one, trains several networks for each task:
    spread over the jobs pair by pair they end together, spread task by task one job would
    wait for another.
    """
    n_jobs = effective_n_jobs(n_jobs)
    with_gans = [task for task in tasks if cyclegans_in(task.sampler)]
    others = [task for task in tasks if not cyclegans_in(task.sampler)]
    cells: list[dict] = []
    translations: dict = {}

    def keep_examples(name, sampler, X, y):
        if sampler.image_shape_ is not None and sampler.cyclegans_:
            translations[name] = example_translations(sampler, X, y)

    with tempfile.TemporaryDirectory(prefix="skgan_aug-") as folder:
        for task in with_gans:
            is_first = task.draw is tasks[0].draw
            is_shown = is_first and isinstance(task.sampler, CycleGANOverSampler)
            # All ratios of a task use the same GANs: train them once.
            task = replace(
                task,
                memory=folder if len(task.ratios) > 1 else None,
                n_jobs=n_jobs,
                on_fitted=partial(keep_examples, task.name) if is_shown else None,
            )
            _report(run_task(problem, task), cells, callback)
    # More workers than tasks would leave each with fewer threads than it could use.
    n_jobs = max(1, min(n_jobs, len(others)))
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    for finished in parallel(delayed(run_task)(problem, task) for task in others):
        _report(finished, cells, callback)
    return cells, translations


def _report(finished, cells, callback):
    cells += finished
    if callback is not None:
        for cell in finished:
            callback(cell)


def _as_columns(cells, names, ratios):
    """Turn cells into columns, in the order of samplers, ratios, seeds and folds."""
    order = [np.nan, *ratios]

    def position(cell):
        ratio = 0 if np.isnan(cell["ratio"]) else order.index(cell["ratio"])
        return names.index(cell["sampler"]), ratio, cell["seed"], cell["fold"]

    cells = sorted(cells, key=position)
    columns = {key: np.array([cell[key] for cell in cells]) for key in CELL_KEYS[:-1]}
    errors = np.array([cell["error"] for cell in cells], dtype=object)
    return {**columns, "error": errors}
