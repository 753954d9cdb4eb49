"""Euclidean distances between rows, a block at a time.

A matrix product finds them fast, but rounded: copies would not be at distance 0, nor ties be
ties. Those that decide are therefore computed again from differences, squared one by one:
the same two rows are equally far apart wherever they stand, and no result depends on order.
"""

import numpy as np
from scipy.spatial.distance import cdist

_BLOCK_VALUES = 2**20  # distances held at a time: 8 MiB


def distance_blocks(rows, others=None, *, decisive):
    """Yield the distances of a few rows at a time to all others.

    Parameters
    ----------
    rows, others : float64 ndarray of shape (n, d) and (m, d)
        Features. Without ``others`` these are ``rows``, each infinitely far from itself.

    decisive : callable
        Given squared distances and a bound of the error of each, (n_block, m) both, tells
        which distances have to be free of it.

    Yields
    ------
    distances : float64 ndarray of shape (n_block, m)
    """
    to_themselves = others is None
    others = rows if to_themselves else others
    middle = others.mean(axis=0)  # around it squares are small, and so are their errors
    centred = others - middle
    squares = _squares(centred)
    # A sum of d products is off by up to d * eps / 2 of its size: squares and product by that
    # much of the squares, a distance computed again, of up to twice their size, by as much.
    bound = 2 * (rows.shape[1] + 10) * np.finfo(float).eps
    step = max(1, _BLOCK_VALUES // len(others))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        error = _squares(block - middle)[:, None] + squares
        squared = error - 2 * ((block - middle) @ centred.T)
        error *= bound
        if to_themselves:
            np.fill_diagonal(squared[:, start:], np.inf)
        distances = np.sqrt(np.maximum(squared, 0))
        again = decisive(squared, error) & np.isfinite(squared)
        for row in np.flatnonzero(again.any(axis=1)):
            distances[row, again[row]] = cdist(block[[row]], others[again[row]])[0]
        yield distances


def nearest(n_neighbors):
    """What is decisive for the ``n_neighbors`` smallest distances of each row."""
    k = n_neighbors - 1
    return lambda squared, error: (
        squared - error <= np.partition(squared + error, k, axis=1)[:, [k]]
    )


def distances_to_neighbor(rows, n_neighbors, others=None):
    """Distance of each row to the ``n_neighbors``-th nearest of the others, of shape (n,).

    Without ``others`` they are those among ``rows``.
    """
    blocks = distance_blocks(rows, others, decisive=nearest(n_neighbors))
    k = n_neighbors - 1
    return np.concatenate([np.partition(block, k, axis=1)[:, k] for block in blocks])


def _squares(rows):
    return np.einsum("ij,ij->i", rows, rows)
