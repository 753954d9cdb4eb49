"""Over-sampling of rare image classes with CycleGAN translations."""

from .classification import TorchCNNClassifier
from .over_sampling import CycleGANOverSampler

__all__ = ["CycleGANOverSampler", "TorchCNNClassifier"]
__version__ = "0.1.0.dev0"
