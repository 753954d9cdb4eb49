"""The CycleGAN engine: torch only, no estimators."""

from pathlib import Path

import joblib

from .config import TrainingConfig
from .cyclegan import CycleGAN
from .diagnosis import diagnose
from .trainer import CycleGANTrainer

__all__ = ["CycleGAN", "CycleGANTrainer", "TrainingConfig", "diagnose", "train_cyclegan"]


def train_cyclegan(
    spec,
    config,
    source,
    target,
    *,
    generator="auto",
    discriminator="auto",
    seed=0,
    device="cpu",
    title=None,
    verbose=0,
    checkpoint_dir=None,
):
    """Train a CycleGAN between two classes.

    Parameters
    ----------
    spec : ImageSpec
        What the rows are.

    config : TrainingConfig
        How to train.

    source, target : ndarray of shape (n, *spec.row_shape)
        Rows of either class.

    generator, discriminator : str or callable
        Names or factories, see :mod:`skgan_aug.networks`.

    seed : int
        Decides initial weights and every draw.

    device : str, default="cpu"
        Where to compute.

    title : str, default=None
        Of the progress bar.

    verbose : int, default=0
        1 shows a progress bar, 2 the losses in it too.

    checkpoint_dir : str or path, default=None
        Folder where an interrupted training is found again by its data and parameters.

    Returns
    -------
    cyclegan : CycleGAN
        On the CPU, in evaluation mode.
    """
    cyclegan = CycleGAN(spec, generator=generator, discriminator=discriminator, seed=seed)
    trainer = CycleGANTrainer(cyclegan, config, source, target, seed=seed, device=device)
    checkpoint = None
    if checkpoint_dir is not None:
        key = joblib.hash((spec, config, source, target, generator, discriminator, seed))
        checkpoint = Path(checkpoint_dir) / f"{key}.pt"
    return trainer.fit(title=title, verbose=verbose, checkpoint=checkpoint)
