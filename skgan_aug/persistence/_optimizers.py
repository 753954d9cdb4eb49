"""Where an optimiser stands, so that training goes on as if it had never stopped."""

import math

import torch

from .._classifier_net import OPTIMIZERS
from ._values import decode, encode, require

_STEP = "step"  # a count; the other tensors have the shape of the weights they are about
_STATES = {
    "adamw": {_STEP, "exp_avg", "exp_avg_sq"},
    "adam": {_STEP, "exp_avg", "exp_avg_sq"},
    "sgd": {"momentum_buffer"},
}


def describe_optimizer(name, optimizer, tensors):
    """Moments and rates of an optimiser; None for one of the user's own or another than named.

    Parameters
    ----------
    name : str or type
        As :class:`~skgan_aug.TorchCNNClassifier` takes it.

    optimizer : torch.optim.Optimizer

    tensors : dict of str to tensor
        Gets its moments.

    Returns
    -------
    written : dict or None
    """
    if name not in _STATES or type(optimizer) is not OPTIMIZERS[name]:
        return None
    state = optimizer.state_dict()
    rates = [
        {key: value for key, value in group.items() if _is_rate(value)}
        for group in state["param_groups"]
    ]
    return encode({"moments": state["state"], "rates": rates}, tensors)


def restore_optimizer(name, optimizer, written, tensors):
    """Bring an optimiser of the same weights to where it was."""
    if name not in _STATES or written is None:
        return
    values = decode(written, tensors)
    require(isinstance(values, dict), "its optimiser is none")
    moments, rates, groups = values["moments"], values["rates"], optimizer.param_groups
    weights = [weight for group in groups for weight in group["params"]]
    for number, own in moments.items():
        is_number = type(number) is int and 0 <= number < len(weights)
        require(is_number, f"its optimiser has no weight {number!r:.80}")
        require(_are_moments(own, _STATES[name], weights[number]), "its moments are none")
    require(isinstance(rates, list) and len(rates) == len(groups), "its rates are none")
    for own, group in zip(rates, groups, strict=True):
        wanted = {key for key, value in group.items() if _is_rate(value)}
        are_rates = own.keys() >= wanted and all(map(_is_rate, own.values()))
        require(are_rates and not own.keys() & (group.keys() - wanted), "its rates are none")
    present = optimizer.state_dict()["param_groups"]
    groups = [group | own for group, own in zip(present, rates, strict=True)]
    optimizer.load_state_dict({"state": moments, "param_groups": groups})


def _are_moments(own, wanted, weight):
    return (
        isinstance(own, dict)
        and own.keys() == wanted
        and all(
            _is_step(value) if key == _STEP else _is_moment(value, weight)
            for key, value in own.items()
        )
    )


def _is_step(value):
    """Whether torch counts so, whatever the dtype of the weights."""
    is_float = torch.is_tensor(value) and value.dtype in (torch.float32, torch.float64)
    return is_float and value.shape == ()


def _is_moment(value, weight):
    fits = torch.is_tensor(value) and value.dtype == weight.dtype
    return fits and value.shape == weight.shape


def _is_rate(value):
    """Whether it is a number, or a pair of them as Adam's betas are."""
    if isinstance(value, tuple):  # a list is that of the weights
        return len(value) == 2 and all(map(_is_rate, value))
    return type(value) in (int, float) and math.isfinite(value)
