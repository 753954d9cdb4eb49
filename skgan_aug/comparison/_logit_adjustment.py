"""LogitAdjustment: what is compared with samplers and changes the classifier instead."""

from __future__ import annotations

from numbers import Real

from sklearn.base import BaseEstimator, clone
from sklearn.utils._param_validation import Interval

from ._nested import find_everywhere, nested_samplers, set_everywhere

_NAME = "logit_adjustment"


class LogitAdjustment(BaseEstimator):
    """Add no rows, and correct the classifier's loss for how frequent the classes are.

    It stands where a sampler would among those of :func:`compare_samplers`. It costs
    nothing: what takes minutes should be ahead of it.

    Parameters
    ----------
    logit_adjustment : float in [0, 100], default=1
        That of the classifier, which is a :class:`~skgan_aug.TorchCNNClassifier` or another
        with this parameter, or holds one.

    References
    ----------
    .. [1] Menon et al., "Long-tail learning via logit adjustment", ICLR 2021.

    Examples
    --------
    >>> from skgan_aug import TorchCNNClassifier
    >>> from skgan_aug.comparison import LogitAdjustment
    >>> LogitAdjustment().adjust(TorchCNNClassifier())
    TorchCNNClassifier(logit_adjustment=1.0)
    """

    _parameter_constraints: dict = {_NAME: [Interval(Real, 0, 100, closed="both")]}

    def __init__(self, logit_adjustment: float = 1.0) -> None:
        self.logit_adjustment = logit_adjustment

    def adjust(self, classifier: BaseEstimator) -> BaseEstimator:
        """Return a clone of a classifier that adjusts its logits.

        Parameters
        ----------
        classifier : estimator
            One that has the parameter, or holds one that has.

        Returns
        -------
        adjusted : estimator
            With this ``logit_adjustment``, not fitted.

        Raises
        ------
        ValueError
            For a classifier without the parameter, and a value out of its range.
        """
        self._validate_params()
        if not find_everywhere(classifier, _NAME):
            raise ValueError(
                f"classifier={classifier!r:.60} has no parameter logit_adjustment, which "
                "LogitAdjustment sets: leave that out of samplers, or give a "
                "TorchCNNClassifier."
            )
        adjusted = clone(classifier)
        set_everywhere(adjusted, _NAME, self.logit_adjustment)
        return adjusted


def gains_from_adjustment(classifier):
    """Whether a classifier has the parameter, and nothing yet against rare classes.

    One that adjusts its logits, weights its classes, samples its rows or is a search may
    learn the same with the parameter as without.
    """
    adjusted = find_everywhere(classifier, _NAME).values()
    weights = find_everywhere(classifier, "class_weight").values()
    is_search = any(name.startswith("param_") for name in classifier.get_params(deep=False))
    does_something = (
        any(value != 0 for value in adjusted)
        or any(value is not None for value in weights)
        or bool(nested_samplers(classifier))
    )
    return bool(adjusted) and not is_search and not does_something
