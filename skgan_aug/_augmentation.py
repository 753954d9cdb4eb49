"""Augmentation of images that are learnt from: named ones, and functions of the user's."""

from copy import deepcopy

import torch

from ._callables import failure_as_value_error
from .training.augmentation import flip_image, shift_randomly

AUGMENTATIONS = {
    "flips": (flip_image,),
    "shifts": (shift_randomly,),
    "flips_shifts": (flip_image, shift_randomly),
}


def check_augmentation(parameter, augmentation, spec):
    """Refuse a named augmentation of vectors.

    Parameters
    ----------
    parameter : str
        Whose value it is.

    augmentation : None, str or callable
        As :class:`~skgan_aug.TorchCNNClassifier` takes it.

    spec : ImageSpec
        Of what is to be augmented.
    """
    if isinstance(augmentation, str) and not spec.is_image:
        raise ValueError(
            f"{parameter}={augmentation!r} is for images, but X holds vectors. Pass "
            "image_shape if its rows are images, or a callable."
        )


def own_augmentation(augmentation):
    """A copy of a module with parameters or buffers: calling it would change the user's."""
    if isinstance(augmentation, torch.nn.Module) and augmentation.state_dict():
        return deepcopy(augmentation)
    return augmentation


def augment_images(augmentation, x, rng, *, parameter="augmentation"):
    """Augment a batch.

    Parameters
    ----------
    augmentation : None, str or callable
        None, one of AUGMENTATIONS, or a function of the user's.

    x : float32 tensor of shape (n, C, H, W) or (n, n_features)
        In [-1, 1].

    rng : torch.Generator
        On the CPU; drives the named ones.

    parameter : str, default="augmentation"
        Whose value ``augmentation`` is, for errors.

    Returns
    -------
    x : float32 tensor of n rows
    """
    if augmentation is None:
        return x
    if callable(augmentation):
        return _augmented_by(augmentation, x, parameter)
    for augment in AUGMENTATIONS[augmentation]:
        x = augment(x, rng)
    return x


def _augmented_by(augmentation, x, parameter):
    """A batch as a function of the user's returns it, refused unless it is one."""
    with failure_as_value_error(f"{parameter} failed on a batch of shape {tuple(x.shape)}"):
        augmented = augmentation(x)
    is_batch = torch.is_tensor(augmented) and augmented.dtype == x.dtype
    if not (is_batch and augmented.shape[:1] == x.shape[:1]):
        returned = f"{augmented!r:.60}"
        if torch.is_tensor(augmented):
            returned = f"one of {augmented.dtype} and shape {tuple(augmented.shape)}"
        raise ValueError(
            f"{parameter} must return a float32 tensor of {len(x)} images for a batch of "
            f"shape {tuple(x.shape)}, but returned {returned}."
        )
    return augmented
