"""Networks (``torch.nn.Module`` only) and how to make one by name or by factory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import nn

from ._factories import N_PROBES, make_checked, probe_batch
from ._weights import init_weights
from .classifiers import CompactCNN, MLPClassifier, PaperCNN, SmallResNet
from .discriminators import MLPDiscriminator, PaperDiscriminator, PatchDiscriminator
from .generators import MaskedGenerator, MLPGenerator, ResnetGenerator

if TYPE_CHECKING:
    from ..images import ImageSpec

__all__ = [
    "CompactCNN",
    "MLPClassifier",
    "MLPDiscriminator",
    "MLPGenerator",
    "MaskedGenerator",
    "PaperCNN",
    "PaperDiscriminator",
    "PatchDiscriminator",
    "ResnetGenerator",
    "SmallResNet",
    "init_weights",
    "make_classifier",
    "make_discriminator",
    "make_generator",
]

_IMAGE_GENERATORS = {"masked": MaskedGenerator, "resnet": ResnetGenerator}
_IMAGE_DISCRIMINATORS = {"patch": PatchDiscriminator, "paper": PaperDiscriminator}
_IMAGE_CLASSIFIERS = {"compact": CompactCNN, "resnet": SmallResNet, "paper": PaperCNN}


def make_generator(generator: str | Callable[..., nn.Module], spec: ImageSpec) -> nn.Module:
    """Make a generator.

    Parameters
    ----------
    generator : {"auto", "masked", "resnet", "mlp"} or callable
        "auto" is "masked" for images and "mlp" for vectors. A callable takes the
        :class:`~skgan_aug.images.ImageSpec` and returns a module that maps a batch to
        one of the same shape, in [-1, 1].

    spec : ImageSpec
        What the batches are.

    Returns
    -------
    generator : torch.nn.Module
        Untrained.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.images import ImageSpec
    >>> from skgan_aug.networks import make_generator
    >>> spec = ImageSpec.from_array(np.zeros((5, 28, 28), dtype=np.uint8))
    >>> type(make_generator("auto", spec)).__name__
    'MaskedGenerator'
    """
    if callable(generator):
        wanted = tuple(probe_batch(spec).shape)
        return make_checked("generator", generator, (spec,), spec, wanted)
    name = _resolve("generator", generator, spec, image="masked", of_images=_IMAGE_GENERATORS)
    if name == "mlp":
        return MLPGenerator(spec.n_features)
    return _IMAGE_GENERATORS[name](spec.n_channels)


def make_discriminator(
    discriminator: str | Callable[..., nn.Module], spec: ImageSpec
) -> nn.Module:
    """Make a discriminator.

    Parameters
    ----------
    discriminator : {"auto", "patch", "paper", "mlp"} or callable
        "auto" is "patch" for images and "mlp" for vectors. A callable takes the
        :class:`~skgan_aug.images.ImageSpec` and returns a module that maps a batch to
        one or more unbounded scores per row.

    spec : ImageSpec
        What the batches are.

    Returns
    -------
    discriminator : torch.nn.Module
        Untrained.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.images import ImageSpec
    >>> from skgan_aug.networks import make_discriminator
    >>> spec = ImageSpec.from_array(np.zeros((5, 28, 28), dtype=np.uint8))
    >>> type(make_discriminator("auto", spec)).__name__
    'PatchDiscriminator'
    """
    if callable(discriminator):
        return make_checked("discriminator", discriminator, (spec,), spec, (N_PROBES,))
    known = _IMAGE_DISCRIMINATORS
    name = _resolve("discriminator", discriminator, spec, image="patch", of_images=known)
    if name == "mlp":
        return MLPDiscriminator(spec.n_features)
    return known[name](spec.n_channels, spec.image_size)


def make_classifier(
    module: str | Callable[..., nn.Module], spec: ImageSpec, n_classes: int
) -> nn.Module:
    """Make a classifier.

    Parameters
    ----------
    module : {"auto", "compact", "resnet", "paper", "mlp"} or callable
        "auto" is "compact" for images and "mlp" for vectors. A callable takes the
        :class:`~skgan_aug.images.ImageSpec` and the number of classes and returns a
        module that maps a batch to logits.

    spec : ImageSpec
        What the batches are.

    n_classes : int
        Number of logits.

    Returns
    -------
    classifier : torch.nn.Module
        Untrained.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.images import ImageSpec
    >>> from skgan_aug.networks import make_classifier
    >>> spec = ImageSpec.from_array(np.zeros((5, 28, 28), dtype=np.uint8))
    >>> type(make_classifier("auto", spec, 7)).__name__
    'CompactCNN'
    """
    if callable(module):
        wanted = (N_PROBES, n_classes)
        return make_checked("module", module, (spec, n_classes), spec, wanted)
    name = _resolve("module", module, spec, image="compact", of_images=_IMAGE_CLASSIFIERS)
    if name == "mlp":
        return MLPClassifier(spec.n_features, n_classes)
    return _IMAGE_CLASSIFIERS[name](spec.n_channels, spec.image_size, n_classes)


def _resolve(parameter, name, spec, *, image, of_images):
    """The network that ``name`` stands for, refused where it cannot work."""
    if name == "auto":
        return image if spec.is_image else "mlp"
    if spec.is_image != (name in of_images):
        kind, remedy = (
            ("images", f"one of {sorted(of_images)}")
            if spec.is_image
            else ("vectors", "'mlp', or pass image_shape if the rows hold images")
        )
        raise ValueError(f"{parameter}={name!r} does not work on {kind}: use {remedy}.")
    return name
