"""The four networks of a pair of classes, and translation with them."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from .._devices import own_precision
from .._random import global_seed
from ..networks import (
    CompactCNN,
    MLPClassifier,
    init_weights,
    make_discriminator,
    make_generator,
)
from .reduction import reduce_images, reduced_spec, transfer_change

if TYPE_CHECKING:
    from ..images import ImageSpec

_TRANSLATION_BATCH, _TRANSLATION_PIXELS = 256, 2**18  # rows and pixels, the most at a time
_MOST_VALUES = 2**24  # of translations that are held as float32 at a time


class CycleGAN(nn.Module):
    """Networks between a source and a target class.

    Parameters
    ----------
    spec : ImageSpec
        What the rows are.

    generator, discriminator : str or callable, default="auto"
        Names or factories, see :func:`skgan_aug.networks.make_generator` and
        :func:`skgan_aug.networks.make_discriminator`.

    max_size : int or None, default=64
        Pixels of the longer side of images as the networks see them. Larger ones are reduced
        for them, and what a generator changes is enlarged. None: any size.

    seed : int, default=0
        Decides the initial weights.

    Attributes
    ----------
    generator_st, generator_ts : torch.nn.Module
        Translate source to target and back.

    discriminator_s, discriminator_t : torch.nn.Module
        Judge their own class.

    classifier : torch.nn.Module
        Auxiliary classifier: logits of source and target for either's images.

    network_spec : ImageSpec
        What the networks see.

    snapshots : torch.nn.ModuleList
        ``generator_st`` as it was at several moments of training; may be empty.

    history : list of dict
        Mean losses of every 50 steps of training.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.images import ImageSpec
    >>> from skgan_aug.training import CycleGAN
    >>> X = np.zeros((5, 28, 28), dtype=np.uint8)
    >>> CycleGAN(ImageSpec.from_array(X)).translate(X).shape
    torch.Size([5, 1, 28, 28])
    """

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: str | Callable[..., nn.Module] = "auto",
        discriminator: str | Callable[..., nn.Module] = "auto",
        max_size: int | None = 64,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.network_spec = reduced_spec(spec, max_size)
        with global_seed(seed):
            self.generator_st = make_generator(generator, self.network_spec)
            self.generator_ts = make_generator(generator, self.network_spec)
            self.discriminator_s = make_discriminator(discriminator, self.network_spec)
            self.discriminator_t = make_discriminator(discriminator, self.network_spec)
            self.classifier = _auxiliary_classifier(self.network_spec)
            made_by = generator, generator, discriminator, discriminator, "auto"
            for name, network in zip(made_by, self.children(), strict=True):
                if not callable(name):  # a factory's networks keep what they were made with
                    init_weights(network)
        self.snapshots = nn.ModuleList()
        self.history: list[dict[str, float]] = []

    def keep_snapshots(self, n: int) -> None:
        """Make room for snapshots of ``generator_st``.

        Parameters
        ----------
        n : int
            How many.
        """
        self.snapshots = nn.ModuleList(copy.deepcopy(self.generator_st) for _ in range(n))

    def compile_networks(self, device: torch.device) -> None:
        """Have the networks compiled when they are next called.

        On a CPU the generators alone: discriminators and the auxiliary classifier are faster
        there as they are. Copies, such as :meth:`translate` makes, and what is pickled are not
        compiled.

        Parameters
        ----------
        device : torch.device
            Where they will be called.
        """
        networks = [self.generator_st, self.generator_ts]
        if device.type != "cpu":
            networks += [self.discriminator_s, self.discriminator_t, self.classifier]
        for network in networks:
            network.compile()

    def encode(self, raw: torch.Tensor) -> torch.Tensor:
        """Convert a batch of rows to what the networks see.

        Parameters
        ----------
        raw : tensor of shape (n, ...)
            Of ``spec.as_tensor``.

        Returns
        -------
        x : float32 tensor of shape (n, C, h, w) or (n, n_features)
            In [-1, 1].
        """
        return reduce_images(self.spec.encode(raw), self.network_spec)

    def translate(
        self,
        rows: np.ndarray | torch.Tensor,
        *,
        reverse: bool = False,
        device: str | torch.device = "cpu",
    ) -> torch.Tensor:
        """Translate rows of X into the target class.

        Parameters
        ----------
        rows : ndarray of shape (n, ...), or float32 tensor of encoded rows
            Of the source class; of the target class with ``reverse``.

        reverse : bool, default=False
            Translate target rows into the source class.

        device : torch.device or str, default="cpu"
            Where to compute.

        Returns
        -------
        translations : float32 tensor of shape (n, C, H, W) or (n, n_features)
            In [-1, 1], on the CPU; ``spec.decode`` makes rows of it.
        """
        generator = self.generator_ts if reverse else self.generator_st
        return self._in_batches(generator, rows, device, is_generator=True)

    def translate_in_turn(
        self, x: torch.Tensor, turns: np.ndarray, *, device: str | torch.device = "cpu"
    ) -> torch.Tensor:
        """Translate into the target class, each row by one of the snapshots.

        What is wrong with a translation differs from one moment of training to the next,
        so that a classifier cannot know the class by it.

        Parameters
        ----------
        x : float32 tensor of shape (n, C, H, W) or (n, n_features)
            Source images, in [-1, 1].

        turns : int ndarray of shape (n,)
            Whose turn it is: snapshot ``turns[i] % len(snapshots)`` translates row i.
            Without snapshots ``generator_st`` translates them all.

        device : torch.device or str, default="cpu"
            Where to compute.

        Returns
        -------
        translations : float32 tensor of the shape of ``x``
            In [-1, 1], on the CPU.
        """
        generators = self.snapshots or [self.generator_st]
        translations = torch.empty_like(x)
        for position, generator in enumerate(generators):
            own = torch.from_numpy(turns % len(generators) == position)
            if own.any():
                translations[own] = self._in_batches(
                    generator, x[own], device, is_generator=True
                )
        return translations

    @property
    def turn_size(self) -> int:
        """Rows to translate at once: a whole batch for each snapshot, if memory allows."""
        n_generators = max(1, len(self.snapshots))
        return min(
            _TRANSLATION_BATCH * n_generators,
            max(n_generators, _MOST_VALUES // math.prod(self.spec.row_shape)),
        )

    @property
    def rows_at_once(self) -> int:
        """Rows that a network takes at once: few of large images.

        More would take memory that training got by without, and on a CPU more time as well.
        """
        if not self.spec.is_image:
            return _TRANSLATION_BATCH
        n_pixels = math.prod(self.spec.image_size)
        return min(_TRANSLATION_BATCH, max(1, _TRANSLATION_PIXELS // n_pixels))

    def score_realness(
        self, x: torch.Tensor, *, device: str | torch.device = "cpu"
    ) -> torch.Tensor:
        """Score translations by the target class's discriminator.

        Parameters
        ----------
        x : float32 tensor of shape (n, C, H, W) or (n, n_features)
            Translations, in [-1, 1].

        device : torch.device or str, default="cpu"
            Where to compute.

        Returns
        -------
        scores : float32 tensor of shape (n,)
            Means over patches, unbounded, the higher the more real.
        """
        scores = self._in_batches(self.discriminator_t, x, device)
        return scores.reshape(len(scores), -1).mean(dim=1)

    def score_target(
        self, x: torch.Tensor, *, device: str | torch.device = "cpu"
    ) -> torch.Tensor:
        """Score translations by the auxiliary classifier.

        Parameters
        ----------
        x : float32 tensor of shape (n, C, H, W) or (n, n_features)
            Translations, in [-1, 1].

        device : torch.device or str, default="cpu"
            Where to compute.

        Returns
        -------
        scores : float32 tensor of shape (n,)
            Probabilities of the target class.
        """
        return self._in_batches(self.classifier, x, device).softmax(dim=1)[:, 1]

    @torch.no_grad()
    def _in_batches(self, network, rows, device, *, is_generator=False):
        """Apply ``network`` batch by batch, in float32; rows of X are encoded first.

        What a generator changes of reduced images is changed in the images themselves.
        """
        network = copy.deepcopy(network).to(device).eval()
        is_encoded = torch.is_tensor(rows)
        raw = rows if is_encoded else self.spec.as_tensor(rows)
        outputs = []
        for batch in raw.split(self.rows_at_once):
            x = batch if is_encoded else self.spec.encode(batch)
            seen = reduce_images(x, self.network_spec)
            with own_precision(device):
                output = network(seen.to(device)).float().cpu()
            outputs.append(transfer_change(x, seen, output) if is_generator else output)
        return torch.cat(outputs)


def _auxiliary_classifier(spec):
    if spec.is_image:
        return CompactCNN(spec.n_channels, spec.image_size, 2, n_filters=16)
    return MLPClassifier(spec.n_features, 2)
