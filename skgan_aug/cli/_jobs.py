"""How many processes work where the user does not say."""

import joblib

from .._devices import resolve_device

# Processes share the GPU: more of them only crowd its memory.
_MAX_JOBS_ON_GPU = 4


def default_jobs(device="auto"):
    """One for each core, but few on a GPU."""
    n_cores = joblib.cpu_count()
    return n_cores if resolve_device(device).type == "cpu" else min(n_cores, _MAX_JOBS_ON_GPU)
