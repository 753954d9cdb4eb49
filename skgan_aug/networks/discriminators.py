"""Discriminators: judge whether a batch is real; no sigmoid, for the least-squares loss."""

from __future__ import annotations

import math

import torch
from torch import nn

from ._layers import InstanceNorm2d
from ._padding import pad_to_multiple


class MLPDiscriminator(nn.Module):
    """Judge vectors of shape (n, n_features); returns (n, 1).

    Parameters
    ----------
    n_features : int
        Length of a vector.

    n_filters : int, default=64
        Width of the two hidden layers.

    Examples
    --------
    >>> import torch
    >>> from skgan_aug.networks import MLPDiscriminator
    >>> MLPDiscriminator(5)(torch.zeros(2, 5)).shape
    torch.Size([2, 1])
    """

    def __init__(self, n_features: int, *, n_filters: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, n_filters),
            nn.LeakyReLU(0.2),
            nn.Linear(n_filters, n_filters),
            nn.LeakyReLU(0.2),
            nn.Linear(n_filters, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Score vectors.

        Parameters
        ----------
        x : float tensor of shape (n, n_features)
            In [-1, 1].

        Returns
        -------
        scores : float tensor of shape (n, 1)
            Unbounded, the higher the more real.
        """
        return self.layers(x)


class PatchDiscriminator(nn.Module):
    """Judge overlapping patches of an image, as in pix2pix and CycleGAN.

    Parameters
    ----------
    n_channels : int
        Channels of the images.

    image_size : tuple of int
        (H, W). Small images get fewer strided layers, so that at least a 4x4 map of
        judgements is left to average over.

    n_filters : int, default=32
        Filters of the first layer, doubled by each following one (the paper's: 64).

    max_layers : int, default=2
        Strided layers at most (the paper's: 3, which makes patches of 70x70).

    References
    ----------
    .. [1] Isola, Zhu, Zhou, Efros, "Image-to-Image Translation with Conditional
       Adversarial Networks", CVPR 2017, appendix 6.1.2.

    Examples
    --------
    >>> import torch
    >>> from skgan_aug.networks import PatchDiscriminator
    >>> PatchDiscriminator(1, (28, 28))(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 1, 7, 7])
    """

    def __init__(
        self,
        n_channels: int,
        image_size: tuple[int, int],
        *,
        n_filters: int = 32,
        max_layers: int = 2,
    ) -> None:
        super().__init__()
        n_strided = max(1, min(max_layers, int(math.log2(min(image_size) / 4))))
        f = n_filters
        layers = [nn.Conv2d(n_channels, f, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for _ in range(n_strided - 1):
            layers += _conv_norm(f, 2 * f, 4, stride=2)
            f *= 2
        layers += [*_conv_norm(f, 2 * f, 3, stride=1), nn.Conv2d(2 * f, 1, 3, padding=1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Score the patches of images.

        Parameters
        ----------
        x : float tensor of shape (n, C, H, W)
            In [-1, 1].

        Returns
        -------
        scores : float tensor of shape (n, 1, h, w)
            One for each patch, unbounded, the higher the more real.
        """
        return self.layers(pad_to_multiple(x, 1))


class PaperDiscriminator(nn.Module):
    """The paper's discriminator: C64-C128-C256-C512, then a score for each 70x70 patch.

    Parameters
    ----------
    n_channels : int
        Channels of the images.

    image_size : tuple of int
        (H, W), at least 24x24.

    n_filters : int, default=64
        Filters of the first layer, doubled by each following one.

    References
    ----------
    .. [1] Zhu, Park, Isola, Efros, "Unpaired Image-to-Image Translation using
       Cycle-Consistent Adversarial Networks", ICCV 2017, appendix 7.2.

    Examples
    --------
    >>> import torch
    >>> from skgan_aug.networks import PaperDiscriminator
    >>> PaperDiscriminator(1, (48, 48))(torch.zeros(2, 1, 48, 48)).shape
    torch.Size([2, 1, 4, 4])
    """

    def __init__(
        self, n_channels: int, image_size: tuple[int, int], *, n_filters: int = 64
    ) -> None:
        super().__init__()
        if min(image_size) < 24:
            height, width = image_size
            raise ValueError(
                "discriminator='paper' halves images three times, but networks see "
                f"{height}x{width}: use discriminator='patch', or images of which max_size "
                "leaves 24x24 or more."
            )
        f = n_filters
        self.layers = nn.Sequential(
            nn.Conv2d(n_channels, f, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            *_conv_norm(f, 2 * f, 4, stride=2),
            *_conv_norm(2 * f, 4 * f, 4, stride=2),
            *_conv_norm(4 * f, 8 * f, 4, stride=1),
            nn.Conv2d(8 * f, 1, 4, padding=1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Score the patches of images.

        Parameters
        ----------
        x : float tensor of shape (n, C, H, W)
            In [-1, 1].

        Returns
        -------
        scores : float tensor of shape (n, 1, h, w)
            One for each patch, unbounded, the higher the more real.
        """
        return self.layers(x)


def _conv_norm(n_in, n_out, kernel_size, *, stride):
    return (
        nn.Conv2d(n_in, n_out, kernel_size, stride=stride, padding=1),
        InstanceNorm2d(n_out),
        nn.LeakyReLU(0.2),
    )
