"""Checks of what TorchCNNClassifier is given, besides X and y themselves."""

import numpy as np
import torch
from sklearn.utils.class_weight import compute_class_weight
from skorch.callbacks import BatchScoring, Callback, EpochScoring, LRScheduler

from ._missing import check_no_label_is_missing, check_unmasked
from ._validation import named


def check_labels(classes, y):
    """``classes`` sorted, without repeats; refused if y has a label that they lack."""
    check_unmasked(classes=classes)
    check_no_label_is_missing(classes, "classes")
    with named("classes, like y,"):
        classes = np.unique(np.asarray(classes))
        unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise ValueError(
            f"y has the labels {unknown.tolist()}, which classes={classes} lacks."
        )
    return classes


def resolve_class_weights(class_weight, classes, labels, sample_weight):
    """A positive float32 for each class; 1 for those without rows, if they are balanced.

    Parameters
    ----------
    class_weight : "balanced" or dict
        As :class:`~skgan_aug.TorchCNNClassifier` takes it.

    classes : ndarray of shape (n_classes,)
        All labels.

    labels : int64 ndarray of shape (n,)
        Positions of the classes of the rows.

    sample_weight : float64 ndarray of shape (n,), above 0, or None
        How much each row counts; None: all the same.
    """
    try:
        if class_weight == "balanced":
            weights = _balanced_weights(len(classes), labels, sample_weight)
        else:
            weights = compute_class_weight(class_weight, classes=classes, y=classes)
        weights = torch.as_tensor(weights, dtype=torch.float32, device="cpu")
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"class_weight={class_weight!r} cannot be used: {error}") from error
    if not (weights.isfinite() & (weights > 0)).all():
        raise ValueError(
            f"class_weight={class_weight!r} must hold positive numbers that float32 knows. To "
            "leave a class out, leave out its rows."
        )
    return weights


def _balanced_weights(n_classes, labels, sample_weight):
    # scikit-learn balances no class without rows, which a partial fit may have, and before
    # version 1.7 no weights of rows.
    sums = np.bincount(labels, weights=sample_weight, minlength=n_classes)
    has_rows = sums > 0
    weights = np.ones(n_classes)
    weights[has_rows] = sums.sum() / (has_rows.sum() * sums[has_rows])
    return weights


def check_optimizer(optimizer):
    """Refuse a class that is no optimiser, or cannot be made as every other is."""
    if not isinstance(optimizer, type):
        return
    if not issubclass(optimizer, torch.optim.Optimizer):
        raise TypeError(
            f"optimizer={optimizer.__name__} is no subclass of torch.optim.Optimizer: pass "
            "one, such as torch.optim.RMSprop, or 'adamw', 'adam' or 'sgd'."
        )
    try:
        given: dict = {"lr": 1e-3, "weight_decay": 0.0}
        optimizer([torch.nn.Parameter(torch.zeros(1))], **given)
    except Exception as error:
        raise TypeError(
            f"optimizer={optimizer.__name__} cannot be made with lr and weight_decay "
            f"({error}): pass one that takes both."
        ) from error


def check_callbacks(callbacks, *, validates, one_cycle):
    """Refuse what skorch could not call, and what would come to nothing.

    Parameters
    ----------
    callbacks : iterable or None
        As :class:`~skgan_aug.TorchCNNClassifier` takes them.

    validates : bool
        Whether rows are held back, whose scores can be watched.

    one_cycle : bool
        Whether the learning rate is set for every step.
    """
    for callback in callbacks or ():
        is_named = isinstance(callback, tuple) and len(callback) == 2
        own = callback[1] if is_named and isinstance(callback[0], str) else callback
        if not isinstance(own, Callback):
            raise TypeError(
                f"callbacks holds {callback!r}: give instances of skorch.callbacks.Callback, "
                "or tuples of a name and one."
            )
        kind = type(own).__name__
        monitor = getattr(own, "monitor", None)
        if isinstance(monitor, str) and monitor.startswith("valid_") and not validates:
            raise ValueError(
                f"callbacks holds {kind}(monitor={monitor!r}), but nothing is held back to "
                "validate on: call fit with early_stopping=True, or set monitor='train_loss'."
            )
        is_scoring = isinstance(own, EpochScoring | BatchScoring)
        if is_scoring and own.on_train:
            raise ValueError(
                f"callbacks holds {kind}(on_train=True), but batches are augmented, mixed and "
                "weighted: only what is held back can be scored. Leave on_train out."
            )
        if is_scoring and not validates:
            raise ValueError(
                f"callbacks holds {kind}({own.scoring!r:.80}), but nothing is held back to "
                "score: call fit with early_stopping=True, or leave it out."
            )
        if isinstance(own, LRScheduler) and one_cycle:
            raise ValueError(
                f"callbacks holds {kind}, whose rates learning_rate_schedule='one_cycle' "
                "would overwrite: set learning_rate_schedule='constant'."
            )
