"""One random_state drives everything; the global generators are left as they were."""

from contextlib import contextmanager

import numpy as np
import torch


def draw_seed(random_state):
    """Draw a seed below 2**31 from a numpy ``RandomState``."""
    return int(random_state.randint(2**31))


def derive_seed(seed, *keys):
    """A seed of its own for each tuple of small integers, independent of call order."""
    return int(np.random.SeedSequence((seed, *keys)).generate_state(1)[0])


@contextmanager
def global_seed(seed):
    """Seed torch's global generators inside the block only.

    Layers draw their initial weights, and dropout its masks, from the global
    generators; nothing else here does.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
