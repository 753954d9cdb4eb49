"""Generators: translate a batch of one class into another.

Image generators map (n, C, H, W) in [-1, 1] to the same shape and range, for any
H and W: sizes that are not divisible by their stride are padded by reflection and
cropped back.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from ._layers import DrawingConv2d, InstanceNorm2d, ReflectingConv2d, shuffle_pixels
from ._padding import crop_like, pad_to_multiple

_STRIDE = 4  # both image generators work at a quarter of the resolution


class MLPGenerator(nn.Module):
    """Translate vectors: a perceptron predicts what to change.

    Parameters
    ----------
    n_features : int
        Length of a vector.

    n_filters : int, default=64
        Width of the two hidden layers.

    Notes
    -----
    Maps (n, n_features) in [-1, 1] to the same shape and range. The change is added to
    the input, so that the untrained generator starts close to the identity.

    Examples
    --------
    >>> import torch
    >>> from skgan_aug.networks import MLPGenerator
    >>> MLPGenerator(5)(torch.zeros(2, 5)).shape
    torch.Size([2, 5])
    """

    def __init__(self, n_features: int, *, n_filters: int = 64) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Linear(n_features, n_filters),
            nn.LeakyReLU(0.2),
            nn.Linear(n_filters, n_filters),
            nn.LeakyReLU(0.2),
            nn.Linear(n_filters, n_features),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Translate vectors.

        Parameters
        ----------
        x : float tensor of shape (n, n_features)
            In [-1, 1].

        Returns
        -------
        translated : float tensor of shape (n, n_features)
            In [-1, 1].
        """
        return _Clamp.apply(x + self.change(x))


