"""Large images, reduced to what the networks were tuned on, and changed at their own size."""

from torch.nn import functional as F


def reduced_spec(spec, max_size):
    """Describe what networks see of images.

    Parameters
    ----------
    spec : ImageSpec
        The images, or vectors.

    max_size : int or None
        Pixels of the longer side at most; None: any number.

    Returns
    -------
    network_spec : ImageSpec
        Of images with the same proportions; ``spec`` itself where nothing is to be reduced.
    """
    if not spec.is_image or max_size is None or max(spec.image_size) <= max_size:
        return spec
    scale = max_size / max(spec.image_size)
    return spec.resized(tuple(max(1, round(scale * side)) for side in spec.image_size))


def reduce_images(x, network_spec):
    """Reduce images to the size that networks see, each pixel a mean of its neighbourhood.

    Parameters
    ----------
    x : float32 tensor of shape (n, C, H, W) or (n, n_features)
        Images, or vectors.

    network_spec : ImageSpec
        Of :func:`reduced_spec`.

    Returns
    -------
    reduced : float32 tensor of shape (n, C, h, w) or (n, n_features)
        ``x`` itself where nothing is to be reduced.
    """
    if not network_spec.is_image or x.shape[2:] == network_spec.image_size:
        return x
    return F.interpolate(x, network_spec.image_size, mode="bilinear", antialias=True)


def transfer_change(x, reduced, translated):
    """Change images as their reduced selves were changed.

    Details too fine for these stay where nothing changes and fade where something does, lest
    outlines be left of what has gone: none is left where a change is half of the range or
    more. To translate the coarse level of an image and keep its details is due to Liang, Zeng
    and Zhang ("High-Resolution Photorealistic Image Translation in Real-Time: A Laplacian
    Pyramid Translation Network", CVPR 2021).

    Parameters
    ----------
    x : float32 tensor of shape (n, C, H, W) or (n, n_features)
        In [-1, 1].

    reduced, translated : float32 tensors of shape (n, C, h, w) or (n, n_features)
        What :func:`reduce_images` made of them, and what a generator made of that.

    Returns
    -------
    changed : float32 tensor of the shape of ``x``
        In [-1, 1]; ``translated`` itself where nothing was reduced.
    """
    if reduced is x:
        return translated
    change, details = _enlarge(translated - reduced, x), x - _enlarge(reduced, x)
    fading = change.abs().clamp(max=1.0)
    return (x + change - fading * details).clamp(-1.0, 1.0)


def _enlarge(reduced, x):
    """To the size of ``x``, bicubic: reduced again it comes closer than bilinear does."""
    return F.interpolate(reduced, x.shape[2:], mode="bicubic")
