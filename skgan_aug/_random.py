"""One random_state drives everything; the global generators are left as they were."""

from contextlib import contextmanager, nullcontext

import numpy as np
import torch

from ._threads import taking_turns


def draw_seed(random_state):
    """Draw a seed below 2**31 from a numpy ``RandomState``."""
    return int(random_state.randint(2**31))


def derive_seed(seed, *keys):
    """A seed for each tuple of small integers, independent of call order.

    Zeros at the end do not count: ``(1, 0)`` has the seed of ``(1,)``.
    """
    return int(np.random.SeedSequence((seed, *keys)).generate_state(1)[0])


def derive_pair_seed(seed, pair, classes):
    """A seed for a source and a target class, whichever other pairs there are.

    A source that is no class stands for all the rest together.
    """
    return derive_seed(seed, *(1 + classes.index(k) if k in classes else 0 for k in pair))


@contextmanager
def global_seed(seed, device="cpu"):
    """Seed torch's global generators, of the CPU and of ``device``, inside the block only.

    Layers draw their initial weights, and dropout its masks, from the global
    generators; nothing else here does. Tensors are made as in :func:`usual_defaults`.
    """
    device = torch.device(device)
    gpus = [device] if device.type == "cuda" else []
    with usual_defaults(), torch.random.fork_rng(gpus):  # of all GPUs, if not told
        seed = int(seed)  # torch takes none of NumPy's
        torch.default_generator.manual_seed(seed)
        for gpu in gpus:
            with torch.cuda.device(gpu):
                torch.cuda.manual_seed(seed)
        with _mps_seed(seed) if device.type == "mps" else nullcontext():
            yield


@contextmanager
def usual_defaults():
    """Make float32 tensors, on the CPU, inside the block, whatever torch was told to make.

    Threads of this process take turns.
    """
    with taking_turns():
        usual = torch.get_default_dtype()
        is_on_cpu = torch.get_default_device().type == "cpu"
        torch.set_default_dtype(torch.float32)
        try:
            # Every call of torch takes longer inside.
            with nullcontext() if is_on_cpu else torch.device("cpu"):
                yield
        finally:
            torch.set_default_dtype(usual)


@contextmanager
def _mps_seed(seed):
    state = torch.mps.get_rng_state()  # which fork_rng does not keep
    torch.mps.manual_seed(seed)
    try:
        yield
    finally:
        torch.mps.set_rng_state(state)
