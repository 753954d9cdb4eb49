"""The classifiers that the command line knows by name."""

from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC

from ..classification import TorchCNNClassifier
from ._problem import check_choice

NETWORKS = ("compact", "resnet", "paper")
OF_ROWS = {"forest": RandomForestClassifier, "svc": SVC}


def make_classifier(name, *, augmentation, logit_adjustment, steps):
    """Return what ``--classifier`` names.

    Parameters
    ----------
    name : str or None
        One of NETWORKS or OF_ROWS; None is the default network, which also takes vectors.

    augmentation : str or None
        What a network does to its batches.

    logit_adjustment : float or None
        How much a network takes the shares of the classes into account, as typed.

    steps : int or None
        Of a network's training, as typed.

    Raises
    ------
    ValueError
        For another name, or what only networks have.
    """
    if name is not None:
        check_choice("--classifier", name, (*NETWORKS, *OF_ROWS))
    if name not in OF_ROWS:
        return TorchCNNClassifier(
            module=name or "auto",
            augmentation=augmentation,
            logit_adjustment=logit_adjustment or 0.0,
        )
    for option, value, instead in (
        ("augmentation", augmentation, " Or give it as --copy-augmentation."),
        ("logit-adjustment", logit_adjustment, ""),
        ("classifier-steps", steps, ""),
    ):
        if value is not None:
            refuse_of_rows(option, value, name, instead)
    return OF_ROWS[name]()


def refuse_of_rows(option, value, classifier, instead=""):
    """Refuse a classifier of rows for an option that is for networks."""
    if classifier in OF_ROWS:
        raise ValueError(
            f"--{option} {value} is for networks, and --classifier {classifier} is none. "
            f"Leave one away, or choose among {', '.join(NETWORKS)}.{instead}"
        )


def arrange_for(classifier, problem):
    """What it learns from and is tested on: images, or rows of their pixels.

    Returns
    -------
    X, test, image_shape : ndarray, tuple (X_test, y_test) or None, tuple or None
        ``image_shape`` is that of the images in rows.
    """
    X, test = problem.X, problem.test
    if isinstance(classifier, TorchCNNClassifier) or X.ndim == 2:
        return X, test, None
    if test is not None:
        test = _as_rows(test[0]), test[1]
    return _as_rows(X), test, X.shape[1:]


def _as_rows(X):
    return X.reshape(len(X), -1)
