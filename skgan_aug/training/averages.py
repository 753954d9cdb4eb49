"""The averaged weights that translate after training, and the best of them."""

import copy
from itertools import chain

import torch

_LEAST_GAIN = 0.01  # of the target-class score, to count as better


class WeightAverages:
    """Exponential moving averages of networks' weights.

    Parameters
    ----------
    networks : list of torch.nn.Module
        Averaged while they train.

    decay : float in [0, 1)
        Less in the first steps, so that the averages forget the untrained weights. With 0
        they are the weights as they are.

    Attributes
    ----------
    averaged : list of torch.nn.Module
        A copy of each network with the averages, in evaluation mode.

    best : dict or None
        The score, step and weights that :meth:`keep_best` found last.
    """

    def __init__(self, networks, decay):
        self.networks = networks
        self.decay = decay
        self.averaged = [copy.deepcopy(network).eval() for network in networks]
        self.best: dict | None = None

    @torch.no_grad()
    def update(self, n_iter):
        """Move the averages towards the present weights.

        Parameters
        ----------
        n_iter : int
            Steps made before this one.
        """
        decay = min(self.decay, (1 + n_iter) / (10 + n_iter)) if n_iter else 0.0
        for averaged, network in zip(self.averaged, self.networks, strict=True):
            _move(_values(averaged), _values(network), 1 - decay)

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
        return [averaged.state_dict() for averaged in self.averaged]


def _values(network):
    """Parameters and buffers, such as the averages of batch normalisation."""
    return chain(network.parameters(), network.buffers())


def _move(averages, weights, share):
    """Move averages a share of the way to the weights, with few kernels of a GPU."""
    pairs = list(zip(averages, weights, strict=True))
    floating = [pair for pair in pairs if pair[0].is_floating_point()]
    others = [pair for pair in pairs if not pair[0].is_floating_point()]
    if floating:
        own, given = zip(*floating, strict=True)
        torch._foreach_lerp_(own, given, share)
    if others:  # counts and indices have no mean
        own, given = zip(*others, strict=True)
        torch._foreach_copy_(own, given)
