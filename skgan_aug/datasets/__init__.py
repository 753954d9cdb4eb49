"""Image sets as scikit-learn Bunches, and tools to shape them into a problem."""

from ._digits import load_digits_images
from ._fashion_mnist import load_fashion_mnist
from ._fer2013 import load_fer2013
from ._folder import load_image_folder
from ._imbalance import make_imbalanced_images
from ._jaffe import load_jaffe
from ._npz import load_npz
from ._resize import resize_images
from ._sfew import load_sfew

__all__ = [
    "load_digits_images",
    "load_fashion_mnist",
    "load_fer2013",
    "load_image_folder",
    "load_jaffe",
    "load_npz",
    "load_sfew",
    "make_imbalanced_images",
    "resize_images",
]
