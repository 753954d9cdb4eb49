"""How many epochs and batches, and which rows they hold."""

from math import ceil

import torch

_PREDICTION_BATCH, _PREDICTION_PIXELS = 128, 2**21  # the most, beyond batch_size
_FEWEST_EPOCHS, _MOST_EPOCHS, _STEPS = 20, 200, 1000  # of max_epochs="auto"
_NEAR_ENOUGH = 0.15  # of the steps that whole epochs should make


def count_batches(n_rows, batch_size):
    """Batches of one pass over so many rows, none of one row unless all are."""
    n_batches = -(-n_rows // batch_size)
    return n_batches if batch_size == 1 else max(1, min(n_batches, n_rows // 2))


def count_epochs(n_steps, n_rows, batch_size, *, whole=False):
    """Passes over so many rows that make about ``n_steps`` steps.

    Whole ones, at least one, where that is near enough or they have to be ``whole``; else a
    float, of which :class:`~skgan_aug.TorchCNNClassifier` ends its last pass early.
    """
    n_batches = count_batches(n_rows, batch_size)
    epochs = max(1, round(n_steps / n_batches))
    is_far = abs(epochs * n_batches - n_steps) > _NEAR_ENOUGH * n_steps
    return n_steps / n_batches if is_far and not whole else epochs


def count_auto_epochs(n_rows, batch_size):
    """Passes that ``max_epochs="auto"`` takes over so many rows."""
    n_batches = count_batches(n_rows, batch_size)
    return min(max(_FEWEST_EPOCHS, -(-_STEPS // n_batches)), _MOST_EPOCHS)


def plan_passes(order, is_real, max_epochs, *, real_last, batch_size, rng):
    """For each epoch the rows that it goes over, the last ones over real rows alone.

    Parameters
    ----------
    order : int64 ndarray of shape (m,)
        Indices of rows, of each as often as it trains.

    is_real : bool ndarray of shape (n,) or None
        Which rows are real; None where nobody says so.

    max_epochs : int or float
        Passes; of the last of 1.5, half is left.

    real_last : float in [0, 1)
        Share of them, the last ones, that go over real rows alone.

    batch_size : int
        Rows that a pass which is no whole one has at least.

    rng : torch.Generator
        Draws the rows of such a pass.

    Returns
    -------
    passes : list of int64 tensor

    Raises
    ------
    ValueError
        When ``real_last`` leaves no epoch of all rows, or no row to finish on.
    """
    n_epochs = ceil(max_epochs)
    n_last = 0 if is_real is None else _count_last(real_last, n_epochs)
    last = order[is_real[order]] if n_last else order
    if not len(last):
        raise ValueError(
            "synthetic_mask leaves no row to finish on: pass real_last=0, or the mask of "
            "a training set with real rows."
        )
    all_rows, last = torch.from_numpy(order), torch.from_numpy(last)
    passes = [all_rows] * (n_epochs - n_last) + [last] * n_last
    if max_epochs < n_epochs:
        n = round((1 + max_epochs - n_epochs) * len(passes[-1]))
        drawn = torch.randperm(len(passes[-1]), generator=rng, device="cpu")
        passes[-1] = passes[-1][drawn[: max(n, batch_size)]]
    return passes


def _count_last(real_last, n_epochs):
    """Epochs that are left to real rows: not all, and not none."""
    if not real_last:
        return 0
    if n_epochs < 2:
        raise ValueError(
            f"real_last={real_last} needs an epoch of all rows and one of real ones: "
            "pass max_epochs=2 or more, or real_last=0."
        )
    return min(max(1, round(real_last * n_epochs)), n_epochs - 1)


def prediction_batch_size(spec, batch_size):
    """Rows predicted at a time: few of large images, lest it take more memory than a fit."""
    if not spec.is_image:
        return _PREDICTION_BATCH
    height, width = spec.image_size
    return min(_PREDICTION_BATCH, max(batch_size, _PREDICTION_PIXELS // (height * width)))


class PredictionBatches:
    """Batches in the order of the rows, cut from whole tensors rather than row by row."""

    def __init__(self, dataset, batch_size):
        self.dataset = dataset
        self.n_batches = count_batches(len(dataset), batch_size)

    def __len__(self):
        return self.n_batches

    def __iter__(self):
        X, y = self.dataset.X, self.dataset.y
        for batch in torch.arange(len(X), device="cpu").tensor_split(self.n_batches):
            yield X[batch], torch.zeros(len(batch)) if y is None else y[batch]


class TrainingBatches:
    """Shuffled batches of the next of several passes, cut from whole tensors.

    Yields rows and, together, their labels and weights in the loss. Batches are of nearly
    equal size, because a last one of one row would break batch normalisation.
    """

    def __init__(self, dataset, batch_size, passes, rng, loss_weights):
        self.dataset = dataset
        self.passes = passes
        self.n_batches = [count_batches(len(rows), batch_size) for rows in passes]
        self.rng = rng
        self.loss_weights = loss_weights
        self.n_done = 0

    def __len__(self):
        return self.n_batches[min(self.n_done, len(self.passes) - 1)]

    def __iter__(self):
        rows, n_batches = self.passes[self.n_done], self.n_batches[self.n_done]
        self.n_done += 1
        rows = rows[torch.randperm(len(rows), generator=self.rng)]
        X, y, weights = self.dataset.X, self.dataset.y, self.loss_weights
        for batch in rows.tensor_split(n_batches):
            yield X[batch], (y[batch], None if weights is None else weights[batch])
