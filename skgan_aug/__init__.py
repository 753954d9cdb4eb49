"""Over-sampling of rare image classes with CycleGAN translations."""

from ._version import __version__
from .classification import TorchCNNClassifier
from .over_sampling import CycleGANOverSampler

__all__ = ["CycleGANOverSampler", "TorchCNNClassifier", "__version__"]
