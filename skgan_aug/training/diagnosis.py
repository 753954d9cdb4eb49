"""What a training that went wrong looks like, and what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from .cyclegan import CycleGAN

_FEWEST_STEPS = 200  # shorter trainings have not had the time to go wrong
_SMALLEST_CHANGE = 0.005  # share of the range of X
_SMALLEST_VARIETY = 0.2  # spread of translations beside that of the target class
_LOWEST_SCORE = 0.25  # of the target class; a fair auxiliary classifier gives real images 1
_LOWEST_LOSS = 0.005  # of a discriminator, which is at 0.25 where it cannot tell


def diagnose(
    cyclegan: CycleGAN,
    source: np.ndarray,
    target: np.ndarray,
    *,
    device: str | torch.device = "cpu",
) -> list[str]:
    """Name what went wrong in training a CycleGAN.

    Parameters
    ----------
    cyclegan : CycleGAN
        A trained one.

    source, target : ndarray of shape (n, ...)
        Rows of either class; a hundred are enough.

    device : torch.device or str, default="cpu"
        Where to compute.

    Returns
    -------
    findings : list of str
        Each says what was seen, in figures, and what to change; empty when all is well,
        or when fewer than 200 steps were made.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from skgan_aug.images import ImageSpec
    >>> from skgan_aug.training import CycleGAN, diagnose
    >>> X = np.random.default_rng(0).integers(0, 256, size=(9, 8, 8), dtype=np.uint8)
    >>> cyclegan = CycleGAN(ImageSpec.from_array(X), generator=lambda spec: nn.Identity())
    >>> cyclegan.history = [{"n_iter": 200, "discriminator_s": 0.2, "discriminator_t": 0.2}]
    >>> diagnose(cyclegan, X[:5], X[5:])[0][:31]
    'translations equal their source'
    """
    history = cyclegan.history
    if not history or history[-1]["n_iter"] < _FEWEST_STEPS:
        return []
    spec = cyclegan.spec
    x, real = (spec.encode(spec.as_tensor(rows)) for rows in (source, target))
    translated = cyclegan.translate(x, device=device)
    findings = []

    change = (translated - x).abs().mean().item() / 2  # the range is [-1, 1]
    if change < _SMALLEST_CHANGE:
        findings.append(
            f"translations equal their source (they differ by {change:.2%} of the range). "
            "Raise classifier_weight, lower cycle_weight or identity_weight, raise max_iter, "
            "or choose another source"
        )
    elif _spread(translated) < _SMALLEST_VARIETY * _spread(real):
        findings.append(
            f"translations have no variety (their spread is {_spread(translated):.2g}, that "
            f"of the target class {_spread(real):.2g}). Raise cycle_weight, lower "
            "learning_rate, or choose another source"
        )
    elif (score := cyclegan.score_target(translated, device=device).mean()) < _LOWEST_SCORE:
        # Not the last in the history: early stopping may have kept weights from before.
        findings.append(
            "translations do not cross into their class (the auxiliary classifier gives it a "
            f"probability of {score:.2f}). Lower cycle_weight or "
            "identity_weight, raise classifier_weight, or choose another source"
        )
    for name in ("discriminator_s", "discriminator_t"):
        if history[-1][name] < _LOWEST_LOSS:
            findings.append(
                f"the loss of {name} fell to {history[-1][name]:.2g}: it recognises "
                "every translation, and the generators learn nothing from it any more. Lower "
                "learning_rate, keep augment on, or give it more images"
            )
    return findings


def _spread(x):
    """Mean distance of rows from their mean, 0 for a single one."""
    rows = x.flatten(1)
    return torch.linalg.vector_norm(rows - rows.mean(dim=0), dim=1).mean().item()
