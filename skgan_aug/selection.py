"""Which candidate translations are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from ._callables import failure_as_value_error

if TYPE_CHECKING:
    from .training.cyclegan import CycleGAN

SELECTIONS = ("discriminator", "classifier")


def score_translations(
    selection: Literal["discriminator", "classifier"],
    cyclegan: CycleGAN,
    translations: torch.Tensor,
    *,
    device: str | torch.device = "cpu",
) -> np.ndarray:
    """Score candidates by a network: each by itself, so that they may come in batches.

    Parameters
    ----------
    selection : {"discriminator", "classifier"}
        Whose score: how real the target class's discriminator finds them, or the auxiliary
        classifier's probability of the target class.

    cyclegan : CycleGAN
        What translated them.

    translations : float32 tensor of shape (n_candidates, ...)
        The candidates, in [-1, 1].

    device : torch.device or str, default="cpu"
        Where to compute.

    Returns
    -------
    scores : float32 ndarray of shape (n_candidates,)
        Higher is better.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from skgan_aug.images import ImageSpec
    >>> from skgan_aug.selection import keep_best, score_translations
    >>> from skgan_aug.training import CycleGAN
    >>> cyclegan = CycleGAN(ImageSpec.from_array(np.zeros((2, 8, 8), dtype=np.uint8)))
    >>> scores = score_translations("classifier", cyclegan.eval(), torch.zeros(5, 1, 8, 8))
    >>> len(keep_best(scores, 2))
    2
    """
    if selection not in SELECTIONS:
        raise ValueError(f"selection={selection!r} is unknown: choose among {SELECTIONS}.")
    if selection == "discriminator":
        return cyclegan.score_realness(translations, device=device).numpy()
    return cyclegan.score_target(translations, device=device).numpy()


def score_rows(selection, rows):
    """Let a callable score all candidates, and check what it returns.

    Parameters
    ----------
    selection : callable
        Takes candidates and returns their scores.

    rows : ndarray of shape (n_candidates, ...)
        The candidates, as rows of X.

    Returns
    -------
    scores : float ndarray of shape (n_candidates,)
        Finite; higher is better.

    Raises
    ------
    ValueError
        When it fails, or returns anything else.
    """
    with failure_as_value_error(f"selection failed on {len(rows)} rows"):
        scores = selection(rows.copy())  # it may work in place
    return _checked(scores, len(rows))


def _checked(scores, n_candidates):
    try:
        scores = np.asarray(scores, dtype=float)
    except (TypeError, ValueError, RuntimeError) as error:  # of torch: it has a gradient
        raise ValueError(
            f"selection must return one finite score per candidate, not {scores!r:.60}: "
            f"{error}"
        ) from error
    if scores.shape != (n_candidates,) or not np.isfinite(scores).all():
        raise ValueError(
            "selection must return one finite score per candidate: an array of shape "
            f"({n_candidates},), but it returned one of shape {scores.shape}"
            + ("." if np.isfinite(scores).all() else " with NaN or infinity.")
        )
    return scores


def keep_best(scores: np.ndarray, n: int) -> np.ndarray:
    """Choose candidates.

    Parameters
    ----------
    scores : ndarray of shape (n_candidates,)
        Higher is better.

    n : int
        How many to keep, at most ``n_candidates``.

    Returns
    -------
    kept : int64 ndarray of shape (n,)
        Indices of the highest scores, the best first; of equal ones the earlier first.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.selection import keep_best
    >>> keep_best(np.array([0.1, 0.7, 0.7, 0.9]), 2).tolist()
    [3, 1]
    """
    return np.argsort(-scores, kind="stable")[:n]
