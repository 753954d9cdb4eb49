"""Classifiers: images (n, C, H, W) or vectors (n, n_features) to class logits."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from ._layers import AdaptiveAvgPool2d, MaxPool2d

_N_GROUPS = 8


class _Classifier(nn.Module):
    """What ``features`` finds in an image or vector, judged by ``logits``."""

    features: nn.Module
    logits: nn.Module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, n_classes) for ``x`` (n, C, H, W) or (n, n_features) in [-1, 1]."""
        return self.logits(self.features(x))


class CompactCNN(_Classifier):
    """A small modern CNN: convolution, group norm, ReLU and pooling until 4x4 is left.

    Each image is normalised by itself: batch normalisation would learn the statistics of
    real and synthetic images mixed, but predict on real ones alone.

    At least two stages: with one, digits of 8x8 are learnt worse than by a perceptron.

    Parameters
    ----------
    n_channels : int
        Channels of the images.

    image_size : tuple of int
        (H, W), any size from 1x1.

    n_classes : int
        Number of logits.

    n_filters : int, default=32
        Filters of the first stage, a multiple of 8; doubled by each following one.

    dropout : float, default=0.2
        Share of pooled features dropped while training.

    References
    ----------
    .. [1] Wu, He, "Group Normalization", ECCV 2018.
    .. [2] Xie, Tan, Gong, Wang, Yuille, Le, "Adversarial Examples Improve Image
       Recognition", CVPR 2020, section 3: on batch normalisation over two kinds of images.

    Examples
    --------
    >>> import torch
    >>> from skgan_aug.networks import CompactCNN
    >>> CompactCNN(1, (28, 28), 7)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 7])
    """

    def __init__(
        self,
        n_channels: int,
        image_size: tuple[int, int],
        n_classes: int,
        *,
        n_filters: int = 32,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        stages, n_in = [], n_channels
        for stage in range(_count_stages(image_size)):
            n_out = n_filters * 2**stage
            # The ReLU after the pooling: the same values, and a quarter of them to compute.
            stages += [*_conv(n_in, n_out), _half(image_size, stage), nn.ReLU()]
            n_in = n_out
        self.features = nn.Sequential(*stages, AdaptiveAvgPool2d(), nn.Flatten())
        self.logits = nn.Sequential(nn.Dropout(dropout), nn.Linear(4 * n_in, n_classes))


class SmallResNet(_Classifier):
    """A small residual network: each stage halves the resolution, two convolutions a block.

    Group-normalised for the reason given at :class:`CompactCNN`.

    Parameters
    ----------
    n_channels : int
        Channels of the images.

    image_size : tuple of int
        (H, W), any size from 1x1.

    n_classes : int
        Number of logits.

    n_filters : int, default=32
        Filters of the first stage, a multiple of 8; doubled by each following one.

    n_blocks : int, default=1
        Residual blocks in each stage.

    dropout : float, default=0.2
        Share of pooled features dropped while training.

    References
    ----------
    .. [1] He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016,
       section 4.2.

    Examples
    --------
    >>> import torch
    >>> from skgan_aug.networks import SmallResNet
    >>> SmallResNet(1, (28, 28), 7)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 7])
    """

    def __init__(
        self,
        n_channels: int,
        image_size: tuple[int, int],
        n_classes: int,
        *,
        n_filters: int = 32,
        n_blocks: int = 1,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        layers, n_in = [*_conv(n_channels, n_filters), nn.ReLU()], n_filters
        for stage in range(_count_stages(image_size)):
            n_out = n_filters * 2**stage
            layers.append(_half(image_size, stage))
            layers += [_Block(n_in if k == 0 else n_out, n_out) for k in range(n_blocks)]
            n_in = n_out
        self.features = nn.Sequential(*layers, AdaptiveAvgPool2d(), nn.Flatten())
        self.logits = nn.Sequential(nn.Dropout(dropout), nn.Linear(4 * n_in, n_classes))


class _Block(nn.Module):
    """Two convolutions whose result is added to the input, widened where it must be."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.layers = nn.Sequential(*_conv(n_in, n_out), nn.ReLU(), *_conv(n_out, n_out))
        self.widen = nn.Identity() if n_in == n_out else nn.Conv2d(n_in, n_out, 1, bias=False)

    def forward(self, x):
        return (self.widen(x) + self.layers(x)).relu()


class _LocalResponseNorm(nn.LocalResponseNorm):
    """``torch.nn.LocalResponseNorm``; a product with a band matrix sums over neighbours.

    Torch pads and pools, which made up most of a training step.
    """

    def forward(self, x):
        """Divide each value of ``x`` (n, C, H, W) by a norm over nearby channels."""
        before, after = self.size // 2, (self.size - 1) // 2
        ones = torch.ones(x.shape[1], x.shape[1], dtype=x.dtype, device=x.device)
        kernel = ones.tril(after).triu(-before)[:, :, None, None] / self.size
        return x * (self.k + self.alpha * F.conv2d(x * x, kernel)).pow(-self.beta)


class PaperCNN(_Classifier):
    """The CNN of Zhu et al., arXiv 1711.00648.

    conv3x3x64, max-pool, local response normalisation, conv3x3x128, local response
    normalisation, max-pool, two fully connected layers of 256, one logit per class.

    Parameters
    ----------
    n_channels : int
        Channels of the images (the paper's: 1).

    image_size : tuple of int
        (H, W), at least 4x4 (the paper's: 48x48).

    n_classes : int
        Number of logits.

    Examples
    --------
    >>> import torch
    >>> from skgan_aug.networks import PaperCNN
    >>> PaperCNN(1, (48, 48), 7)(torch.zeros(2, 1, 48, 48)).shape
    torch.Size([2, 7])
    """

    def __init__(self, n_channels: int, image_size: tuple[int, int], n_classes: int) -> None:
        super().__init__()
        height, width = image_size
        if min(image_size) < 4:
            raise ValueError(
                f"module='paper' halves images twice, but X has {height}x{width}: use "
                "module='compact', or images of at least 4x4."
            )
        self.features = nn.Sequential(
            nn.Conv2d(n_channels, 64, 3, padding=1),
            nn.ReLU(),
            MaxPool2d(),
            _LocalResponseNorm(4),
            nn.Conv2d(64, 128, 3, padding=1),
            nn.ReLU(),
            _LocalResponseNorm(4),
            MaxPool2d(),
            nn.Flatten(),
            nn.Linear(128 * (height // 4) * (width // 4), 256),
            nn.ReLU(),
            nn.Linear(256, 256),
            nn.ReLU(),
        )
        self.logits = nn.Linear(256, n_classes)


class MLPClassifier(_Classifier):
    """A perceptron of two hidden layers for vectors.

    Parameters
    ----------
    n_features : int
        Length of a vector.

    n_classes : int
        Number of logits.

    n_filters : int, default=64
        Width of the hidden layers.

    Examples
    --------
    >>> import torch
    >>> from skgan_aug.networks import MLPClassifier
    >>> MLPClassifier(5, 3)(torch.zeros(2, 5)).shape
    torch.Size([2, 3])
    """

    def __init__(self, n_features: int, n_classes: int, *, n_filters: int = 64) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Linear(n_features, n_filters),
            nn.ReLU(),
            nn.Linear(n_filters, n_filters),
            nn.ReLU(),
        )
        self.logits = nn.Linear(n_filters, n_classes)


def _conv(n_in, n_out):
    return nn.Conv2d(n_in, n_out, 3, padding=1), nn.GroupNorm(_N_GROUPS, n_out)


def _count_stages(image_size):
    """Stages until about 4x4 is left."""
    return max(2, min(4, round(math.log2(max(min(image_size), 4) / 4))))


def _half(image_size, stage):
    """Halve the resolution; not below one pixel."""
    return MaxPool2d() if min(image_size) >> stage >= 2 else nn.Identity()
