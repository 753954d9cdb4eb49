"""The averaged weights that translate after training, and the best of them."""

import copy
import weakref

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

_LEAST_GAIN = 0.01  # of the target-class score, to count as better


class WeightAverages:
    """Exponential moving averages of networks' weights.

    Parameters
    ----------
    networks : list of torch.nn.Module
        Averaged while they train.

    decay : float in [0, 1)
        Less in the first steps, so that the averages forget the untrained weights. With 0
        they are the weights as they are, copied when asked for.

    Attributes
    ----------
    best : dict or None
        The score, step and weights that :meth:`keep_best` found last.
    """

    def __init__(self, networks, decay):
        self.networks = networks
        self.decay = decay
        self._averaged = [self._average(network) for network in networks]
        self.best: dict | None = None
        self._n_iter = 0

    @property
    def averaged(self):
        """One :class:`~torch.optim.swa_utils.AveragedModel` a network, in evaluation mode."""
        if not self.decay:
            self._update()
        return self._averaged

    def _average(self, network):
        this = weakref.proxy(self)  # itself, it would hold all averages beyond their use

        def update(averages, weights, n_averaged):
            # Not by n_averaged: reading it would have a GPU finish the step first.
            own = min(this.decay, (1 + this._n_iter) / (10 + this._n_iter))
            if averages[0].is_floating_point():
                get_ema_multi_avg_fn(own)(averages, weights, n_averaged)
            else:  # counts and indices have no mean
                torch._foreach_copy_(averages, weights)

        return AveragedModel(network, multi_avg_fn=update, use_buffers=True).eval()

    def update(self, n_iter):
        """Move the averages towards the present weights.

        Parameters
        ----------
        n_iter : int
            Steps made before this one.
        """
        self._n_iter = n_iter
        if self.decay:
            self._update()

    def _update(self):
        for averaged, network in zip(self._averaged, self.networks, strict=True):
            averaged.update_parameters(network)

    def keep_best(self, score, n_iter):
        """Keep a copy of the averages if they score better than all before.

        Parameters
        ----------
        score : float
            The higher the better.

        n_iter : int
            Steps made.
        """
        if self.best is None or score > self.best["score"] + _LEAST_GAIN:
            weights = copy.deepcopy(self._weights())
            self.best = {"score": score, "n_iter": n_iter, "weights": weights}

    def restore(self):
        """Give the networks the best weights that were kept, else the averages.

        Returns
        -------
        n_iter : int or None
            The step of the best; None where none were kept.
        """
        weights = self._weights() if self.best is None else self.best["weights"]
        for network, own in zip(self.networks, weights, strict=True):
            network.load_state_dict(own)
        return None if self.best is None else self.best["n_iter"]

    def _weights(self):
        return [averaged.module.state_dict() for averaged in self.averaged]
