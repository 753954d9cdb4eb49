"""Discriminators kept from knowing the few images of a class by heart, by their own past.

References
----------
.. [1] Tseng, Jiang, Liu, Yang, Yang, "Regularizing Generative Adversarial Networks under
   Limited Data", CVPR 2021.
"""

import torch

from skgan_aug import CycleGANOverSampler
from skgan_aug.networks import PatchDiscriminator, init_weights
from skgan_aug.source_classes import source_rows
from skgan_aug.training import CycleGAN, CycleGANTrainer

_DECAY = 0.99  # of the moving averages of scores
_WEIGHT = 0.3


class LeCamOverSampler(CycleGANOverSampler):
    """An over-sampler whose discriminators are held near what they said before."""

    def _train(self, X, y, seeds, spec, config, device):
        cyclegans = {}
        for pair, seed in seeds.items():
            rows = X[source_rows(y, *pair)], X[y == pair[1]]
            cyclegan = CycleGAN(spec, discriminator=_remembering, seed=seed)
            trainer = _LeCamTrainer(cyclegan, config, *rows, seed=seed, device=device)
            cyclegans[pair] = trainer.fit()
        return cyclegans


class _LeCamTrainer(CycleGANTrainer):
    def _discriminator_losses(self, rng, *images):
        losses = super()._discriminator_losses(rng, *images)
        gan = self.cyclegan
        for domain, judge in (("s", gan.discriminator_s), ("t", gan.discriminator_t)):
            losses[f"lecam_{domain}"] = _WEIGHT * judge.distance_to_past()
        return losses


class RememberingDiscriminator(PatchDiscriminator):
    """The default discriminator; it learns from real images, then from translations."""

    def __init__(self, n_channels, image_size):
        super().__init__(n_channels, image_size)
        self.register_buffer("past", torch.tensor([0.5, 0.5]))  # mean scores of both
        self._last = []

    def forward(self, x):
        """Score the patches of images."""
        scores = super().forward(x)
        self._last = [*self._last[-1:], scores]
        return scores

    def distance_to_past(self):
        """How far scores of either kind are from the average of the other's, squared."""
        real, fake = (scores.float() for scores in self._last)
        self._last = []
        with torch.no_grad():
            now = torch.stack([real.mean(), fake.mean()])
            self.past.copy_(_DECAY * self.past + (1.0 - _DECAY) * now)
        of_real, of_fake = self.past.unbind()
        return (real - of_fake).square().mean() + (fake - of_real).square().mean()


def _remembering(spec):
    return init_weights(RememberingDiscriminator(spec.n_channels, spec.image_size))
