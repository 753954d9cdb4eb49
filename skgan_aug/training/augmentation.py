"""Differentiable augmentation of what discriminators see.

A discriminator that sees a rare class's few images again and again learns them by heart.
Transforming real and translated images alike, in a way that gradients pass through, keeps
it from that without teaching the generator the transformations.

References
----------
.. [1] Zhao, Liu, Lin, Zhu, Han, "Differentiable Augmentation for Data-Efficient GAN
   Training", NeurIPS 2020.
"""

import torch
from torch.nn import functional as F


def augment_batch(x, names, generator):
    """Transform each image of a batch by random amounts of its own.

    Parameters
    ----------
    x : tensor of shape (n, C, H, W), in [-1, 1]

    names : tuple of {"color", "translation", "cutout"}
        Which transformations, in this order.

    generator : torch.Generator
        On the CPU; where the random amounts come from.

    Returns
    -------
    x : tensor of shape (n, C, H, W)
    """
    for name in names:
        x = AUGMENTATIONS[name](x, generator)
    return x


def jitter_color(x, generator):
    """Shift brightness by up to 0.2, scale contrast and saturation by 0.7 to 1.3."""
    brightness, contrast, saturation = _uniform((3, len(x), 1, 1, 1), generator, x)
    grey = x.mean(dim=1, keepdim=True)
    x = grey + (x - grey) * (0.7 + 0.6 * saturation)
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (x - mean) * (0.7 + 0.6 * contrast) + 0.4 * brightness - 0.2


def translate_image(x, generator):
    """Shift by up to an eighth of either side, filling by reflection."""
    far = _farthest_shift(x)
    down, right = (_integers(2 * side + 1, len(x), generator, x) - side for side in far)
    return _shift(x, down, right)


def cut_out(x, generator):
    """Set a square of 3/8 of either side, at a random place, to 0 (mid-grey)."""
    height, width = x.shape[-2:]
    tall, wide = max(1, height * 3 // 8), max(1, width * 3 // 8)
    top = _integers(height, len(x), generator, x)[:, None] - tall // 2
    left = _integers(width, len(x), generator, x)[:, None] - wide // 2
    rows = torch.arange(height, device=x.device)
    columns = torch.arange(width, device=x.device)
    in_rows = (rows >= top) & (rows < top + tall)
    in_columns = (columns >= left) & (columns < left + wide)
    hidden = in_rows[:, None, :, None] & in_columns[:, None, None, :]
    return x.masked_fill(hidden, 0.0)


def flip_image(x, generator):
    """Mirror every other image, left to right."""
    flipped = torch.rand(len(x), 1, 1, 1, generator=generator).to(x.device) < 0.5
    return torch.where(flipped, x.flip(-1), x)


def vary_repeats(x, n_different, generator):
    """Make repeated rows different without leaving their class.

    Parameters
    ----------
    x : tensor of shape (n, C, H, W) or (n, n_features)
        The first ``n_different`` rows, repeated in turn.

    n_different : int
        How many rows to leave as they are.

    generator : torch.Generator
        On the CPU; where the random amounts come from.

    Returns
    -------
    x : tensor of the same shape
        Repeats of an image are shifted, each in another way while there are any left;
        those of a vector are moved by up to half the way to another row.
    """
    repeats = x[n_different:]
    if not len(repeats):
        return x
    turn = torch.arange(len(repeats))
    origin = turn % n_different
    if x.ndim == 4:
        tall, wide = (2 * side + 1 for side in _farthest_shift(x))
        shifts = torch.rand(n_different, tall * wide, generator=generator)
        shifts[:, tall * wide // 2] = 2.0  # no shift at all comes last
        shift = shifts.argsort(dim=1)[origin, turn // n_different % (tall * wide)]
        varied = _shift(repeats, shift // wide - tall // 2, shift % wide - wide // 2)
    else:
        step = 1 + torch.randint(max(1, n_different - 1), origin.shape, generator=generator)
        share = 0.5 * torch.rand(len(repeats), 1, generator=generator)
        varied = torch.lerp(repeats, x[(origin + step) % n_different], share)
    return torch.cat([x[:n_different], varied])


def _farthest_shift(x):
    """An eighth of either side, at least a pixel; none where there is nothing to reflect."""
    return tuple(min(max(1, side // 8), side - 1) for side in x.shape[-2:])


def _shift(x, down, right):
    """Shift each image by pixels of its own, filling by reflection."""
    far = _farthest_shift(x)
    padded = F.pad(x, (far[1], far[1], far[0], far[0]), mode="reflect")
    down, right = (
        (shift.to(x.device) + side)[:, None, None]
        for shift, side in zip((down, right), far, strict=True)
    )
    image = torch.arange(len(x), device=x.device)[:, None, None]
    row = down + torch.arange(x.shape[-2], device=x.device)[:, None]
    column = right + torch.arange(x.shape[-1], device=x.device)
    return padded.permute(0, 2, 3, 1)[image, row, column].permute(0, 3, 1, 2)


AUGMENTATIONS = {"color": jitter_color, "translation": translate_image, "cutout": cut_out}


def _uniform(shape, generator, like):
    return torch.rand(shape, generator=generator).to(like.device, like.dtype)


def _integers(high, n, generator, like):
    return torch.randint(high, (n,), generator=generator).to(like.device)
