"""What a sampler gains by moving class boundaries, and what by showing something new.

A classifier that learnt a few rare images by heart gives their class too little room. Whatever
makes the others' labels less certain, wrong ones included, moves its boundaries outwards and
raises the balanced accuracy; so would a constant added to the class's log-probability. With
the best constants for everyone, only what was learnt from the images is left.
"""

import numpy as np

from skgan_aug import TorchCNNClassifier

_STEPS = np.linspace(-4, 4, 33)  # tried for each constant, in turn
_ROUNDS = 3
_SMALLEST = 1e-9  # a probability


class RecordingClassifier(TorchCNNClassifier):
    """A classifier that keeps its last probabilities, those of the test images."""

    recorded = None

    def predict_proba(self, X):
        """Probability of each class, which is kept."""
        RecordingClassifier.recorded = super().predict_proba(X)
        return RecordingClassifier.recorded


def score_with_best_boundaries(probabilities, labels, *, seed=0):
    """Balanced accuracy with a constant added to each class's log-probability.

    Fitted on one half of the test images, scored on the other, and the other way round: an
    upper bound that no user has, to compare training sets by what is in them.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)

    labels : int ndarray of shape (n,)
        Columns of the true classes.

    seed : int
        Decides the halves.

    Returns
    -------
    balanced_accuracy : float
        Mean of both halves.
    """
    logits = np.log(np.maximum(probabilities, _SMALLEST))
    order = np.random.default_rng(seed).permutation(len(labels))
    halves = order[::2], order[1::2]
    scores = []
    for fitted, scored in (halves, halves[::-1]):
        constants = _best_constants(logits[fitted], labels[fitted])
        scores.append(_balanced_accuracy(logits[scored] + constants, labels[scored]))
    return float(np.mean(scores))


def _best_constants(logits, labels):
    """Coordinate ascent on the balanced accuracy, from no constants at all."""
    constants = np.zeros(logits.shape[1])
    best = _balanced_accuracy(logits, labels)
    for position in np.tile(np.arange(len(constants)), _ROUNDS):
        start = constants.copy()
        for step in _STEPS:
            tried = start.copy()
            tried[position] += step
            score = _balanced_accuracy(logits + tried, labels)
            if score > best:
                best, constants = score, tried
    return constants


def _balanced_accuracy(logits, labels):
    is_right = logits.argmax(axis=1) == labels
    counts = np.bincount(labels, minlength=logits.shape[1])
    right = np.bincount(labels, weights=is_right, minlength=logits.shape[1])
    return np.mean(right[counts > 0] / counts[counts > 0])
