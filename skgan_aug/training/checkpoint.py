"""Interrupted training goes on where it stopped."""

import io
from pathlib import Path

import torch

from .._files import whole_file


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
    torch.save(trainer.state_dict(), raw)
    with whole_file(path) as file:
        file.write(raw.getbuffer())


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
    """
    if not Path(path).exists():
        return False
    trainer.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return True
