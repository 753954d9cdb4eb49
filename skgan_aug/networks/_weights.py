"""The weights that networks of CycleGANs start with."""

from __future__ import annotations

from typing import TypeVar

from torch import nn

_SPREAD = 0.02

Network = TypeVar("Network", bound=nn.Module)


def init_weights(network: Network) -> Network:
    """Draw the first weights of a generator or discriminator as Zhu et al. (2017) do.

    From N(0, 0.02) in convolutions, with biases of 0; other layers are left alone. Networks
    that are chosen by name get them. Those of a factory keep what the factory gave them:
    call this there, unless they were trained before.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place, by torch's global generator.

    Returns
    -------
    network : torch.nn.Module
        The same.

    Examples
    --------
    >>> from skgan_aug.networks import MaskedGenerator, init_weights
    >>> def small_generator(spec):
    ...     return init_weights(MaskedGenerator(spec.n_channels, n_filters=8))
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, _SPREAD)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network
