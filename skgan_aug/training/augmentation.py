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
    height, width = x.shape[-2:]
    far = max(1, height // 8), max(1, width // 8)
    if min(height - far[0], width - far[1]) < 1:  # too small to reflect
        return x
    padded = F.pad(x, (far[1], far[1], far[0], far[0]), mode="reflect")
    down, right = (_integers(2 * side + 1, len(x), generator, x) for side in far)
    image = torch.arange(len(x), device=x.device)[:, None, None]
    row = down[:, None, None] + torch.arange(height, device=x.device)[:, None]
    column = right[:, None, None] + torch.arange(width, device=x.device)
    return padded.permute(0, 2, 3, 1)[image, row, column].permute(0, 3, 1, 2)


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


def vary_batch(x, others, generator):
    """Make rows different from themselves without leaving their class.

    Parameters
    ----------
    x : tensor of shape (n, C, H, W) or (n, n_features)
        Images are shifted; vectors are moved by up to half the way to another row.

    others : tensor of shape (n_others, ...)
        Rows of the same class.

    generator : torch.Generator
        On the CPU; where the random amounts come from.

    Returns
    -------
    x : tensor of the same shape
    """
    if x.ndim == 4:
        return translate_image(x, generator)
    towards = others[torch.randint(len(others), (len(x),), generator=generator)]
    return torch.lerp(x, towards, 0.5 * torch.rand(len(x), 1, generator=generator))


AUGMENTATIONS = {"color": jitter_color, "translation": translate_image, "cutout": cut_out}


def _uniform(shape, generator, like):
    return torch.rand(shape, generator=generator).to(like.device, like.dtype)


def _integers(high, n, generator, like):
    return torch.randint(high, (n,), generator=generator).to(like.device)