class _Clamp(torch.autograd.Function):
    """``torch.clamp(x, -1, 1)``, with a gradient that leads back to where it is not cut off.

    Torch's is 0 beyond: what begins at the end of its range, as a column does that is
    constant in the source class, and is pushed over it by chance would stay there for good.
    """

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(-1.0, 1.0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        leads_away = (x.abs() > 1.0) & (x * gradient < 0)  # steps go against it
        return gradient.masked_fill(leads_away, 0.0)


class ResnetGenerator(nn.Module):
    """The paper's generator: c7s1-f, d2f, d4f, residual blocks, u2f, uf, c7s1-C, tanh.

    Parameters
    ----------
    n_channels : int
        Channels of the images.

    n_filters : int, default=64
        Filters of the first layer (the paper's 64).

    n_blocks : int, default=6
        Residual blocks at a quarter of the resolution.

    References
    ----------
    .. [1] Zhu, Park, Isola, Efros, "Unpaired Image-to-Image Translation using
       Cycle-Consistent Adversarial Networks", 2017, appendix 7.2.

    Examples
    --------
    >>> import torch
    >>> from skgan_aug.networks import ResnetGenerator
    >>> ResnetGenerator(1, n_filters=8, n_blocks=1)(torch.zeros(2, 1, 12, 16)).shape
    torch.Size([2, 1, 12, 16])
    """

    def __init__(self, n_channels: int, *, n_filters: int = 64, n_blocks: int = 6) -> None:
        super().__init__()
        f = n_filters
        self.layers = nn.Sequential(
            *_reflecting_conv(n_channels, f, 7),
            *_conv(f, 2 * f, 3, stride=2),
            *_conv(2 * f, 4 * f, 3, stride=2),
            *(ResidualBlock(4 * f, reflects=True) for _ in range(n_blocks)),
            *_transposed_conv(4 * f, 2 * f),
            *_transposed_conv(2 * f, f),
            ReflectingConv2d(f, n_channels, 7),
            nn.Tanh(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Translate images.

        Parameters
        ----------
        x : float tensor of shape (n, C, H, W)
            In [-1, 1].

        Returns
        -------
        translated : float tensor of shape (n, C, H, W)
            In [-1, 1].
        """
        return crop_like(self.layers(pad_to_multiple(x, _STRIDE)), x)


class MaskedGenerator(nn.Module):
    """Edit an image instead of redrawing it: output = mask * content + (1 - mask) * input.

    What need not change to cross into the target class stays as it was, to the pixel.
    The last layer alone works at full resolution, on few filters, everything else at a half
    and a quarter of it; enlarging by nearest neighbours before convolving avoids the
    checkerboards of transposed convolutions.

    Parameters
    ----------
    n_channels : int
        Channels of the images.

    n_filters : int, default=32
        Filters at half resolution; twice as many at a quarter.

    n_blocks : int, default=4
        Residual blocks at a quarter of the resolution.

    References
    ----------
    .. [1] Mejjati, Richardt, Tompkin, Cosker, Kim, "Unsupervised Attention-guided
       Image-to-Image Translation", NeurIPS 2018.
    .. [2] Odena, Dumoulin, Olah, "Deconvolution and Checkerboard Artifacts", Distill 2016.

    Examples
    --------
    >>> import torch
    >>> from skgan_aug.networks import MaskedGenerator
    >>> generator = MaskedGenerator(3, n_filters=8, n_blocks=1)
    >>> content, mask = generator.content_mask(torch.zeros(2, 3, 12, 16))
    >>> content.shape, mask.shape
    (torch.Size([2, 3, 12, 16]), torch.Size([2, 1, 12, 16]))
    """

    def __init__(self, n_channels: int, *, n_filters: int = 32, n_blocks: int = 4) -> None:
        super().__init__()
        f = n_filters
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(2),
            *_conv(4 * n_channels, f, 3),
            *_conv(f, 2 * f, 3, stride=2),
        )
        self.blocks = nn.Sequential(*(ResidualBlock(2 * f) for _ in range(n_blocks)))
        self.decoder = nn.Sequential(*_enlarging_conv(2 * f, f), *_enlarging_conv(f, f // 2))
        self.content_and_mask = DrawingConv2d(f // 2, n_channels + 1, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Translate images.

        Parameters
        ----------
        x : float tensor of shape (n, C, H, W)
            In [-1, 1].

        Returns
        -------
        translated : float tensor of shape (n, C, H, W)
            In [-1, 1].
        """
        content, mask = self.content_mask(x)
        return mask * content + (1.0 - mask) * x

    def content_mask(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Predict what would be drawn, and where.

        Parameters
        ----------
        x : float tensor of shape (n, C, H, W)
            In [-1, 1].

        Returns
        -------
        content : float tensor of shape (n, C, H, W)
            In [-1, 1].

        mask : float tensor of shape (n, 1, H, W)
            In [0, 1]; where it is 0 the image stays as it is.
        """
        features = self.decoder(self.blocks(self.encoder(pad_to_multiple(x, _STRIDE))))
        drawn = crop_like(self.content_and_mask(features), x)
        return torch.tanh(drawn[:, :-1]), torch.sigmoid(drawn[:, -1:])


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions whose result is added to their input."""

    def __init__(self, n_filters, *, reflects=False):
        super().__init__()
        conv = _reflecting_conv if reflects else _conv
        self.layers = nn.Sequential(
            *conv(n_filters, n_filters, 3), *conv(n_filters, n_filters, 3)[:-1]
        )

    def forward(self, x):
        """Map (n, n_filters, h, w) to the same shape."""
        return x + self.layers(x)


class EnlargingConv2d(nn.Conv2d):
    """Double the size by nearest neighbours, then convolve 3x3 with zero padding.

    Computed at the small size: each of the four output pixels that stem from one input
    pixel sees only two different rows and columns of it, so it is a 3x3 convolution of the
    input with kernels whose taps are sums of the weights. The same function, and faster:
    few filters on many pixels keep a processor less busy than many on few.
    """

    def __init__(self, n_in, n_out):
        # Without a bias: the instance normalisation that follows would take it away.
        super().__init__(n_in, n_out, 3, padding=1, bias=False)

    def forward(self, x):
        """Map (n, n_in, h, w) to (n, n_out, 2h, 2w)."""
        kernels = _small_kernels(_small_kernels(self.weight, dim=2), dim=3)
        return shuffle_pixels(F.conv2d(x, kernels, padding=1))


def _small_kernels(weight, *, dim):
    """Taps for the upper and the lower output pixel along ``dim``, as two filters of each."""
    first, middle, last = weight.split(1, dim)
    none = torch.zeros_like(first)
    upper = torch.cat([first, middle + last, none], dim)
    lower = torch.cat([none, first + middle, last], dim)
    return torch.stack([upper, lower], dim=1).flatten(0, 1)


def _enlarging_conv(n_in, n_out):
    return EnlargingConv2d(n_in, n_out), InstanceNorm2d(n_out), nn.ReLU()


def _conv(n_in, n_out, kernel_size, *, stride=1):
    return (
        nn.Conv2d(n_in, n_out, kernel_size, stride=stride, padding=kernel_size // 2),
        InstanceNorm2d(n_out),
        nn.ReLU(),
    )


def _reflecting_conv(n_in, n_out, kernel_size):
    return ReflectingConv2d(n_in, n_out, kernel_size), InstanceNorm2d(n_out), nn.ReLU()


def _transposed_conv(n_in, n_out):
    return (
        nn.ConvTranspose2d(n_in, n_out, 3, stride=2, padding=1, output_padding=1),
        InstanceNorm2d(n_out),
        nn.ReLU(),
    )
