"""LogitAdjustment: what is compared with samplers and changes the classifier instead."""

from sklearn.base import BaseEstimator, clone

from ._nested import find_everywhere, set_everywhere

_PARAMETER = "logit_adjustment"


class LogitAdjustment(BaseEstimator):
    """Add no rows, and have the classifier learn beside how frequent the classes are.

    It stands where a sampler would among those of :func:`compare_samplers`, for what costs
    nothing should be beaten before what costs minutes is used.

    Parameters
    ----------
    logit_adjustment : float in [0, 100], default=1
        That of the classifier, or of those in a pipeline, such as
        :class:`~skgan_aug.TorchCNNClassifier`.

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

    def __init__(self, logit_adjustment=1.0):
        self.logit_adjustment = logit_adjustment

    def adjust(self, classifier):
        """Return a clone of a classifier that adjusts its logits.

        Parameters
        ----------
        classifier : estimator
            One that has the parameter, or holds one that has.

        Returns
        -------
        adjusted : estimator

        Raises
        ------
        ValueError
            When neither it nor what it is made of has the parameter.
        """
        if not find_everywhere(classifier, _PARAMETER):
            raise ValueError(
                f"classifier={classifier!r:.60} has no {_PARAMETER}, which samplers ask for: "
                f"leave {_PARAMETER!r} away, or compare with a TorchCNNClassifier."
            )
        adjusted = clone(classifier)
        set_everywhere(adjusted, _PARAMETER, self.logit_adjustment)
        return adjusted


def could_adjust(classifier):
    """Whether a classifier has the parameter, and does not adjust its logits by itself."""
    values = find_everywhere(classifier, _PARAMETER).values()
    return bool(values) and not any(values)
