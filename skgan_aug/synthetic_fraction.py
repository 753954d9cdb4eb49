"""``synthetic_fraction="auto"``: whether translations cost a classifier what copies do not."""

from collections import Counter
from numbers import Integral

import numpy as np
from sklearn.base import clone

from ._batches import count_epochs
from ._random import draw_seed
from ._scale import SCALE
from ._training_rows import as_bytes
from .classification import TorchCNNClassifier

N_CLASSIFIERS = 3  # of either training set: their scores are averaged
_CLASSIFIER_STEPS = 500
_MAX_HELD_BACK = 200  # rows of a class: no common class is worth more of the time
_SURE = 1.28  # standard errors, of which a tenth of all draws go further down by chance


def choose_synthetic_fraction(sampler, X, y, n_to_add, *, random_state):
    """Choose between translations and copies, by classifiers trained on either.

    A third of each class is held back. The others are over-sampled twice, with copies alone
    and with translations among them, by CycleGANs that have not seen what is held back, to
    the same balance.
    The classifiers shift the images they learn from: what shifts do as well is no merit of
    translations. Few rows are held back of a rare class, and mostly translations do help:
    they are given up where classifiers lose more by them than chance would explain.

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
        0 where the balanced accuracy on held-back rows is lower with translations, by
        more than 1.28 standard errors; where they change nothing; and where the classes
        that gain rows have fewer than three. Else "scale".
    """
    held_back = hold_back(X, y, random_state)
    if not np.isin(y[held_back], list(n_to_add)).any():
        return 0.0
    own_state = sampler.random_state
    if not isinstance(own_state, Integral):  # none here, so that what is kept is found again
        own_state = np.random.RandomState(draw_seed(random_state))
    counts = wanted_counts(y, y[~held_back], n_to_add)
    seeds = [draw_seed(random_state) for _ in range(N_CLASSIFIERS)]

    def rightness_with(fraction):
        trial = clone(sampler).set_params(
            synthetic_fraction=fraction, sampling_strategy=counts, random_state=own_state
        )
        # What it would warn of, the training that counts says again.
        X_fit, y_fit = trial._fit_resample(X[~held_back], y[~held_back])
        classifiers = (train_classifier(sampler, X_fit, y_fit, seed) for seed in seeds)
        return rightness(classifiers, X[held_back], y[held_back])

    gains = rightness_with(SCALE) - rightness_with(0.0)
    return SCALE if are_worth_it(gains, y[held_back]) else 0.0


def hold_back(X, y, random_state):
    """Choose a third of each class, at most 200 rows, and all that equal them.

    Parameters
    ----------
    X : ndarray of shape (n, ...)
        Rows.

    y : ndarray of shape (n,)
        Labels.

    random_state : numpy.random.RandomState
        Draws the rows.

    Returns
    -------
    held_back : bool ndarray of shape (n,)
        None of a class of less than three different rows, nor, where equal rows have
        several labels, what a class of two or more cannot do without.
    """
    _, first, group = np.unique(as_bytes(X), return_index=True, return_inverse=True)
    chosen = []
    for label in np.unique(y):
        different = np.sort(first[y[first] == label])
        n = min(len(different) // 3, _MAX_HELD_BACK)
        chosen.append(random_state.permutation(different)[:n])
    held_back = np.isin(group, group[np.concatenate(chosen)])
    for label in np.unique(y):
        own = y == label
        n_left = len(np.unique(group[own & ~held_back]))
        if n_left < min(2, len(np.unique(group[own]))):  # others have copies of its rows
            held_back &= ~np.isin(group, group[own])
    return held_back


def wanted_counts(y, y_left, n_to_add):
    """Rows that classes should have once some are held back: as many beside the largest.

    Parameters
    ----------
    y, y_left : ndarray of shape (n,) and (n_left,)
        All labels, and those of the rows that are not held back.

    n_to_add : dict
        ``{label: rows to add}`` to all.

    Returns
    -------
    counts : dict
        ``{label: rows}``, of the same classes.
    """
    had, left = Counter(y.tolist()), Counter(y_left.tolist())
    share = max(left.values()) / max(had.values())
    return {
        label: max(left[label], round(share * (had[label] + n)))
        for label, n in n_to_add.items()
    }


def rightness(classifiers, X, y):
    """Find how many classifiers are right about each row.

    Parameters
    ----------
    classifiers : iterable of TorchCNNClassifier
        Trained.

    X : ndarray of shape (n, ...)
        Rows.

    y : ndarray of shape (n,)
        Their labels.

    Returns
    -------
    rightness : float ndarray of shape (n,)
        As a share of them.
    """
    return np.mean([classifier.predict(X) == y for classifier in classifiers], axis=0)


def gain_and_error(gains, y):
    """Find how much balanced accuracy translations gain, and how much chance may.

    Parameters
    ----------
    gains : float ndarray of shape (n,)
        Of each row held back: what share of the classifiers is right with translations,
        less what share is right with copies.

    y : ndarray of shape (n,)
        Their labels.

    Returns
    -------
    gain : float
        Mean over the classes, in [-1, 1].

    error : float
        Standard error of a gain of none at all, as in McNemar's test: by the rows that one
        side alone is right about.
    """
    by_class = [gains[y == label] for label in np.unique(y)]
    variances = [np.mean(own**2) / len(own) for own in by_class]
    gain = np.mean([np.mean(own) for own in by_class])
    return float(gain), float(np.sqrt(np.sum(variances)) / len(by_class))


def are_worth_it(gains, y):
    """Tell whether translations may be taken, by what :func:`gain_and_error` says.

    Parameters
    ----------
    gains, y
        As there.

    Returns
    -------
    are_worth_it : bool
        Not where they cost accuracy, or change nothing.
    """
    gain, error = gain_and_error(gains, y)
    return gain > -_SURE * error


def train_classifier(sampler, X, y, seed):
    """Train one of the classifiers that tell.

    Parameters
    ----------
    sampler : CycleGANOverSampler
        Whose images and device they are.

    X, y : ndarray
        What it returned.

    seed : int
        Of the classifier.

    Returns
    -------
    classifier : TorchCNNClassifier
        Trained.
    """
    classifier = TorchCNNClassifier(
        image_shape=sampler.image_shape,
        augmentation="shifts" if X.ndim > 2 or sampler.image_shape is not None else None,
        device=sampler.device,
        precision=sampler.precision,
        random_state=seed,
    )
    max_epochs = count_epochs(_CLASSIFIER_STEPS, len(y), classifier.batch_size)
    return classifier.set_params(max_epochs=max_epochs).fit(X, y)
