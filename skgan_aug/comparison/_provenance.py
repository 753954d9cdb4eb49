"""What a comparison was made with, for those who want to repeat it."""

import platform
from importlib.metadata import version
from numbers import Integral

import numpy as np

from .. import __version__
from .._devices import resolve_device, resolve_precision
from ._samplers import can_set_training_steps

_VERSIONS_OF = ("numpy", "scikit-learn", "imbalanced-learn", "torch", "skorch")


def collect_versions():
    """Return ``{package: version}`` of what results depend on."""
    return {
        "skgan_aug": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in _VERSIONS_OF},
    }


def collect_settings(problem, samplers, ratios, draws, random_state):
    """Return what was compared on what, in plain values.

    Parameters
    ----------
    problem : Problem
        What all cells share.

    samplers : dict
        ``{name: sampler, LogitAdjustment or None}``.

    ratios : tuple of float
        Of the comparison.

    draws : list of Draw
        Every draw of the data.

    random_state : int, RandomState instance or None
        As it was passed.

    Returns
    -------
    settings : dict
        With text in place of estimators. ``train_counts`` are the images of
        each class in the training part of the first draw, ``classifier_steps`` None where
        the classifier makes none, ``device`` and ``precision`` what "auto" takes here.
    """
    device = resolve_device("auto")
    is_image = problem.X.ndim > 2 or problem.image_shape is not None
    has_steps = can_set_training_steps(problem.classifier)
    labels, counts = np.unique(problem.y[draws[0].train], return_counts=True)
    return {
        "samplers": {
            name: None if sampler is None else _in_one_line(sampler)
            for name, sampler in samplers.items()
        },
        "classifier": _in_one_line(problem.classifier),
        "classifier_steps": problem.classifier_steps if has_steps else None,
        "ratios": list(ratios),
        "rare": problem.rare,
        "row_shape": problem.X.shape[1:],
        "image_shape": problem.image_shape,
        "train_counts": dict(zip(labels.tolist(), counts.tolist(), strict=True)),
        "n_test": len(draws[0].test),
        "n_folds": 1 + max(draw.fold for draw in draws),
        "random_state": int(random_state) if isinstance(random_state, Integral) else None,
        "seeds": list(dict.fromkeys(draw.random_state for draw in draws)),
        "device": str(device),
        "precision": resolve_precision("auto", device, is_image=is_image),
    }


def _in_one_line(estimator):
    return " ".join(repr(estimator).split())
