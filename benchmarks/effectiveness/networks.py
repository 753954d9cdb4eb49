"""Generators and discriminators that differ from the default in what their names say."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from skgan_aug.networks import (
    MaskedGenerator,
    PatchDiscriminator,
    ResnetGenerator,
    init_weights,
)

_FARTHEST = 0.25  # displacement, as a share of the side


def wide_generator(spec):
    """The default generator with half as many filters again, so over twice the operations."""
    return init_weights(MaskedGenerator(spec.n_channels, n_filters=48))


def narrow_resnet(spec):
    """The paper's generator with a quarter of its filters: a third slower than the default."""
    return init_weights(ResnetGenerator(spec.n_channels, n_filters=16))


def warping_generator(spec):
    """The default generator behind a field of displacements."""
    return init_weights(WarpingGenerator(spec.n_channels))


def narrow_discriminator(spec):
    """The default discriminator with half its filters."""
    return init_weights(PatchDiscriminator(spec.n_channels, spec.image_size, n_filters=16))


def near_discriminator(spec):
    """The default discriminator with a strided layer less: it judges smaller patches."""
    return init_weights(PatchDiscriminator(spec.n_channels, spec.image_size, max_layers=1))


def spectral_discriminator(spec):
    """The default discriminator under spectral normalisation (Miyato et al., ICLR 2018)."""
    network = PatchDiscriminator(spec.n_channels, spec.image_size)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            spectral_norm(layer)
    return network


class WarpingGenerator(MaskedGenerator):
    """Move an image by a smooth field of displacements, then edit it where a mask says so."""

    def __init__(self, n_channels, *, n_filters=32, n_blocks=4):
        super().__init__(n_channels, n_filters=n_filters, n_blocks=n_blocks)
        self.displacement = nn.Conv2d(2 * n_filters, 2, 3, padding=1)

    def forward(self, x):
        """Translate images (n, C, H, W) in [-1, 1], H and W divisible by 4."""
        coded = self.blocks(self.encoder(x))
        drawn = self.content_and_mask(self.decoder(coded))
        content, mask = torch.tanh(drawn[:, :-1]), torch.sigmoid(drawn[:, -1:])
        return mask * content + (1.0 - mask) * self._move(x, coded)

    def _move(self, x, coded):
        field = 2.0 * _FARTHEST * torch.tanh(self.displacement(coded)).float()
        field = F.interpolate(field, x.shape[2:], mode="bilinear").permute(0, 2, 3, 1)
        unmoved = torch.eye(2, 3, device=x.device).expand(len(x), 2, 3)
        grid = F.affine_grid(unmoved, list(x.shape), align_corners=False) + field
        return F.grid_sample(x.float(), grid, padding_mode="border", align_corners=False)
