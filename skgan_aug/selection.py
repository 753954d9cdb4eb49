"""Which candidate translations are kept."""

import numpy as np

from ._callables import failure_as_value_error

SELECTIONS = ("discriminator", "classifier")


def select_candidates(selection, cyclegan, translations, n, *, device="cpu"):
    """Choose exactly ``n`` candidates, the best first.

    Parameters
    ----------
    selection : None, {"discriminator", "classifier"} or callable
        How candidates are ranked. None keeps the first ``n``. "discriminator": by how
        real the target class's discriminator finds them. "classifier": by the auxiliary
        classifier's probability of the target class. A callable takes the candidates as
        rows of X, (n_candidates, ...), and returns a score for each, (n_candidates,),
        higher being better.

    cyclegan : CycleGAN
        What translated them.

    translations : float32 tensor of shape (n_candidates, C, H, W) or \
            (n_candidates, n_features)
        The candidates, in [-1, 1].

    n : int
        How many to keep, at most ``n_candidates``.

    device : torch.device or str, default="cpu"
        Where to compute scores.

    Returns
    -------
    kept : int64 ndarray of shape (n,)
        Indices of the candidates; of equally good ones the earlier first.

    Raises
    ------
    ValueError
        When a callable's scores are not one finite number per candidate.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_aug.images import ImageSpec
    >>> from skgan_aug.selection import select_candidates
    >>> from skgan_aug.training import CycleGAN
    >>> X = np.repeat([10, 30, 20], 64).reshape(3, 8, 8).astype(np.uint8)
    >>> cyclegan = CycleGAN(ImageSpec.from_array(X))
    >>> candidates = cyclegan.spec.encode(cyclegan.spec.as_tensor(X))
    >>> def brightness(rows):
    ...     return rows.mean(axis=(1, 2))
    >>> select_candidates(brightness, cyclegan, candidates, 2).tolist()
    [1, 2]
    """
    if selection is None:
        return np.arange(n)
    if callable(selection):
        scores = score_rows(selection, cyclegan.spec.decode(translations))
    else:
        scores = score_translations(selection, cyclegan, translations, device=device)
    return keep_best(scores, n)


def score_translations(selection, cyclegan, translations, *, device="cpu"):
    """Score candidates by a network: each by itself, so that they may come in batches.

    Parameters
    ----------
    selection : {"discriminator", "classifier"}
        Whose score.

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
    """
    if selection == "discriminator":
        return cyclegan.score_realness(translations, device=device).numpy()
    return cyclegan.score_target(translations, device=device).numpy()


def score_rows(selection, rows):
    """Let a callable score all candidates, and check what it returns.

    Parameters
    ----------
    selection : callable
        As :func:`select_candidates` takes it.

    rows : ndarray of shape (n_candidates, ...)
        The candidates, as rows of X.

    Returns
    -------
    scores : float ndarray of shape (n_candidates,)
        Finite; higher is better.
    """
    return _checked(selection(rows), len(rows))


def check_selection(selection, rows):
    """Try a callable on real rows, before anything is trained.

    Parameters
    ----------
    selection : None, str or callable
        As :func:`select_candidates` takes it.

    rows : ndarray of shape (n, ...)
        Some rows of X.

    Raises
    ------
    ValueError
        When it fails, or returns anything but a finite score for each.
    """
    if not callable(selection):
        return
    with failure_as_value_error(f"selection failed on {len(rows)} rows of X"):
        scores = selection(rows.copy())
    _checked(scores, len(rows))


def _checked(scores, n_candidates):
    try:
        scores = np.asarray(scores, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"selection must return one finite score per candidate, not {scores!r:.60}."
        ) from error
    if scores.shape != (n_candidates,) or not np.isfinite(scores).all():
        raise ValueError(
            "selection must return one finite score per candidate: an array of shape "
            f"({n_candidates},), but it returned one of shape {scores.shape}"
            + ("." if np.isfinite(scores).all() else " with NaN or infinity.")
        )
    return scores


def keep_best(scores, n):
    """Indices of the ``n`` highest scores, the best first; of equal ones the earlier first."""
    return np.argsort(-scores, kind="stable")[:n]
