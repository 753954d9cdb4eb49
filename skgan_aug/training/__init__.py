"""The CycleGAN engine: torch only, no estimators."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from .._devices import own_precision
from .._threads import one_thread
from .cache import CycleGANCache
from .config import TrainingConfig
from .cyclegan import CycleGAN
from .diagnosis import diagnose
from .key import training_key
from .trainer import CycleGANTrainer

if TYPE_CHECKING:
    from ..images import ImageSpec

__all__ = [
    "CycleGAN",
    "CycleGANCache",
    "CycleGANTrainer",
    "TrainingConfig",
    "diagnose",
    "train_cyclegan",
]


def train_cyclegan(
    spec: ImageSpec,
    config: TrainingConfig,
    source: np.ndarray,
    target: np.ndarray,
    *,
    generator: str | Callable[..., nn.Module] = "auto",
    discriminator: str | Callable[..., nn.Module] = "auto",
    max_size: int | None = 64,
    seed: int = 0,
    device: str | torch.device = "cpu",
    title: str | None = None,
    verbose: int = 0,
    checkpoint_dir: str | os.PathLike[str] | None = None,
    cache: CycleGANCache | None = None,
) -> CycleGAN:
    """Train a CycleGAN between two classes.

    Parameters
    ----------
    spec : ImageSpec
        What the rows are.

    config : TrainingConfig
        How to train.

    source, target : ndarray of shape (n, ...)
        Rows of either class.

    generator, discriminator : str or callable, default="auto"
        Names or factories, see :mod:`skgan_aug.networks`.

    max_size : int or None, default=64
        Pixels of the longer side of images as the networks see them; None: any number.

    seed : int, default=0
        Decides initial weights and every draw.

    device : str or torch.device, default="cpu"
        Where to compute.

    title : str, default=None
        Of the progress bar.

    verbose : int, default=0
        1 shows a progress bar, 2 the losses in it too.

    checkpoint_dir : str or path, default=None
        Folder where an interrupted training is found again by its data and parameters.

    cache : CycleGANCache, default=None
        Where it is looked for before, and kept after.

    Returns
    -------
    cyclegan : CycleGAN
        On the CPU, in evaluation mode.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.images import ImageSpec
    >>> from skgan_aug.training import TrainingConfig, train_cyclegan
    >>> X = np.random.default_rng(0).integers(0, 256, size=(12, 8, 8), dtype=np.uint8)
    >>> spec = ImageSpec.from_array(X)
    >>> cyclegan = train_cyclegan(spec, TrainingConfig(max_iter=2), X[:8], X[8:])
    >>> cyclegan.history[-1]["n_iter"]
    2
    """
    networks: dict[str, Any] = {
        "generator": generator,
        "discriminator": discriminator,
        "max_size": max_size,
    }
    checkpoint: Path | None = None

    def make():
        return CycleGAN(spec, **networks, seed=seed)

    def train():
        # What is made in torch's inference mode can never be trained.
        with one_thread(), torch.inference_mode(False), own_precision(device):
            trainer = CycleGANTrainer(make(), config, source, target, seed=seed, device=device)
            return trainer.fit(title=title, verbose=verbose, checkpoint=checkpoint)

    if cache is None and checkpoint_dir is None:
        return train()
    key = training_key(spec, config, source, target, **networks, seed=seed, device=device)
    if checkpoint_dir is not None:
        checkpoint = Path(checkpoint_dir) / f"{key}.pt"
    if cache is None:
        return train()
    return cache.get(key, train, make, n_snapshots=len(config.snapshot_steps), title=title)
