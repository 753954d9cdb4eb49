"""One generator for all classes, told which one to translate into.

Common classes teach it, and its one discriminator, what images of this kind are made of: a
rare class then only has to show what it is itself. It is trained for as many steps as the
CycleGANs of all rare classes together.

References
----------
.. [1] Choi, Choi, Kim, Ha, Kim, Choo, "StarGAN", CVPR 2018.
.. [2] Liu, Huang, Mallya, Karras, Aila, Lehtinen, Kautz, "Few-Shot Unsupervised Image-to-Image
   Translation", ICCV 2019: a discriminator with a score map for each class.
"""

import copy
from itertools import chain

import numpy as np
import torch
from torch import nn

from skgan_aug import CycleGANOverSampler
from skgan_aug._random import global_seed
from skgan_aug.networks import CompactCNN, MaskedGenerator, PatchDiscriminator
from skgan_aug.networks._layers import InstanceNorm2d
from skgan_aug.training import CycleGAN
from skgan_aug.training.augmentation import augment_batch
from skgan_aug.training.image_pool import ImagePool
from skgan_aug.training.losses import (
    adversarial_loss,
    classification_loss,
    reconstruction_loss,
)

# Of what is trained on: translations from a nearest class into a rare one, and the way back.
# The rest goes from any class into any other.
_SHARES = {"there": 0.5, "back": 0.25}


class MultiDomainOverSampler(CycleGANOverSampler):
    """An over-sampler with one generator for all of its pairs of classes."""

    def _train(self, X, y, seeds, spec, config, device):
        classes, labels = np.unique(y, return_inverse=True)
        pairs = [tuple(np.searchsorted(classes, pair)) for pair in seeds]
        trainer = MultiDomainTrainer(
            spec, config, X, labels, pairs, seed=next(iter(seeds.values()))
        )
        snapshots = trainer.fit(len(seeds) * config.max_iter)
        return {
            pair: _as_cyclegan(spec, snapshots, *positions)
            for pair, positions in zip(seeds, pairs, strict=True)
        }

    def _warn_of_failures(self, X, y):
        """Nothing: diagnoses need a discriminator and a classifier of two classes."""


