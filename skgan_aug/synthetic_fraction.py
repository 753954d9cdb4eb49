"""``synthetic_fraction="auto"``: whether translations help a classifier more than copies."""

from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score

from ._classifier_net import count_epochs
from ._random import draw_seed
from ._scale import SCALE
from .classification import TorchCNNClassifier

_N_CLASSIFIERS = 3  # of either training set: their scores are averaged
_CLASSIFIER_STEPS = 500
_MAX_HELD_BACK = 200  # rows of a class: no common class is worth more of the time


def choose_synthetic_fraction(sampler, X, y, n_to_add, *, random_state):
    """Choose between translations and copies, by classifiers trained on either.

    A third of each class is held back. The others are over-sampled twice, with copies alone
    and with translations among them, by CycleGANs that have not seen what is held back.
    The classifiers shift the images they learn from: what shifts do as well is no merit of
    translations.

    Parameters
    ----------
    sampler : CycleGANOverSampler
        Cloned, not changed.

    X : ndarray of shape (n, ...)
        Validated rows.

    y : ndarray of shape (n,)
        Their labels.

    n_to_add : dict
        ``{label: rows to add}``, of classes that gain rows.

    random_state : numpy.random.RandomState
        Decides what is held back, and drives the classifiers.

    Returns
    -------
    synthetic_fraction : "scale" or 0.0
        "scale" where the mean balanced accuracy on held-back rows is higher with
        translations; 0 where it is not, or where the classes that gain rows have fewer
        than three.
    """
    held_back = hold_back(y, random_state)
    if not np.isin(y[held_back], list(n_to_add)).any():
        return 0.0
    own_state = sampler.random_state
    if not isinstance(own_state, Integral):  # none here, so that what is kept is found again
        own_state = np.random.RandomState(draw_seed(random_state))
    counts = {label: n + int(np.sum(y == label)) for label, n in n_to_add.items()}
    seeds = [draw_seed(random_state) for _ in range(_N_CLASSIFIERS)]

    def score(fraction):
        trial = clone(sampler).set_params(
            synthetic_fraction=fraction, sampling_strategy=counts, random_state=own_state
        )
        X_fit, y_fit = trial.fit_resample(X[~held_back], y[~held_back])
        classifiers = (_train_classifier(sampler, X_fit, y_fit, seed) for seed in seeds)
        return np.mean(
            [
                balanced_accuracy_score(y[held_back], classifier.predict(X[held_back]))
                for classifier in classifiers
            ]
        )

    return SCALE if score(SCALE) > score(0.0) else 0.0


def hold_back(y, random_state):
    """Choose a third of each class, at most 200 rows.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels.

    random_state : numpy.random.RandomState
        Draws the rows.

    Returns
    -------
    held_back : bool ndarray of shape (n,)
        None of a class of less than three rows.
    """
    held_back = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        n = min(len(rows) // 3, _MAX_HELD_BACK)
        held_back[random_state.permutation(rows)[:n]] = True
    return held_back


def _train_classifier(sampler, X, y, seed):
    classifier = TorchCNNClassifier(
        image_shape=sampler.image_shape,
        augmentation="shifts" if X.ndim > 2 or sampler.image_shape is not None else None,
        device=sampler.device,
        precision=sampler.precision,
        random_state=seed,
    )
    max_epochs = count_epochs(_CLASSIFIER_STEPS, len(y), classifier.batch_size)
    return classifier.set_params(max_epochs=max_epochs).fit(X, y)
