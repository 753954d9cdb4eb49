"""Padding to the sizes that strided networks can work on."""

from torch.nn import functional as F

MIN_SIZE = 8  # below it, a quarter of the resolution leaves a single pixel


def pad_to_multiple(x, multiple):
    """Extend ``x`` at its lower right until both sides are divisible and at least 8.

    By reflection where the image is large enough for it, by repeating its border where
    it is not.
    """
    bottom, right = (
        max(side + -side % multiple, MIN_SIZE) - side for side in (x.shape[-2], x.shape[-1])
    )
    if not bottom and not right:
        return x
    reflects = bottom < x.shape[-2] and right < x.shape[-1]
    return F.pad(x, (0, right, 0, bottom), mode="reflect" if reflects else "replicate")


def crop_like(padded, x):
    """Undo :func:`pad_to_multiple`: cut ``padded`` to the height and width of ``x``."""
    return padded[..., : x.shape[-2], : x.shape[-1]]
