"""Rows to add to a rare class: translations of rows of another class."""

import warnings

import numpy as np
import torch

from ._random import draw_seed
from .selection import select_candidates
from .training.augmentation import vary_repeats

_CANDIDATES_PER_ROW = 4  # translations to choose from, for each that is kept


def translate_rows(cyclegan, X, source, n, *, selection, random_state, device):
    """Translate rows of the source class and keep the best.

    The snapshots of a CycleGAN take turns. Where more translations are wanted than there are
    source rows, those are varied before they are translated again: a CycleGAN has no noise
    input.

    Parameters
    ----------
    cyclegan : CycleGAN
        What translates.

    X : ndarray of shape (n_samples, ...)
        All rows.

    source : int ndarray of shape (n_source,)
        Which of them belong to the source class.

    n : int
        How many translations to return.

    selection : None, str or callable
        How candidates are ranked, see :func:`~skgan_aug.selection.select_candidates`.

    random_state : numpy.random.RandomState
        Decides which source rows are translated.

    device : torch.device
        Where to compute.

    Returns
    -------
    rows : ndarray of shape (n, ...)
        Translations, in the shape, dtype and range of X.

    origins : int ndarray of shape (n,)
        The row of X that each was translated from.
    """
    spec = cyclegan.spec
    n_candidates = n
    if selection is not None:
        n_candidates = max(n, min(_CANDIDATES_PER_ROW * n, len(source)))
    origins = np.resize(random_state.permutation(source), n_candidates)
    x = spec.encode(spec.as_tensor(X[origins]))
    if n_candidates > len(source):
        generator = torch.Generator().manual_seed(draw_seed(random_state))
        x = vary_repeats(x, len(source), generator)
    translations = cyclegan.translate_in_turn(x, np.arange(n_candidates), device=device)
    kept = select_candidates(selection, cyclegan, translations, n, device=device)
    rows = spec.decode(translations[kept])
    if spec.is_image and len({row.tobytes() for row in rows}) < n:
        warnings.warn(
            f"Some of the {n} translations are identical: their {len(source)} source "
            "images are too few or too alike. Lower synthetic_fraction, or choose "
            "another source.",
            stacklevel=5,
        )
    return rows, origins[kept]
