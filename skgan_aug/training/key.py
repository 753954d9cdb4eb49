"""What tells a training from every other: caches and checkpoints go by it."""

import hashlib
import json
from dataclasses import asdict

import numpy as np
import torch

from .._random import global_seed
from .._version import __version__
from ..networks import make_discriminator, make_generator
from .reduction import reduce_images, reduced_spec

_N_PROBES = 4  # rows that tell networks apart
_ROUNDED = 1e-5  # of the largest gradient: ten times what rounding was seen to leave


def training_key(
    spec, config, source, target, *, generator, discriminator, max_size, seed, device
):
    """Hash of all that shapes a training.

    Pixels of both classes, every value of the configuration, networks, seed, kind of device,
    and the versions of this library and torch; nothing else, so that whatever is done with
    the result finds it again.

    Returns
    -------
    key : str
        64 hexadecimal digits.
    """
    if spec.is_image:  # rows of pixels are the same images
        spec = spec.resized(spec.image_size)
        source, target = (rows.reshape(-1, *spec.row_shape) for rows in (source, target))
    digest = hashlib.sha256()
    network_spec = reduced_spec(spec, max_size)
    values = asdict(config) | {
        "spec": repr(spec),
        "network_spec": repr(network_spec),
        "seed": seed,
        "device": str(device).partition(":")[0],
        "versions": [__version__, torch.__version__],
    }
    # Of NumPy's numbers some are none to JSON.
    digest.update(json.dumps(values, sort_keys=True, default=np.generic.item).encode())
    makers = (make_generator, generator), (make_discriminator, discriminator)
    for make, network in makers:
        name = network
        if not isinstance(network, str):
            probes = spec.encode(spec.as_tensor(source[:_N_PROBES]))
            x = reduce_images(probes, network_spec)
            name = _behaviour(make, network, network_spec, x)
        digest.update(f"network {name};".encode())
    for rows in (source, target):
        digest.update(f"{rows.dtype.str} {rows.shape};".encode())
        if rows.dtype == np.longdouble:  # some of its bytes are padding, of any value
            rows = rows.astype(np.float64)
        digest.update(np.ascontiguousarray(rows).data)
    return digest.hexdigest()


def _behaviour(make, factory, spec, x):
    """What tells the networks of a factory from others: layers, weights, what they compute.

    Its name would stay the same where its code is edited. Layers and weights may be hidden
    behind others that start at zero: other weights are tried too, and norms looked at. What
    learns is told by gradients alone.
    """
    with global_seed(0), torch.inference_mode(False), torch.enable_grad():
        network, x = make(factory, spec), x.clone()  # out of the caller's inference mode
        weights = [
            (not weight.requires_grad, f"{weight.detach().double().norm():.3e}")
            for weight in network.parameters()
        ]
        seen = list(_seen_in(network, x))
        for weight in network.parameters():
            weight.data.normal_(std=0.1)
        seen += _seen_in(network, x)
    return f"with its own weights {network!r} {weights} {seen}"


def _seen_in(network, x):
    """Figures of what a network makes of a batch, of where, and of what learns from it.

    In training and after it.
    """
    network.zero_grad()
    for mode in (True, False):
        answer = network.train(mode)(x).double().flatten()
        rng = torch.Generator().manual_seed(0)
        where = torch.randn(len(answer), dtype=torch.float64, generator=rng)
        placed = answer @ where / len(answer) ** 0.5
        # Rounded, large ones on their own scale: another processor or number of threads may
        # differ in the last bits.
        scale = answer.abs().max().clamp(min=1.0)
        shares = torch.stack([answer.mean(), answer.std(), placed]) / scale
        yield f"{scale:.3e} {' '.join(f'{share:.4f}' for share in shares)}"
        if mode and placed.requires_grad:
            placed.backward()
            yield _what_learns(network)


def _what_learns(network):
    """The size of each weight's gradient, 0 where it is rounding alone, None for none."""
    norms = [w.grad if w.grad is None else float(w.grad.norm()) for w in network.parameters()]
    # Next to nothing is rounding alone, as of a bias before a normalisation.
    least = _ROUNDED * max((norm or 0.0 for norm in norms), default=0.0)
    return [norm and (f"{norm:.1e}" if norm > least else 0.0) for norm in norms]
