"""What images are, and the weights of networks: read only where they fit."""

import copy
import math
from contextlib import contextmanager
from dataclasses import asdict

import numpy as np
import torch

from .._random import global_seed
from ..images import ImageSpec
from ..networks._factories import probe_batch
from ._values import decode, encode, require

_MOST_VALUES = 1 << 28  # of one image: factories are tried on two of them


def encode_spec(spec, tensors):
    """Write an ImageSpec as JSON has it."""
    if spec.dtype.kind not in "biuf" or spec.dtype.itemsize > 8:
        raise ValueError(
            f"This estimator was fitted on X of {spec.dtype}, which not every machine has: "
            "fit it on X.astype(np.float64)."
        )
    return encode(asdict(spec) | {"dtype": spec.dtype.str}, tensors)


def decode_spec(written, tensors):
    """Read an ImageSpec, refused where it contradicts itself."""
    values = decode(written, tensors)
    require(isinstance(values, dict), "it does not say what its images are")
    dtype = values["dtype"]
    require(isinstance(dtype, str) and dtype[1:2] in tuple("biuf"), "its images have no dtype")
    spec = ImageSpec(**values | {"dtype": np.dtype(dtype)})
    rows, image = spec.row_shape, spec.image_shape
    are_shapes = is_shape(rows, (1, 2, 3)) and (image is None or is_shape(image, (2, 3)))
    require(are_shapes, f"its images have the shape {rows!r:.80}, {image!r:.80}")
    n_values = math.prod(rows)
    fits = len(rows) == 1 if image is None else math.prod(image) == n_values
    fits = fits and (len(rows) == 1 or rows == image) and n_values <= _MOST_VALUES
    require(fits, f"its rows of shape {rows} cannot hold images of shape {image}")
    n_ranges = n_values if image is None else 1
    are_ranges = all(_is_range_end(ends, n_ranges) for ends in (spec.low, spec.high))
    require(are_ranges, "its images have no range")
    return spec


def is_shape(value, lengths):
    """Whether ``value`` is a tuple, of one of these lengths, of positive integers."""
    is_tuple = isinstance(value, tuple) and len(value) in lengths
    return is_tuple and all(type(side) is int and side > 0 for side in value)


def make_blank(make, *factories):
    """Make a network that has shapes but, so far, no memory.

    A file that asks for huge networks gets them only where it holds their weights.
    Networks of somebody's own are made as they like it.

    Parameters
    ----------
    make : callable
        Called without arguments; returns a ``torch.nn.Module``.

    *factories : str or callable
        Names of networks, or functions that ``make`` calls.

    Returns
    -------
    network : torch.nn.Module
    """
    with global_seed(0), _without_memory(any(map(callable, factories))):
        return make()


def fill(network, tensors, prefix):
    """Give a blank network its weights.

    Parameters
    ----------
    network : torch.nn.Module

    tensors : dict of str to tensor
        Loses those of the network.

    prefix : str
        Of their names.

    Raises
    ------
    ValueError
        Where one lacks, or is of another shape or dtype.
    """
    own = {name: tensors.pop(prefix + name, None) for name in network.state_dict()}
    check_weights(network, own)
    if any(weights.is_meta for weights in network.state_dict().values()):
        network.to_empty(device="cpu")
    network.load_state_dict(own)


def check_weights(network, tensors):
    """Raise ValueError unless ``tensors`` are what a network of this kind has."""
    wanted = network.state_dict()
    unknown = sorted(tensors.keys() - wanted.keys())
    require(not unknown, f"its networks have no weights {unknown[:3]}")
    for name, weights in wanted.items():
        given = tensors.get(name)
        require(torch.is_tensor(given), f"there are no weights {name}")
        fits = given.shape == weights.shape and given.dtype == weights.dtype
        require(
            fits,
            f"{name} has the shape {tuple(given.shape)} and dtype {given.dtype}, but should "
            f"have {tuple(weights.shape)} and {weights.dtype}",
        )


def compute_alike(network, blank, spec):
    """Whether a blank network computes what another does, once it has its weights.

    Parameters
    ----------
    network, blank : torch.nn.Module
        Of one factory; ``blank`` gets the weights of ``network``.

    spec : ImageSpec
        What they take.

    Returns
    -------
    alike : bool
    """
    blank.load_state_dict(network.state_dict())
    x = probe_batch(spec)
    x = torch.linspace(-1, 1, x.numel()).reshape_as(x)
    first, second = (_output(each, x.clone()) for each in (network, blank))
    # By another layout in memory, sums may be rounded otherwise.
    return torch.allclose(first, second, rtol=1e-3, atol=1e-5, equal_nan=True)


def weights_of(network, prefix):
    """The tensors of a network on the CPU, none of which shares its memory."""
    return {
        prefix + name: weights.detach().cpu().contiguous().clone()
        for name, weights in network.state_dict().items()
    }


@torch.no_grad()
def _output(network, x):
    network = copy.deepcopy(network).cpu().eval()
    with global_seed(0):  # it may draw
        return network(x)


@contextmanager
def _without_memory(has_factories):
    if has_factories:
        yield
    else:
        with torch.device("meta"):
            yield


def _is_range_end(values, n):
    are_many = isinstance(values, tuple) and len(values) == n
    return are_many and all(type(value) is float and math.isfinite(value) for value in values)
