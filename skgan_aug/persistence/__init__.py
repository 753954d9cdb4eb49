"""Save trained estimators and load them again, without pickle.

A saved file holds data alone: loading one runs no code of its author's.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import torch
from safetensors import SafetensorError
from sklearn.base import BaseEstimator

from .._devices import resolve_device
from .._version import __version__
from ._estimators import describe_estimator, restore_estimator
from ._file import read_file, write_file
from ._values import require

__all__ = ["load", "save"]

# What reading a file that is none of ours may run into.
_DAMAGES = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,  # of torch, and of recursion
    MemoryError,
    SafetensorError,
)


def save(estimator: BaseEstimator, path: str | os.PathLike[str]) -> None:
    """Save an estimator or a pipeline to one file.

    Parameters
    ----------
    estimator : CycleGANOverSampler, TorchCNNClassifier or Pipeline
        Fitted or not. A pipeline, of scikit-learn or imbalanced-learn, of these two.

    path : str or path
        The file. One that exists is replaced once the new one is complete; of a link, the
        file that it leads to.

    Raises
    ------
    ValueError
        For any other estimator or step, for labels that are no numbers or strings, for what
        was fitted on np.longdouble, and for networks of your own that are not made anew by
        their factory and their weights.

    Warns
    -----
    UserWarning
        Of parameters that are code, such as a factory or callbacks: they are left out, and
        :func:`load` has to be given them.

    See Also
    --------
    load : The way back.

    Notes
    -----
    What a further ``fit`` or ``partial_fit`` needs is kept too: the classifier's optimiser
    and random state. Training rows are not.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from skgan_aug import TorchCNNClassifier
    >>> from skgan_aug.persistence import save
    >>> classifier = TorchCNNClassifier(max_epochs=2).fit(*load_iris(return_X_y=True))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "iris.safetensors")
    ...     save(classifier, path)
    ...     path.stat().st_size > 0
    True
    """
    path = _check_path(path)
    tensors: dict[str, torch.Tensor] = {}
    left_out: dict[str, str] = {}
    record = describe_estimator(estimator, tensors, left_out)
    versions = {
        "skgan_aug": __version__,
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        "torch": torch.__version__,
    }
    write_file(path, {"versions": versions, "estimator": record}, tensors)
    if left_out:
        what = ", ".join(f"{name} ({value})" for name, value in left_out.items())
        given = ", ".join(f"{name!r}: ..." for name in left_out)
        warnings.warn(
            f"{path} does not hold what is no data: {what}. Load it with "
            f"load(path, params={{{given}}}).",
            stacklevel=2,
        )


def load(
    path: str | os.PathLike[str],
    *,
    device: str | torch.device | None = "cpu",
    params: dict | None = None,
) -> Any:
    """Load what :func:`save` saved.

    Nothing in the file is executed, whoever wrote it.

    Parameters
    ----------
    path : str or path
        The file.

    device : str, torch.device or None, default="cpu"
        Where to compute, whatever the estimator was trained on: its parameter ``device``
        gets this value, in a pipeline that of each step. None keeps the saved value.

    params : dict, default=None
        The parameters that :func:`save` warned of, ``{name: value}``; those of a pipeline's
        steps as ``step__name``.

    Returns
    -------
    estimator : CycleGANOverSampler, TorchCNNClassifier or Pipeline
        As it was saved, but for what :func:`save` warned of.

    Raises
    ------
    ValueError
        For a file that is damaged, was changed, or was not written by :func:`save`. The
        message names it and what is wrong.

    See Also
    --------
    save : Write the file, with what is kept and what is not.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_digits
    >>> from skgan_aug import TorchCNNClassifier
    >>> from skgan_aug.persistence import load, save
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = TorchCNNClassifier(image_shape=(8, 8), max_epochs=1, random_state=0)
    >>> _ = classifier.fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(classifier, f"{folder}/digits.safetensors")
    ...     loaded = load(f"{folder}/digits.safetensors")
    >>> bool((loaded.predict_proba(X) == classifier.predict_proba(X)).all())
    True
    """
    path, given = _check_path(path), dict(params or {})
    if device is not None:
        resolve_device(device)
    version = __version__
    try:
        with torch.inference_mode(False):  # what is made in it can never be trained
            record, tensors = read_file(path)
            is_record = isinstance(record, dict) and "estimator" in record
            require(is_record, "it holds no estimator")
            version = record["versions"]["skgan_aug"]
            estimator = restore_estimator(record["estimator"], tensors, device, given)
            require(not tensors, f"it has tensors {sorted(tensors)[:3]} that nothing needs")
    except _DAMAGES as error:
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        if isinstance(error, SafetensorError):
            reason = f"it was not written by skgan_aug, or is not whole ({reason})"
        if version != __version__:
            reason += f"; it was saved by skgan_aug {version!r:.40}, and this is {__version__}"
        raise ValueError(f"{path} cannot be loaded: {reason}.") from error
    if given:
        raise ValueError(f"params has {sorted(given)}, which {path} itself holds or lacks.")
    return estimator


def _check_path(path):
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is no file, but a folder or device. Give another path.")
    return path
