"""Rows to add to a rare class: translations of rows of another class."""

import warnings

import numpy as np
import torch

from ._random import draw_seed, usual_defaults
from .selection import SELECTIONS, keep_best, score_rows, score_translations
from .training.augmentation import draw_moves, draw_shifts, shift_images

_CANDIDATES_PER_ROW = 4  # translations to choose from, for each that is kept


def translate_rows(cyclegan, X, source, n, *, selection, min_strength, random_state, device):
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
        How candidates are ranked, as :class:`~skgan_aug.CycleGANOverSampler` takes it.

    min_strength : float in [0, 1]
        The least part of the way from source to translation that is gone.

    random_state : numpy.random.RandomState
        Decides which source rows are translated, and how far.

    device : torch.device
        Where to compute.

    Returns
    -------
    rows : ndarray of shape (n, ...)
        Translations, in the shape, dtype and range of X.

    origins : int ndarray of shape (n,)
        The row of X that each was translated from.
    """
    n_candidates = n
    if selection is not None:
        n_candidates = max(n, min(_CANDIDATES_PER_ROW * n, len(source)))
    origins = np.resize(random_state.permutation(source), n_candidates)
    strengths = random_state.uniform(min_strength, 1.0, n_candidates).astype(np.float32)
    rows, scores = _candidates(
        cyclegan, X, origins, len(source), strengths, selection, random_state, device
    )
    if scores is not None:
        kept = keep_best(scores, n)
        rows, origins = rows[kept], origins[kept]
    n_different = len({hash(row.tobytes()) for row in rows})
    # Rows of a table may well agree, most of all where they are whole numbers.
    fewest = n if cyclegan.spec.is_image else min(n, 1 + n // 10)
    if n_different < fewest:
        warnings.warn(
            f"Some of the {n} translations are identical ({n_different} different): their "
            f"{len(source)} source rows are too few or too alike. Lower synthetic_fraction, "
            "or choose another source.",
            stacklevel=5,
        )
    return rows, origins


def _candidates(cyclegan, X, origins, n_different, strengths, selection, random_state, device):
    """Translations as rows of X, and their scores, if any are to be selected.

    What is scored has gone all of the way: of translations that go part of it, those that go
    farthest would win, not those of which most can be expected.

    Never more than a batch of them is held as float32, which takes four times the memory
    of uint8.
    """
    spec, n = cyclegan.spec, len(origins)
    rows = np.empty((n, *X.shape[1:]), dtype=X.dtype)
    whole_way = np.empty_like(rows) if callable(selection) else None
    scores = np.empty(n, dtype=np.float32) if selection in SELECTIONS else None
    batches = _source_batches(spec, X, origins, n_different, cyclegan.turn_size, random_state)
    for part, x in batches:
        turns = np.arange(part.start, part.stop)
        strength = torch.from_numpy(strengths[part]).view(-1, *[1] * (x.dim() - 1))
        translations = cyclegan.translate_in_turn(x, turns, device=device)
        rows[part] = spec.decode(torch.lerp(x, translations, strength))
        if whole_way is not None:
            whole_way[part] = spec.decode(translations)
        elif scores is not None:
            scores[part] = score_translations(selection, cyclegan, translations, device=device)
    if whole_way is not None:
        scores = score_rows(selection, whole_way)
    return rows, scores


def _source_batches(spec, X, origins, n_different, batch_size, random_state):
    """Slices, and the source rows there as tensors; repeats, which come last, are varied."""
    n = len(origins)
    n_repeats = n - n_different
    if n_repeats > 0:
        rng = torch.Generator().manual_seed(draw_seed(random_state))
        with usual_defaults():
            if spec.is_image:
                variations = draw_shifts(n_repeats, n_different, spec.image_size, rng)
            else:
                variations = draw_moves(n_repeats, n_different, rng)
    for start in range(0, n, batch_size):
        stop = min(start + batch_size, n)
        x = spec.encode(spec.as_tensor(X[origins[start:stop]]))
        if stop > n_different:
            n_first = max(0, n_different - start)  # in this batch
            own = slice(start + n_first - n_different, stop - n_different)
            first, second = (variation[own] for variation in variations)
            x = torch.cat([x[:n_first], _varied(spec, X, origins, x[n_first:], first, second)])
        yield slice(start, stop), x


def _varied(spec, X, origins, repeats, first, second):
    if spec.is_image:
        return shift_images(repeats, first, second)
    towards = spec.encode(spec.as_tensor(X[origins[first.numpy()]]))
    return torch.lerp(repeats, towards, second)
