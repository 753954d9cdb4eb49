"""Euclidean distances between rows, a block at a time.

Differences are squared one by one rather than expanded into scalar products: a copy is at
distance 0, and the same two rows are equally far apart wherever they stand, so that ties are
ties and no result depends on the order of the rows.
"""

import numpy as np
from scipy.spatial.distance import cdist

_BLOCK_VALUES = 2**22  # distances held at a time: 32 MiB


def distance_blocks(rows, others):
    """Yield the distances of a few rows at a time to all others.

    Parameters
    ----------
    rows, others : float64 ndarray of shape (n, d) and (m, d)
        Features.

    Yields
    ------
    distances : float64 ndarray of shape (n_block, m)
    """
    step = max(1, _BLOCK_VALUES // len(others))
    for start in range(0, len(rows), step):
        yield cdist(rows[start : start + step], others)


def other_distance_blocks(rows, is_repeated=False):
    """Like :func:`distance_blocks` among ``rows``; infinite from each row to itself.

    But 0 where ``is_repeated``, (n,), tells that it stands for other rows as well.
    """
    start, to_itself = 0, np.where(np.broadcast_to(is_repeated, len(rows)), 0.0, np.inf)
    for distances in distance_blocks(rows, rows):
        own = to_itself[start : start + len(distances)]
        np.fill_diagonal(distances[:, start:], own)
        start += len(distances)
        yield distances


def distances_to_nearest(rows, others):
    """Distance of each row to the nearest of the others, float64 of shape (n,)."""
    return np.concatenate([block.min(axis=1) for block in distance_blocks(rows, others)])


def distances_to_neighbor(rows, n_neighbors):
    """Distance of each row to its ``n_neighbors``-th nearest other row, of shape (n,)."""
    k = n_neighbors - 1
    return np.concatenate(
        [np.partition(block, k, axis=1)[:, k] for block in other_distance_blocks(rows)]
    )
