"""What a user's factory makes: refused unless it can be used, trained, copied and sent."""

import copy

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from .._callables import failure_as_value_error
from .._random import global_seed

N_PROBES = 2  # rows of the batch that factories' modules are tried on


def probe_batch(spec):
    """A blank batch."""
    if not spec.is_image:
        return torch.zeros(N_PROBES, spec.n_features)
    return torch.zeros(N_PROBES, spec.n_channels, *spec.image_size)


def make_checked(parameter, factory, args, spec, wanted):
    """What a factory makes, refused unless its output has the shape ``wanted``."""
    if isinstance(factory, nn.Module):
        raise TypeError(
            f"{parameter} is a {type(factory).__name__}, but must be what makes one: pass a "
            "class, or a function that returns a new network."
        )
    with failure_as_value_error(f"The {parameter} factory failed"):
        module = factory(*args)
    if not isinstance(module, nn.Module):
        raise TypeError(
            f"The {parameter} factory returned {type(module).__name__}, "
            "but must return a torch.nn.Module."
        )
    with failure_as_value_error(f"The {parameter} factory returned what cannot be copied"):
        module = copy.deepcopy(module)  # some return the same module each time
    probe = probe_batch(spec)
    failed = (
        f"The {parameter} factory returned a module that fails on a batch of shape "
        f"{tuple(probe.shape)}"
    )
    with failure_as_value_error(failed), torch.no_grad():
        output = module.eval()(probe)
    maps = f"The {parameter} factory returned a module that maps"
    _check_output(maps, parameter, probe, output, wanted)
    if parameter == "module" and _are_probabilities(output):
        raise ValueError(
            f"{maps} a batch of shape {tuple(probe.shape)} to probabilities, but the result "
            "must be logits: leave out its softmax."
        )
    return module.train()


def _are_probabilities(output):
    """Whether rows add up to 1: as logits, they would learn little and be sure of nothing."""
    sums = output.double().sum(dim=1)
    return bool((output >= 0).all()) and torch.allclose(sums, torch.ones_like(sums))


def check_classifier_network(network, spec, n_classes, *, batch_size):
    """Refuse a classifier that could not be trained.

    Parameters
    ----------
    network : torch.nn.Module
        One that was made by a factory.

    spec : ImageSpec
        What the batches are.

    n_classes : int
        Number of logits.

    batch_size : int
        Rows of one.

    Raises
    ------
    ValueError
        When it has no weights, or fails in training.
    """
    _check_has_weights("module", network)
    _tried_in_training("module", network, spec, batch_size, lambda x: (len(x), n_classes))


def _check_has_weights(parameter, network):
    """Refuse a network without weights to train; a discriminator may judge as it is."""
    may_be_frozen = parameter == "discriminator"
    if not any(may_be_frozen or weight.requires_grad for weight in network.parameters()):
        raise ValueError(
            f"The {parameter} factory returned {type(network).__name__} without a weight to "
            "train: there is none, or all are frozen (requires_grad)."
        )


def check_cyclegan_network(parameter, network, spec, *, batch_size, is_sent):
    """Refuse a generator or discriminator that could not be trained, or not be used after it.

    Parameters
    ----------
    parameter : str
        What it was made by, for the message.

    network : torch.nn.Module
        One that was made.

    spec : ImageSpec
        What the batches are.

    batch_size : int
        Rows of one.

    is_sent : bool
        Whether the process that trains it sends it to another.

    Raises
    ------
    ValueError
        When it has no weights, fails in training, changes its input, or cannot be copied
        after a step or sent.
    """
    _check_has_weights(parameter, network)
    is_generator = parameter == "generator"
    trained, given, output = _tried_in_training(
        parameter,
        network,
        spec,
        batch_size,
        lambda x: tuple(x.shape) if is_generator else (len(x),),
    )
    noise = _noise(spec, len(given))
    returned = f"The {parameter} factory returned a module"
    if is_generator and output.dtype != torch.float32:
        raise ValueError(
            f"{returned} that maps to {output.dtype}, but images are torch.float32: leave out "
            "its conversion, and choose precision."
        )
    if not torch.equal(given, noise):
        raise ValueError(
            f"{returned} that changes its input, which others need as it was: leave out the "
            "inplace=True of its first layer."
        )
    try:
        copy.deepcopy(trained)
    except RuntimeError as error:
        raise ValueError(
            f"{returned} that cannot be copied once it was trained ({error}): take layers of "
            "torch.nn.utils.parametrizations, such as spectral_norm, for those of "
            "torch.nn.utils."
        ) from error
    if is_sent and any(map(is_parametrized, network.modules())):
        raise ValueError(
            f"{returned} with parametrized layers, which no process can send to another: set "
            "n_jobs=1, or leave them out."
        )


def _noise(spec, n_rows):
    with global_seed(0):
        return torch.randn(n_rows, *probe_batch(spec).shape[1:])


def _tried_in_training(parameter, network, spec, batch_size, wanted):
    """A copy of a network after a forward and a backward pass, their input and output.

    Factories' networks are tried in evaluation mode when they are made; what some do in
    training is another matter. Two rows are soon tried, but do not suit all that trains on
    whole batches.
    """
    few = _noise(spec, min(batch_size, N_PROBES))
    try:
        return _train_once(parameter, network, few, wanted(few))
    except ValueError:
        if batch_size <= N_PROBES:
            raise
    batch = _noise(spec, batch_size)
    return _train_once(parameter, network, batch, wanted(batch))


def _train_once(parameter, network, batch, wanted):
    """The same with one batch, whose output must have the shape ``wanted``."""
    trained = copy.deepcopy(network).train()
    returned = f"The {parameter} factory returned a module"
    failed = f"{returned} that fails on a batch of {len(batch)} while it is trained"
    with global_seed(0), torch.enable_grad():
        with failure_as_value_error(failed):
            output = trained(batch)
        _check_output(
            f"{returned} that, while it is trained, maps", parameter, batch, output, wanted
        )
        learns = any(weight.requires_grad for weight in trained.parameters())
        if learns and not output.requires_grad:
            raise ValueError(
                f"{returned} that computes without gradients, from which nothing is learnt: "
                "leave out its torch.no_grad() or detach()."
            )
        if learns:
            with failure_as_value_error(failed):
                output.sum().backward()
    return trained, batch, output


def _check_output(maps, parameter, batch, output, wanted):
    """Refuse an output that is no tensor of the shape ``wanted``."""
    maps = f"{maps} a batch of shape {tuple(batch.shape)} to"
    shape = tuple(output.shape) if torch.is_tensor(output) else type(output).__name__
    begins = parameter == "discriminator"  # which may score each row many times
    if (shape[: len(wanted)] if begins else shape) != wanted:
        must = "begin with" if begins else "be"
        raise ValueError(f"{maps} {shape}, but the result must {must} {wanted}.")
