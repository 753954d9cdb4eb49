"""What a training logs, as it comes back from a file."""

import math

_LOGGED = {"n_iter", "target_score", "discriminator_s", "discriminator_t"}


def check_history(history):
    """``history`` of a file, refused unless it is what training logs.

    Raises
    ------
    ValueError
        For anything but records of finite numbers with all that diagnosis looks at.
    """
    if not (isinstance(history, list) and all(map(_is_record, history))):
        raise ValueError("its history is no list of losses")
    return history


def _is_record(record):
    if not (isinstance(record, dict) and record.keys() >= _LOGGED):
        return False
    values = record.values()
    return all(isinstance(value, int | float) and math.isfinite(value) for value in values)
