"""What shapes the training of one CycleGAN."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from .augmentation import AUGMENTATIONS

# No snapshot is taken in the first 30% of a training or in its first 300 steps: what
# generators draw by then is hardly a translation.
_FIRST_SHARE, _FIRST_STEP = 0.3, 300


@dataclass(frozen=True)
class TrainingConfig:
    """Every value that decides what a CycleGAN learns, and nothing else.

    The defaults are those of :class:`~skgan_aug.CycleGANOverSampler`.

    Parameters
    ----------
    max_iter : int
        Optimisation steps, each of one update of the generators and one of the
        discriminators.

    batch_size : int
        Images drawn of either class per step.

    learning_rate : float
        Of Adam; constant for the first half of the steps, then falling linearly to 0.

    beta1 : float
        Adam's first-moment decay (the paper's: 0.5).

    real_label : float
        What discriminators should say to real images, and generators have them say to
        translations (the paper's: 0.9).

    cycle_weight, identity_weight, classifier_weight : float
        Weights of the cycle-consistency, identity and auxiliary classifier losses beside
        the adversarial loss, which has weight 1; each is absolute.

    pool_size : int
        Translations kept to show discriminators again; 0 shows the newest only.

    ema_decay : float
        Decay of the exponential moving average of the weights that translate, less in the
        first steps, which would else weigh too much; 0 takes the last weights.

    n_snapshots : int
        Moments of training, spread over its last 70% but none among its first 300 steps,
        at which the generator is kept beside its average.

    augment : tuple of {"color", "translation", "cutout"}
        Differentiable augmentations of whatever a discriminator or the auxiliary
        classifier sees.

    early_stopping : bool
        Stop where the target-class score (the auxiliary classifier's probability of the
        target class, for translations) has stopped rising, and keep the best weights.

    n_iter_no_change : int
        Steps without a better score, after which ``early_stopping`` stops.

    precision : {"float32", "bfloat16"}
        Of the matrix products; weights and losses stay in float32.

    compile : bool
        Compile the networks for this training, which rounds in another order.

    Examples
    --------
    >>> from skgan_aug.training import TrainingConfig
    >>> TrainingConfig(max_iter=1000, n_snapshots=3).snapshot_steps
    [300, 650, 1000]
    """

    max_iter: int = 1300
    batch_size: int = 16
    learning_rate: float = 5e-4
    beta1: float = 0.5
    real_label: float = 1.0
    cycle_weight: float = 2.0
    identity_weight: float = 0.0
    classifier_weight: float = 1.0
    pool_size: int = 64
    ema_decay: float = 0.995
    n_snapshots: int = 10
    augment: tuple[str, ...] = ("color", "translation", "cutout")
    early_stopping: bool = False
    n_iter_no_change: int = 300
    precision: str = "float32"
    compile: bool = False

    def __post_init__(self):
        for name in ("max_iter", "batch_size", "n_iter_no_change"):
            _require(self, name, _is_whole(self, name, 1), "a whole number, at least 1")
        for name in ("pool_size", "n_snapshots"):
            _require(self, name, _is_whole(self, name, 0), "a whole number, at least 0")
        for name in ("learning_rate", "real_label"):
            _require(self, name, getattr(self, name) > 0, "positive")
        for name in ("cycle_weight", "identity_weight", "classifier_weight"):
            _require(self, name, getattr(self, name) >= 0, "at least 0")
        for name in ("beta1", "ema_decay"):
            _require(self, name, 0 <= getattr(self, name) < 1, "in [0, 1)")
        _require(
            self,
            "augment",
            all(isinstance(name, str) and name in AUGMENTATIONS for name in self.augment),
            f"made of {sorted(AUGMENTATIONS)}",
        )
        precisions = ("float32", "bfloat16")
        _require(self, "precision", self.precision in precisions, f"one of {precisions}")

    @property
    def snapshot_steps(self) -> list[int]:
        """Steps after which a snapshot is taken: ``n_snapshots``, or as many as there are."""
        first = max(_FIRST_SHARE * self.max_iter, _FIRST_STEP)
        if first > self.max_iter:
            return []
        n_snapshots = min(self.n_snapshots, 2 * self.max_iter)  # more would not differ
        steps = np.linspace(self.max_iter, first, n_snapshots).round().astype(int)
        return np.unique(steps).tolist()


def _is_whole(config, name, least):
    value = getattr(config, name)
    return isinstance(value, Integral) and value >= least


def _require(config, name, holds, remedy):
    if not holds:
        raise ValueError(f"{name}={getattr(config, name)!r} must be {remedy}.")