class MultiDomainTrainer:
    """Optimise generator, discriminator and classifier on all classes of a data set.

    Parameters
    ----------
    spec, config
        As for ``skgan_aug.training.CycleGANTrainer``; a batch holds ``2 * batch_size`` images.

    X, labels : ndarrays of shape (n, ...) and (n,)
        Images, and their classes as positions.

    pairs : list of (int, int)
        Positions of each rare class's nearest class, and of itself.

    seed : int
        Decides everything.
    """

    def __init__(self, spec, config, X, labels, pairs, *, seed):
        self.spec, self.config, self.pairs = spec, config, pairs
        self.images = spec.as_tensor(X)
        self.rows = [np.flatnonzero(labels == k) for k in range(labels.max() + 1)]
        self.rng = np.random.RandomState(seed % 2**32)
        self.draws = torch.Generator().manual_seed(seed)
        with global_seed(seed):
            self._make_networks(len(self.rows))
        self.pool = ImagePool(4 * config.pool_size, self.draws)

    def _make_networks(self, n_classes):
        spec = self.spec
        self.generator = ClassGenerator(spec.n_channels, n_classes)
        self.discriminator = PatchDiscriminator(spec.n_channels, spec.image_size)
        last = self.discriminator.layers[-1]
        self.discriminator.layers[-1] = nn.Conv2d(last.in_channels, n_classes, 3, padding=1)
        self.classifier = CompactCNN(spec.n_channels, spec.image_size, n_classes, n_filters=16)
        for layer in chain(self.generator.modules(), self.discriminator.modules()):
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, 0.0, 0.02)

    def fit(self, n_steps):
        """Train, and return generators of ``config.n_snapshots`` moments of it."""
        judges = [*self.discriminator.parameters(), *self.classifier.parameters()]
        optimizers = [
            torch.optim.Adam(weights, self.config.learning_rate, (0.5, 0.999), fused=True)
            for weights in ([*self.generator.parameters()], judges)
        ]
        schedules = [
            torch.optim.lr_scheduler.LambdaLR(
                optimizer, lambda step: min(1.0, 2 * (n_steps - step) / n_steps)
            )
            for optimizer in optimizers
        ]
        moments = np.linspace(0.3 * n_steps, n_steps, self.config.n_snapshots).astype(int)
        snapshots = []
        for step in range(1, n_steps + 1):
            self._make_step(*optimizers, judges)
            for schedule in schedules:
                schedule.step()
            if step in moments:
                snapshots.append(copy.deepcopy(self.generator).eval())
        return snapshots

    def _make_step(self, of_generator, of_judges, judges):
        source, target = self._draw_classes()
        real_s, real_t = self._draw_images(source), self._draw_images(target)

        for weight in judges:
            weight.requires_grad_(False)
        self.classifier.eval()
        loss, fake = self._generator_loss(real_s, source, target)
        _step(of_generator, loss)

        for weight in judges:
            weight.requires_grad_(True)
        self.classifier.train()
        _step(of_judges, self._judges_loss(real_s, real_t, fake.detach(), source, target))

    def _draw_classes(self):
        """Classes to translate from, and into."""
        n = 2 * self.config.batch_size
        there, back = _SHARES["there"], _SHARES["there"] + _SHARES["back"]
        drawn = np.empty((n, 2), dtype=np.int64)
        for row, kind in enumerate(self.rng.uniform(size=n)):
            nearest, rare = self.pairs[self.rng.randint(len(self.pairs))]
            if kind < there:
                drawn[row] = nearest, rare
            elif kind < back:
                drawn[row] = rare, nearest
            else:
                drawn[row] = self.rng.choice(len(self.rows), 2, replace=False)
        return torch.from_numpy(drawn).unbind(1)

    def _draw_images(self, classes):
        chosen = [self.rng.choice(self.rows[k]) for k in classes.tolist()]
        return self.spec.encode(self.images[chosen])

    def _generator_loss(self, real, source, target):
        with self._autocast():
            fake = self.generator(real, target)
            seen = self._augmented(fake)
            scores, logits = _of_class(self.discriminator(seen), target), self.classifier(seen)
            cycle = self.generator(fake, source)
        # Twice, as the losses of a CycleGAN are sums over both directions.
        adversarial = 2 * adversarial_loss(scores, 1.0)
        cycle = 2 * self.config.cycle_weight * reconstruction_loss(cycle, real)
        crossing = self.config.classifier_weight * classification_loss(logits, target)
        return adversarial + cycle + crossing, fake

    def _judges_loss(self, real_s, real_t, fake, source, target):
        fake, into = self._exchange(fake.float(), target)
        seen_s, seen_t = self._augmented(real_s), self._augmented(real_t)
        with self._autocast():
            real_scores = _of_class(self.discriminator(seen_t), target)
            fake_scores = _of_class(self.discriminator(self._augmented(fake)), into)
            logits = self.classifier(torch.cat([seen_t, seen_s]))
        adversarial = adversarial_loss(real_scores, 1.0) + adversarial_loss(fake_scores, 0.0)
        return adversarial + classification_loss(logits, torch.cat([target, source]))

    def _exchange(self, fake, target):
        """Swap some for earlier translations; their classes come along as a channel."""
        plane = target.view(-1, 1, 1, 1).expand(-1, 1, *fake.shape[2:])
        exchanged = self.pool.exchange(torch.cat([fake, plane], dim=1))
        return exchanged[:, :-1], exchanged[:, -1, 0, 0].long()

    def _augmented(self, x):
        return augment_batch(x, self.config.augment, self.draws)

    def _autocast(self):
        is_enabled = self.config.precision == "bfloat16"
        return torch.autocast("cpu", torch.bfloat16, enabled=is_enabled)


class ClassGenerator(nn.Module):
    """The default generator, its normalised features scaled and shifted class by class."""

    def __init__(self, n_channels, n_classes):
        super().__init__()
        self.generator = MaskedGenerator(n_channels)
        self.norms = nn.ModuleList()
        for parent in list(self.generator.modules()):
            for name, layer in list(parent.named_children()):
                if isinstance(layer, InstanceNorm2d):
                    self.norms.append(_ClassNorm2d(layer.num_features, n_classes))
                    setattr(parent, name, self.norms[-1])

    def forward(self, x, classes):
        """Translate images ``x`` (n, C, H, W) into ``classes`` (n,)."""
        for norm in self.norms:
            norm.classes = classes
        return self.generator(x)


class _ClassNorm2d(nn.Module):
    def __init__(self, n_features, n_classes):
        super().__init__()
        self.norm = InstanceNorm2d(n_features)
        self.scale = nn.Parameter(torch.ones(n_classes, n_features, 1, 1))
        self.shift = nn.Parameter(torch.zeros(n_classes, n_features, 1, 1))
        self.classes = None

    def forward(self, x):
        scale, shift = (each[self.classes].to(x.dtype) for each in (self.scale, self.shift))
        return torch.addcmul(shift, self.norm(x), scale)


class _IntoClass(nn.Module):
    def __init__(self, generator, position):
        super().__init__()
        self.generator, self.position = generator, position

    def forward(self, x):
        return self.generator(x, torch.full((len(x),), self.position))


def _as_cyclegan(spec, snapshots, source, target):
    """The generators of one pair, as the over-sampler knows them."""
    cyclegan = CycleGAN(spec)
    cyclegan.snapshots = nn.ModuleList(_IntoClass(each, int(target)) for each in snapshots)
    cyclegan.generator_st = _IntoClass(snapshots[-1], int(target))
    cyclegan.generator_ts = _IntoClass(snapshots[-1], int(source))
    return cyclegan.eval()


def _of_class(score_maps, classes):
    return score_maps[torch.arange(len(classes)), classes]


def _step(optimizer, loss):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
