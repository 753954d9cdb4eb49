"""Augmentation of images that are learnt from: named ones, and functions of the user's."""

import math
from copy import deepcopy

import numpy as np
import torch

from ._callables import failure_as_value_error
from ._random import global_seed
from .training.augmentation import flip_image, shift_randomly

AUGMENTATIONS = {
    "flips": (flip_image,),
    "shifts": (shift_randomly,),
    "flips_shifts": (flip_image, shift_randomly),
}
_MOST_VALUES = 2**22  # at once as float32, of which converting them takes a few times more


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
    """A copy of a module with parameters or buffers: calling it would change the user's.

    It is not trained with the classifier, which would learn to augment as little as it can.
    """
    if isinstance(augmentation, torch.nn.Module) and augmentation.state_dict():
        return deepcopy(augmentation).requires_grad_(False)
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


def augment_rows(augmentation, rows, spec, *, seed, parameter):
    """Augment rows of X, each once.

    Parameters
    ----------
    augmentation : None, str or callable
        As in :func:`augment_images`.

    rows : ndarray of shape (n, ...)
        In the dtype and range of X.

    spec : ImageSpec
        Of X.

    seed : int
        Of the named ones, and of torch's global generator for a callable.

    parameter : str
        Whose value ``augmentation`` is, for errors.

    Returns
    -------
    rows : ndarray of the same shape and dtype
        Within the range of X.

    Raises
    ------
    ValueError
        When a callable fails, or returns something else than finite images of that shape.
    """
    if augmentation is None:
        return rows
    augmentation = own_augmentation(augmentation)
    rng = torch.Generator().manual_seed(seed)
    augmented, n = np.empty_like(rows), max(1, _MOST_VALUES // math.prod(spec.row_shape))
    with global_seed(seed), torch.no_grad():
        for part in (slice(start, start + n) for start in range(0, len(rows), n)):
            x = spec.encode(spec.as_tensor(rows[part]))
            returned = augment_images(augmentation, x, rng, parameter=parameter)
            if returned.shape != x.shape or not returned.isfinite().all():
                raise ValueError(
                    f"{parameter} must return finite images of shape {tuple(x.shape[1:])}, as "
                    f"it is given them, but returned shape {tuple(returned.shape[1:])}"
                    f"{'' if returned.isfinite().all() else ' with NaN or infinity'}."
                )
            augmented[part] = spec.decode(returned)
    return augmented


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
