"""Image sets as scikit-learn Bunches, and tools to shape them into a problem."""

from ._digits import load_digits_images
from ._folder import load_image_folder
from ._imbalance import make_imbalanced_images
from ._npz import load_npz
from ._resize import resize_images

__all__ = [
    "load_digits_images",
    "load_image_folder",
    "load_npz",
    "make_imbalanced_images",
    "resize_images",
]
