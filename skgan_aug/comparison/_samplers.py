"""The samplers known by name, and how each is handed images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline
from sklearn.base import clone

from .._batches import count_epochs
from .._text import printable
from ..classification import TorchCNNClassifier
from ..images import to_dtype
from ..over_sampling import CycleGANOverSampler
from ._logit_adjustment import LogitAdjustment, gains_from_adjustment
from ._nested import is_sampler, nested_samplers, set_everywhere

SAMPLERS = {
    "none": None,
    "logit_adjustment": LogitAdjustment,
    "random": RandomOverSampler,
    "smote": SMOTE,
    "borderline_smote": BorderlineSMOTE,
    "adasyn": ADASYN,
    "cyclegan": CycleGANOverSampler,
}

TITLES = {
    "none": "no resampling",
    "logit_adjustment": "logit adjustment",
    "random": "random over-sampling",
    "smote": "SMOTE",
    "borderline_smote": "Borderline-SMOTE",
    "adasyn": "ADASYN",
    "cyclegan": "CycleGAN",
}


def sampler_title(name: str) -> str:
    """Return how a sampler is called in tables and figures.

    Parameters
    ----------
    name : str
        One of ``SAMPLERS``, or any other.

    Returns
    -------
    title : str
        The name itself if it is none of ours.

    Examples
    --------
    >>> from skgan_aug.comparison import sampler_title
    >>> sampler_title("borderline_smote")
    'Borderline-SMOTE'
    """
    return TITLES.get(name, printable(name))


def default_names(classifier):
    """Names of the samplers that a classifier is compared with when none are named."""
    left_out = () if gains_from_adjustment(classifier) else ("logit_adjustment",)
    return [name for name in SAMPLERS if name not in left_out]


def make_samplers(samplers: Sequence[str] | Mapping[str, Any] | None = None) -> dict:
    """Turn names into ``{name: estimator}``, None meaning no resampling.

    Parameters
    ----------
    samplers : list of str or dict, default=None
        Names among ``SAMPLERS``, or a dict that is checked and copied. None
        means all of them, of which "logit_adjustment" is for networks.

    Returns
    -------
    estimators : dict
        ``{name: sampler, LogitAdjustment or None}``.

    Raises
    ------
    ValueError
        For no samplers, an unknown name, what is no sampler, transforms rows or only removes
        some, or two names with the same title.

    Examples
    --------
    >>> from skgan_aug.comparison import make_samplers
    >>> make_samplers(["none", "smote"])
    {'none': None, 'smote': SMOTE()}
    """
    if samplers is None:
        samplers = list(SAMPLERS)
    if isinstance(samplers, str):
        samplers = [samplers]
    if isinstance(samplers, Mapping):
        estimators = dict(samplers)
    else:
        estimators = {name: _make_sampler(name) for name in samplers}
    if not estimators:
        raise ValueError(f"samplers is empty. Name some of {', '.join(SAMPLERS)}.")
    _check_titles(estimators)
    for name, estimator in estimators.items():
        if adds_rows(estimator):
            _check_sampler(name, estimator)
    return estimators


def _check_titles(names):
    """Refuse names that tables and figures could not tell apart."""
    by_title: dict = {}
    for name in names:
        other = by_title.setdefault(sampler_title(name), name)
        if other != name:
            raise ValueError(
                f"samplers names {other!r} and {name!r}, which are both shown as "
                f"{sampler_title(name)!r}. Rename one."
            )


def _check_sampler(name, estimator):
    if isinstance(estimator, type):
        raise ValueError(
            f"samplers[{name!r}]={estimator.__name__} is a class. Give an instance, such as "
            f"{estimator.__name__}()."
        )
    if not is_sampler(estimator):
        raise ValueError(
            f"samplers[{name!r}]={estimator!r:.60} has no fit_resample or no get_params. "
            "Give an imbalanced-learn sampler, or None for no resampling."
        )
    if transformers := _transformers_in(estimator):
        raise ValueError(
            f"samplers[{name!r}] holds {type(transformers[0]).__name__}, which would change "
            "the rows that are trained on and not those that are tested on: put it into the "
            "classifier, as make_pipeline(StandardScaler(), LogisticRegression())."
        )
    if _with_strategy(estimator) and not over_samplers(estimator):
        raise ValueError(
            f"samplers[{name!r}]={estimator!r:.60} only removes rows, and ratios say how many "
            "to add. Put an over-sampler before it, such as make_pipeline(SMOTE(), "
            "TomekLinks())."
        )


def _make_sampler(name):
    if name not in SAMPLERS:
        raise ValueError(
            f"samplers names {name!r}, which is unknown. Choose among {', '.join(SAMPLERS)}, "
            "or give a dict {name: estimator}."
        )
    sampler_class = SAMPLERS[name]
    return None if sampler_class is None else sampler_class()


def adds_rows(sampler):
    """Whether it is a sampler, and not what leaves the rows as they are."""
    return not (sampler is None or isinstance(sampler, LogitAdjustment))


def takes_images(sampler):
    return "image_shape" in sampler.get_params(deep=False)


def _samplers_in(sampler):
    """The sampler and those nested in it."""
    return [sampler, *nested_samplers(sampler)]


def _transformers_in(sampler):
    """Steps of pipelines that would transform rows, which no sampler does to test rows."""
    pipelines = (each for each in _samplers_in(sampler) if isinstance(each, Pipeline))
    steps = [step for pipeline in pipelines for _, step in pipeline.steps]
    return [step for step in steps if hasattr(step, "transform") and not is_sampler(step)]


def _with_strategy(sampler):
    return [
        each
        for each in _samplers_in(sampler)
        if "sampling_strategy" in each.get_params(deep=False)
    ]


def over_samplers(sampler):
    """Which of them are told what to add; those that remove rows keep their strategy."""
    return [
        each
        for each in _with_strategy(sampler)
        if getattr(each, "_sampling_type", "over-sampling") == "over-sampling"
    ]


def cyclegans_in(sampler):
    """The CycleGAN over-samplers among a sampler, or None, and those nested in it."""
    nested = [] if sampler is None else _samplers_in(sampler)
    return [each for each in nested if isinstance(each, CycleGANOverSampler)]


def prepare_sampler(sampler, *, wanted_counts, random_state, image_shape, memory, n_jobs):
    """Clone a sampler for one cell of the comparison."""
    sampler = clone(sampler)
    for each in over_samplers(sampler):
        each.set_params(sampling_strategy=wanted_counts)
    set_everywhere(sampler, "random_state", random_state)
    if image_shape is not None:
        set_everywhere(sampler, "image_shape", image_shape, only_unset=True)
    for cyclegan in cyclegans_in(sampler):
        for name, value in (("memory", memory), ("n_jobs", n_jobs)):
            set_everywhere(cyclegan, name, value, only_unset=True)
    return sampler


def resample(sampler, X, y):
    """Run a sampler; one that knows only rows gets flattened images.

    Shape and dtype of `X` are kept. SMOTE and its family would compute
    differences of unsigned pixels, and cut off fractions: integers are handed
    over as floats, and what comes back is rounded and clipped. Where only
    CycleGANs are nested, they get the integers, which tell the range of pixels.
    """
    if takes_images(sampler):
        return sampler.fit_resample(X, y)
    if X.ndim > 2:
        set_everywhere(sampler, "image_shape", X.shape[1:], only_unset=True)
    rows = X.reshape(len(X), -1)
    is_integer = X.dtype.kind in "uib"
    if is_integer and not all(map(takes_images, over_samplers(sampler) or [sampler])):
        rows = rows.astype(np.float32 if X.dtype.itemsize <= 2 else np.float64)
    rows, y = sampler.fit_resample(rows, y)
    rows = np.asarray(rows)  # of a frame
    return to_dtype(rows, X.dtype).reshape(len(rows), *X.shape[1:]), y


def set_training_steps(classifier, n_rows, n_steps):
    """Set `max_epochs` so that `fit` makes about `n_steps` optimiser steps.

    Without this a larger training set would also mean longer training, and
    a sampler would be credited with the longer training. Epochs are whole
    ones where that is near enough, or the estimator knows no others.
    """
    for key, owner, batch_size in _counted_in_epochs(classifier):
        whole = not isinstance(owner, TorchCNNClassifier)
        epochs = count_epochs(n_steps, n_rows, batch_size, whole=whole)
        classifier.set_params(**{key: epochs})


def can_set_training_steps(classifier):
    """Whether it, or what it is made of, makes steps that can be counted."""
    return any(_counted_in_epochs(classifier))


def _counted_in_epochs(classifier):
    """Each `max_epochs` beside a `batch_size`: its name, whose it is, and that size."""
    nested = {"": classifier, **classifier.get_params(deep=True)}
    for key in nested:
        prefix, found, rest = key.rpartition("max_epochs")
        batch_size = nested.get(f"{prefix}batch_size")
        if found and not rest and isinstance(batch_size, Integral):
            yield key, nested[prefix.removesuffix("__")], batch_size
