"""Over-sampling of rare image classes with CycleGAN translations."""

import importlib
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from . import (  # noqa: F401
        comparison,
        datasets,
        folders,
        images,
        inspection,
        metrics,
        networks,
        persistence,
        reporting,
        selection,
        training,
    )
    from .classification import TorchCNNClassifier
    from .over_sampling import CycleGANOverSampler

__all__ = ["CycleGANOverSampler", "TorchCNNClassifier", "__version__"]

# Where a name is: loaded when it is first asked for, because scikit-learn and imbalanced-learn
# take longer to import than torch, and not everybody who imports this package needs them.
_HOMES = {"CycleGANOverSampler": "over_sampling", "TorchCNNClassifier": "classification"}
_SUBMODULES = (
    "comparison",
    "datasets",
    "folders",
    "images",
    "inspection",
    "metrics",
    "networks",
    "persistence",
    "reporting",
    "selection",
    "training",
)


if not TYPE_CHECKING:  # to whom every misspelt name would be one of this package's

    def __getattr__(name):
        if name in _SUBMODULES:
            return importlib.import_module(f".{name}", __name__)
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = value
        return value


def __dir__():
    return sorted({*globals(), *__all__, *_SUBMODULES})
