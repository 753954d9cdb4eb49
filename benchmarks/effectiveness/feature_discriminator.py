"""Discriminators that also look through the eyes of a classifier of all classes.

The classifier learns first, from copies of the rare rows, flipped and shifted; its layers then
stay as they are. What a discriminator can know by heart of a few images is less in features
that many images of other classes made.

References
----------
.. [1] Sauer, Chitta, Mueller, Geiger, "Projected GANs Converge Faster", NeurIPS 2021.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from skgan_aug import CycleGANOverSampler
from skgan_aug.networks import PatchDiscriminator, init_weights

from .judged import fit_judge

_N_STAGES = 2  # of the classifier that a score is given after


class FeatureDiscriminatorOverSampler(CycleGANOverSampler):
    """An over-sampler whose discriminators see pixels and a classifier's features."""

    def _train(self, X, y, seeds, spec, config, device):
        judge = fit_judge(X, y, self.sampling_strategy_, next(iter(seeds.values())))
        features = judge.net_.module_.network.features.cpu()
        seeing = CycleGANOverSampler(**self.get_params())
        seeing.set_params(discriminator=partial(FeatureDiscriminator, features=features))
        return seeing._train(X, y, seeds, spec, config, device)


class FeatureDiscriminator(nn.Module):
    """The default discriminator, and a small one on each first stage of a classifier."""

    def __init__(self, spec, features):
        super().__init__()
        self.pixels = PatchDiscriminator(spec.n_channels, spec.image_size)
        # In a list, torch does not find what is not to be trained.
        self._stages = [stage.requires_grad_(False) for stage in _stages(features)[:_N_STAGES]]
        x = torch.zeros(1, spec.n_channels, *spec.image_size)
        self.heads = nn.ModuleList()
        for stage in self._stages:
            x = stage.to(x.device)(x)
            self.heads.append(_make_head(x.shape[1]))
        init_weights(self)

    def forward(self, x):
        """Score maps of shape (n, 3, h, w): of pixels, and of the features of each stage."""
        scores = [self.pixels(x)]
        for stage, head in zip(self._stages, self.heads, strict=True):
            x = stage.to(x.device)(x)
            scores.append(F.interpolate(head(x), scores[0].shape[2:]))
        return torch.cat(scores, dim=1)


def _stages(features):
    """The layers up to each ReLU, which ends a stage."""
    stages, layers = [], []
    for layer in features:
        layers.append(layer)
        if isinstance(layer, nn.ReLU):
            stages.append(nn.Sequential(*layers))
            layers = []
    return stages


def _make_head(n_channels):
    return nn.Sequential(
        nn.Conv2d(n_channels, 64, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 1, 3, padding=1),
    )
