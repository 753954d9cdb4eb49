"""Differentiable augmentation of what discriminators see.

A discriminator that sees a rare class's few images again and again learns them by heart.
Transforming real and translated images alike, in a way that gradients pass through, keeps
it from that without teaching the generator the transformations.

References
----------
.. [1] Zhao, Liu, Lin, Zhu, Han, "Differentiable Augmentation for Data-Efficient GAN
   Training", NeurIPS 2020.
"""

from functools import partial

import torch
from torch.nn import functional as F

from .._devices import place
from .cuda_graph import draw


def augment_batch(x, names, rng):
    """Transform each image of a batch by random amounts of its own.

    Parameters
    ----------
    x : tensor of shape (n, C, H, W), in [-1, 1]

    names : tuple of {"color", "translation", "cutout"}
        Which transformations, in this order.

    rng : torch.Generator
        On the CPU; where the random amounts come from.

    Returns
    -------
    x : tensor of shape (n, C, H, W)
    """
    for name in names:
        x = AUGMENTATIONS[name](x, rng)
    return x


def jitter_color(x, rng):
    """Shift brightness by up to 0.2, scale contrast and saturation by 0.7 to 1.3."""
    brightness, contrast, saturation = _uniform((3, len(x), 1, 1, 1), rng, x)
    grey = x.mean(dim=1, keepdim=True)
    x = grey + (x - grey) * (0.7 + 0.6 * saturation)
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (x - mean) * (0.7 + 0.6 * contrast) + 0.4 * brightness - 0.2


def shift_randomly(x, rng):
    """Shift by up to an eighth of either side, filling by reflection."""
    far = _farthest_shift(x.shape[-2:])
    down, right = (_integers(2 * side + 1, len(x), rng, x) - side for side in far)
    return shift_images(x, down, right)


def cut_out(x, rng):
    """Set a square of 3/8 of either side, at a random place, to 0 (mid-grey)."""
    height, width = x.shape[-2:]
    tall, wide = max(1, height * 3 // 8), max(1, width * 3 // 8)
    top = _integers(height, len(x), rng, x)[:, None] - tall // 2
    left = _integers(width, len(x), rng, x)[:, None] - wide // 2
    rows = torch.arange(height, device=x.device)
    columns = torch.arange(width, device=x.device)
    in_rows = (rows >= top) & (rows < top + tall)
    in_columns = (columns >= left) & (columns < left + wide)
    hidden = in_rows[:, None, :, None] & in_columns[:, None, None, :]
    return x.masked_fill(hidden, 0.0)


def flip_image(x, rng):
    """Mirror each image left to right, or leave it, with equal probability."""
    is_flipped = _uniform((len(x), 1, 1, 1), rng, x) < 0.5
    return torch.where(is_flipped, x.flip(-1), x)


def draw_shifts(n_repeats, n_different, image_size, rng):
    """Draw how far to shift repeats of images: each in another way while there are any left.

    Parameters
    ----------
    n_repeats : int
        How many images come again, after ``n_different`` that came once.

    n_different : int
        How many there are, which are repeated in turn.

    image_size : tuple of int
        (H, W).

    rng : torch.Generator
        On the CPU.

    Returns
    -------
    down, right : int64 tensors of shape (n_repeats,)
        Pixels, for :func:`shift_images`.
    """
    turn = torch.arange(n_repeats)
    tall, wide = (2 * side + 1 for side in _farthest_shift(image_size))
    shifts = torch.rand(n_different, tall * wide, generator=rng)
    shifts[:, tall * wide // 2] = 2.0  # no shift at all comes last
    shift = shifts.argsort(dim=1)[turn % n_different, turn // n_different % (tall * wide)]
    return shift // wide - tall // 2, shift % wide - wide // 2


def draw_moves(n_repeats, n_different, rng):
    """Draw how repeats of vectors move: by up to half the way to another row.

    Parameters
    ----------
    n_repeats, n_different, rng
        As in :func:`draw_shifts`.

    Returns
    -------
    towards : int64 tensor of shape (n_repeats,)
        Position of the other row, below ``n_different``.

    share : float32 tensor of shape (n_repeats, 1)
        Of the way, for ``torch.lerp``.
    """
    origin = torch.arange(n_repeats) % n_different
    step = 1 + torch.randint(max(1, n_different - 1), origin.shape, generator=rng)
    share = 0.5 * torch.rand(n_repeats, 1, generator=rng)
    return (origin + step) % n_different, share


def _farthest_shift(image_size):
    """An eighth of either side, at least a pixel; none where there is nothing to reflect."""
    return tuple(min(max(1, side // 8), side - 1) for side in image_size)


def shift_images(x, down, right):
    """Shift each image by pixels of its own, filling by reflection.

    Parameters
    ----------
    x : tensor of shape (n, C, H, W)
        Images, in any range.

    down, right : int64 tensors of shape (n,)
        Pixels, up to an eighth of the side; at least one is always allowed.

    Returns
    -------
    x : tensor of the same shape
        Shifted.
    """
    far = _farthest_shift(x.shape[-2:])
    padded = F.pad(x, (far[1], far[1], far[0], far[0]), mode="reflect")
    down, right = (
        (shift.to(x.device) + side)[:, None, None]
        for shift, side in zip((down, right), far, strict=True)
    )
    image = torch.arange(len(x), device=x.device)[:, None, None]
    row = down + torch.arange(x.shape[-2], device=x.device)[:, None]
    column = right + torch.arange(x.shape[-1], device=x.device)
    shifted = padded.permute(0, 2, 3, 1)[image, row, column].permute(0, 3, 1, 2)
    return place(shifted, x.device)


AUGMENTATIONS = {"color": jitter_color, "translation": shift_randomly, "cutout": cut_out}


def _uniform(shape, rng, like):
    return draw(partial(torch.rand, shape), rng, like.device).to(like.dtype)


def _integers(high, n, rng, like):
    return draw(partial(torch.randint, high, (n,)), rng, like.device)
