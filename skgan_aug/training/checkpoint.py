"""Interrupted training goes on where it stopped."""

import io
import os
import zipfile
from pathlib import Path

import torch

from .._files import regular_file, write_whole
from .state import check_state, restore_state, training_state

_MOST_BYTES = 2**36


def save_checkpoint(trainer, path):
    """Write all that ``trainer`` needs to go on, atomically.

    Parameters
    ----------
    trainer : CycleGANTrainer

    path : str or Path
        The file; its folder is made if need be.

    Raises
    ------
    OSError
        When it cannot be written; what was there before stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # By way of memory: of a full disk, torch would say "unexpected pos".
    raw = io.BytesIO()
    torch.save(training_state(trainer), raw)
    write_whole(path, raw.getbuffer())


def load_checkpoint(trainer, path):
    """Bring ``trainer`` to the state of a checkpoint, if there is one.

    Parameters
    ----------
    trainer : CycleGANTrainer
        Made with the same networks, configuration, data and seed.

    path : str or Path

    Returns
    -------
    found : bool
        False when there is no such file.

    Raises
    ------
    ValueError
        For a file that is damaged, or no checkpoint of this training. It is left as it is.
    """
    if not os.path.lexists(path):
        return False
    try:
        with regular_file(path, _MOST_BYTES) as file:
            _check_archive(file)
            state = torch.load(file, map_location="cpu", weights_only=True)
        check_state(trainer, state)
        restore_state(trainer, state)
    except Exception as error:  # what unpickling raises on damaged data is not documented
        raise ValueError(
            f"{path} is no checkpoint of this training ({str(error).partition(chr(10))[0]}). "
            "Remove it to train from the start."
        ) from error
    return True


def _check_archive(file):
    """Refuse damage, which torch would not notice in weights, and packed files.

    Torch packs nothing, so that no file of its own holds more than its size.
    """
    n_file = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        n_bytes = sum(member.file_size for member in members)
        if any(member.compress_type for member in members) or n_bytes > n_file:
            raise ValueError("it is packed, as torch never writes it")
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} in it is damaged")
    file.seek(0)
