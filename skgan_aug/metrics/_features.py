"""What a trained classifier sees in images: the features that metrics compare."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import nn

from .._threads import taking_turns
from .._validation import check_images


# The type of a TorchCNNClassifier is above this package, and its base is taken for it.
def extract_features(classifier: BaseEstimator, X: ArrayLike) -> np.ndarray:
    """Take the penultimate features of a fitted classifier: what its last layer weighs.

    The features are the input of the ``nn.Linear`` that makes the logits, without dropout
    or augmentation. Rows go through the network batch by batch, and the classifier stays
    as it was.

    Parameters
    ----------
    classifier : TorchCNNClassifier
        Fitted. Fit it on other rows than those compared: features of what a network was
        trained on lie closer together than those of new images.

    X : array-like of shape (n, d), (n, H, W) or (n, H, W, C)
        Rows like those it was fitted on.

    Returns
    -------
    features : float32 ndarray of shape (n, n_features)
        Unbounded; the rows in the order of X.

    Raises
    ------
    NotFittedError
        Before ``fit``.

    TypeError
        When the classifier is not a :class:`~skgan_aug.TorchCNNClassifier`.

    ValueError
        When no ``nn.Linear`` of the network makes the logits.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skgan_aug import TorchCNNClassifier
    >>> from skgan_aug.metrics import extract_features
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = TorchCNNClassifier(image_shape=(8, 8), max_epochs=1, random_state=0)
    >>> extract_features(classifier.fit(X[:500], y[:500]), X[500:600]).shape
    (100, 256)
    """
    check_has_features(classifier)
    check_is_fitted(classifier, "net_")
    net = classifier.net_
    spec = net.module_.spec
    X = check_images(classifier, X, reset=False, spec=spec)
    batches = []
    with taking_turns(), _watched_input(net.module_, len(classifier.classes_)) as seen:
        for _ in net.forward_iter(spec.as_tensor(X)):
            batches.append(_take(seen, net.module_.network))
    return np.concatenate(batches)


def check_has_features(classifier):
    """Refuse what is no ``TorchCNNClassifier``."""
    if not (hasattr(classifier, "image_shape") and hasattr(classifier, "predict_proba")):
        raise TypeError(
            f"classifier is a {type(classifier).__name__}, but features are taken from a "
            "TorchCNNClassifier."
        )


@contextmanager
def _watched_input(module, n_classes):
    """A list whose last entry is what came into the layer that made the logits last.

    Of this thread, inside the block only; afterwards each part of the module is in the mode
    it was in.
    """
    seen: list = []
    own_thread = threading.get_ident()

    def remember(layer, args):
        if threading.get_ident() == own_thread:  # others may predict at the same time
            seen[:] = [args[0].detach().flatten(1)]

    modes = [(part, part.training) for part in module.modules()]
    hooks = [
        part.register_forward_pre_hook(remember)
        for part in module.modules()
        if isinstance(part, nn.Linear) and part.out_features == n_classes
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
        for part, mode in modes:
            part.training = mode


def _take(seen, network):
    """The features of the batch that has just gone through."""
    if not seen:
        raise ValueError(
            f"module={type(network).__name__} has no nn.Linear that makes the logits, so its "
            "features are not known: end it in one, or pass features of your own to the "
            "metrics."
        )
    return seen.pop().float().cpu().numpy()
