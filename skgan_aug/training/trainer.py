"""Train a CycleGAN between two classes."""

from __future__ import annotations

import os
from contextlib import nullcontext
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import torch

from .._devices import bfloat16_products, place, send
from .._random import derive_seed, global_seed
from .augmentation import augment_batch
from .averages import WeightAverages
from .checkpoint import load_checkpoint
from .cuda_graph import StepGraphs
from .image_pool import ImagePool
from .loop import run_training
from .losses import adversarial_loss, classification_loss, reconstruction_loss

if TYPE_CHECKING:
    from .config import TrainingConfig
    from .cyclegan import CycleGAN

_SOURCE, _TARGET = 0, 1  # labels of the auxiliary classifier
_WATCHER_EVERY = 4  # steps for each that trains an auxiliary classifier of weight 0
_N_SCORED = 64  # source images that the target-class score is the mean of


class CycleGANTrainer:
    """Optimise the networks of one :class:`~skgan_aug.training.CycleGAN`.

    Parameters
    ----------
    cyclegan : CycleGAN
        The networks, trained in place.

    config : TrainingConfig
        How.

    source, target : ndarray of shape (n, ...)
        Rows of either class, in any dtype; they are converted batch by batch.

    seed : int
        Decides every draw of the training.

    device : torch.device or str, default="cpu"
        Where to compute.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.images import ImageSpec
    >>> from skgan_aug.training import CycleGAN, CycleGANTrainer, TrainingConfig
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers(0, 256, size=(12, 8, 8), dtype=np.uint8)
    >>> cyclegan = CycleGAN(ImageSpec.from_array(X))
    >>> trainer = CycleGANTrainer(cyclegan, TrainingConfig(max_iter=2), X[:8], X[8:], seed=0)
    >>> trainer.fit().translate(X[:3]).shape
    torch.Size([3, 1, 8, 8])
    """

    def __init__(
        self,
        cyclegan: CycleGAN,
        config: TrainingConfig,
        source: np.ndarray,
        target: np.ndarray,
        *,
        seed: int,
        device: str | torch.device = "cpu",
    ) -> None:
        cyclegan.keep_snapshots(len(config.snapshot_steps))
        self.config = config
        self.device = torch.device(device)
        if config.compile:
            cyclegan.compile_networks(self.device)
        self.cyclegan = cyclegan.to(self.device).train()
        self.seed = int(seed)  # torch takes none of NumPy's
        self.rng = torch.Generator().manual_seed(self.seed)
        spec = cyclegan.spec
        # MPS lacks float64: there rows stay where they are until they are encoded.
        holder = "cpu" if self.device.type == "mps" else self.device
        self.source, self.target = (
            spec.as_tensor(rows).to(holder) for rows in (source, target)
        )
        self.augment = config.augment if spec.is_image else ()
        judges = cyclegan.discriminator_s, cyclegan.discriminator_t, cyclegan.classifier
        self._judging_weights = [  # but those that a factory froze
            weight for judge in judges for weight in judge.parameters() if weight.requires_grad
        ]
        self.pool_s = ImagePool(config.pool_size, self.rng)
        self.pool_t = ImagePool(config.pool_size, self.rng)
        self.optimizer_g = self._adam(cyclegan.generator_st, cyclegan.generator_ts)
        self.optimizer_d = self._adam(*judges)
        self.batch_size = config.batch_size
        self.slowdown = 1.0  # of the learning rate, after a divergence
        self.averages = WeightAverages(
            [cyclegan.generator_st, cyclegan.generator_ts, cyclegan.classifier],
            config.ema_decay,
        )
        self.graphs = self._make_graphs()
        self.n_iter = 0
        self.losses: list[dict[str, torch.Tensor]] = []  # of the steps since the last log

    def fit(
        self,
        *,
        max_iter: int | None = None,
        title: str | None = None,
        verbose: int = 0,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> CycleGAN:
        """Train up to ``config.max_iter`` steps in all and keep the averaged weights.

        Parameters
        ----------
        max_iter : int, default=None
            Stop after this many steps in all, to continue with another call.

        title : str, default=None
            Of the progress bar.

        verbose : int, default=0
            1 shows a progress bar, 2 the losses in it too.

        checkpoint : str or Path, default=None
            File to go on from, if it exists, and to write every 30 seconds and at the
            end, between two steps.

        Returns
        -------
        cyclegan : CycleGAN
            On the CPU and in evaluation mode once all steps are done.
        """
        total = self.config.max_iter
        until = total if max_iter is None else min(max_iter, total)
        if checkpoint:
            load_checkpoint(self, checkpoint)
        run_training(self, until, title=title, verbose=verbose, checkpoint=checkpoint)
        is_done = self.n_iter == total or self.has_stalled
        return self.finish() if is_done else self.cyclegan

    def advance(self) -> None:
        """Draw a batch of either class and make one step."""
        with global_seed(derive_seed(self.seed, self.n_iter), self.device):  # for dropout
            self.losses.append(self.train_step(*self.draw_batches()))
        self.n_iter += 1
        self._set_learning_rate()
        if self.n_iter in self.config.snapshot_steps:
            self._take_snapshot(self.config.snapshot_steps.index(self.n_iter))

    def _take_snapshot(self, position):
        snapshot = self.cyclegan.snapshots[position]
        snapshot.load_state_dict(self.cyclegan.generator_st.state_dict())

    def draw_batches(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw a batch of either class, with replacement.

        Returns
        -------
        real_s, real_t : float32 tensors of shape (batch_size, C, H, W)
            In [-1, 1].
        """
        return self._draw(self.source), self._draw(self.target)

    def _draw(self, rows):
        chosen = torch.randint(len(rows), (self.batch_size,), generator=self.rng)
        return self._encode(rows[send(chosen, rows.device)])

    def _encode(self, rows):
        return place(self.cyclegan.encode(rows), self.device)

    @torch.enable_grad()  # whatever the caller switched off, which would train nothing
    def train_step(
        self, real_s: torch.Tensor, real_t: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """One update of the generators, then one of the discriminators.

        Parameters
        ----------
        real_s, real_t : float32 tensors of shape (batch_size, C, H, W)
            Images of the source and the target class, in [-1, 1].

        Returns
        -------
        losses : dict of str to 0-dimensional tensor
            Each with its weight, on the device.
        """
        self._set_trainable_judges(False)
        losses, (fake_s, fake_t) = self._run(
            self._generator_gradients, self.optimizer_g, (real_s, real_t)
        )
        self.optimizer_g.step()

        self._set_trainable_judges(True)
        fake_s, fake_t = self.pool_s.exchange(fake_s), self.pool_t.exchange(fake_t)
        judged, _ = self._run(
            self._discriminator_gradients,
            self.optimizer_d,
            (real_s, real_t, fake_s, fake_t),
            variant=self._trains_classifier,
        )
        self.optimizer_d.step()

        self.averages.update(self.n_iter)
        return losses | judged

    def finish(self) -> CycleGAN:
        """Replace the weights by the best averages.

        Returns
        -------
        cyclegan : CycleGAN
            On the CPU and in evaluation mode.
        """
        self.graphs = None  # and the memory of theirs
        n_iter = self.averages.restore()
        for position, step in enumerate(self.config.snapshot_steps):
            if n_iter is not None and step > n_iter:  # they were best before
                self._take_snapshot(position)
        self.cyclegan.zero_grad(set_to_none=True)  # as large as the weights
        return self.cyclegan.to("cpu").eval()

    @property
    def has_stalled(self) -> bool:
        """Whether early stopping is on and the last score came too long after the best."""
        best = self.averages.best
        return best is not None and (
            self.cyclegan.history[-1]["n_iter"] - best["n_iter"]
            >= self.config.n_iter_no_change
        )

    @torch.no_grad()
    def target_score(self) -> float:
        """Score translations of source images from all over the class, as they are now.

        By the averaged generator and the averaged auxiliary classifier, which learns from
        real images alone.

        Returns
        -------
        score : float
            Mean probability of the target class.
        """
        generator, _, classifier = self.averages.averaged
        n = min(_N_SCORED, len(self.source))
        spread = torch.arange(n, device=self.source.device) * len(self.source) // n
        parts = self.source[spread].split(self.cyclegan.rows_at_once)
        logits = torch.cat([classifier(generator(self._encode(part))) for part in parts])
        return logits.softmax(dim=1)[:, _TARGET].mean().item()

    def _make_graphs(self):
        """Graphs of the step where they can be recorded, else None."""
        is_possible = not self.config.compile and StepGraphs.can_record(
            self.device, *self.cyclegan.children()
        )
        return StepGraphs(self.rng) if is_possible else None

    def _run(self, part, optimizer, inputs, *, variant=None):
        if self.graphs is None:
            return part(self.rng, *inputs)
        return self.graphs.run(part, optimizer, inputs, variant=variant)

    def _generator_gradients(self, rng, real_s, real_t):
        """Gradients of the generators; their losses and translations."""
        losses, fake_s, fake_t = self._generator_losses(rng, real_s, real_t)
        losses = _backpropagate(self.optimizer_g, losses)
        return losses, (fake_s.detach().float(), fake_t.detach().float())

    def _discriminator_gradients(self, rng, real_s, real_t, fake_s, fake_t):
        """Gradients of the discriminators and of the auxiliary classifier; their losses."""
        losses = self._discriminator_losses(rng, real_s, real_t, fake_s, fake_t)
        return _backpropagate(self.optimizer_d, losses), ()

    def _generator_losses(self, rng, real_s, real_t):
        """The weighted losses of the generators, and their translations."""
        config, gan = self.config, self.cyclegan
        with self._autocast():
            fake_t, same_t = self._translate(gan.generator_st, real_s, real_t)
            fake_s, same_s = self._translate(gan.generator_ts, real_t, real_s)
            seen_s, seen_t = self._augmented(fake_s, rng), self._augmented(fake_t, rng)
            scores_s, scores_t = gan.discriminator_s(seen_s), gan.discriminator_t(seen_t)
            cycle_s, cycle_t = gan.generator_ts(fake_t), gan.generator_st(fake_s)
            crossing = self._class_loss(seen_s, seen_t) if config.classifier_weight else None
        losses = {
            "adversarial_st": adversarial_loss(scores_t, config.real_label),
            "adversarial_ts": adversarial_loss(scores_s, config.real_label),
            "cycle_s": config.cycle_weight * reconstruction_loss(cycle_s, real_s),
            "cycle_t": config.cycle_weight * reconstruction_loss(cycle_t, real_t),
        }
        if config.identity_weight:
            losses["identity_s"] = config.identity_weight * reconstruction_loss(same_s, real_s)
            losses["identity_t"] = config.identity_weight * reconstruction_loss(same_t, real_t)
        if crossing is not None:
            losses["crossing"] = config.classifier_weight * crossing
        return losses, fake_s, fake_t

    def _translate(self, generator, x, own):
        """Translate ``x`` and, for the identity loss, images of the generator's own class.

        Both go through in one batch: one large pass costs less than two small ones.
        """
        if not self.config.identity_weight:
            return generator(x), None
        return generator(torch.cat([x, own])).split([len(x), len(own)])

    def _discriminator_losses(self, rng, real_s, real_t, fake_s, fake_t):
        """Losses of both discriminators and of the auxiliary classifier, on real images."""
        gan = self.cyclegan
        seen_s, seen_t = self._augmented(real_s, rng), self._augmented(real_t, rng)
        with self._autocast():
            losses = {
                "discriminator_s": self._judge_loss(gan.discriminator_s, seen_s, fake_s, rng),
                "discriminator_t": self._judge_loss(gan.discriminator_t, seen_t, fake_t, rng),
            }
            if self._trains_classifier:
                losses["classifier"] = self._class_loss(seen_s, seen_t)
        return losses

    def _judge_loss(self, discriminator, seen, fake, rng):
        """Loss of a discriminator; halved, as in the paper, so that it learns slower."""
        on_real = adversarial_loss(discriminator(seen), self.config.real_label)
        on_fake = adversarial_loss(discriminator(self._augmented(fake, rng)), 0.0)
        return 0.5 * (on_real + on_fake)

    @property
    def _trains_classifier(self):
        """Whether this step trains the auxiliary classifier; some do where it only watches."""
        return self.config.classifier_weight > 0 or self.n_iter % _WATCHER_EVERY == 0

    def _class_loss(self, seen_s, seen_t):
        """Loss of the auxiliary classifier on images of, or meant for, either class."""
        labels = torch.full((len(seen_s) + len(seen_t),), _SOURCE, device=self.device)
        labels[len(seen_s) :] = _TARGET
        logits = self.cyclegan.classifier(torch.cat([seen_s, seen_t]))
        return classification_loss(logits, labels)

    def _augmented(self, x, rng):
        return augment_batch(x, self.augment, rng)

    def _autocast(self):
        if self.config.precision != "bfloat16":
            return nullcontext()  # one that is off has old versions of torch warn on MPS
        return bfloat16_products(self.device)

    def _set_trainable_judges(self, trainable):
        """Freeze the judges while the generators learn; the classifier's dropout rests too."""
        for weight in self._judging_weights:
            weight.requires_grad_(trainable)
        self.cyclegan.classifier.train(trainable)

    def _adam(self, *modules):
        parameters = [weight for module in modules for weight in module.parameters()]
        betas = (self.config.beta1, 0.999)
        return torch.optim.Adam(parameters, self.config.learning_rate, betas, fused=True)

    def _set_learning_rate(self):
        """The whole rate for half of the steps, then less and less, down to 0."""
        total = self.config.max_iter
        share = self.slowdown * min(1.0, (total - self.n_iter) / (total / 2))
        for optimizer in (self.optimizer_g, self.optimizer_d):
            for group in optimizer.param_groups:
                group["lr"] = self.config.learning_rate * share

    def log(self) -> dict[str, float]:
        """Append mean losses since the last call, and the score, to the history.

        Returns
        -------
        means : dict of str to float
            What was appended, but the step.
        """
        values: dict = {}
        for name, loss in chain.from_iterable(losses.items() for losses in self.losses):
            values.setdefault(name, []).append(loss)
        means = {name: torch.stack(losses).mean().item() for name, losses in values.items()}
        self.losses = []
        means["target_score"] = self.target_score()
        self.cyclegan.history.append({"n_iter": self.n_iter, **means})
        if self.config.early_stopping:
            self.averages.keep_best(means["target_score"], self.n_iter)
        return means

    def slow_down(self, factor: float) -> None:
        """Change the learning rate of all further steps.

        Parameters
        ----------
        factor : float
            What it is multiplied by.
        """
        self.slowdown *= factor
        self._set_learning_rate()


def _backpropagate(optimizer, losses):
    """Replace the gradients of an optimiser by those of losses, and detach these."""
    optimizer.zero_grad(set_to_none=True)
    total = sum(losses.values())
    if total.requires_grad:  # not of a discriminator that a factory froze
        total.backward()
    return {name: loss.detach() for name, loss in losses.items()}
