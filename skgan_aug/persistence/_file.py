"""One safetensors file that holds a record as JSON beside its tensors, and a checksum."""

import hashlib
import json

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from .._files import whole_file
from ._values import require

PROTOCOL = 1
_FORMAT = "skgan_aug"
_RECORD = "record"  # the tensor of bytes that are the JSON: a header has a largest size
_BLANK = "0" * 64  # stands for the checksum while it is taken


def write_file(path, record, tensors):
    """Write a file whole, or not at all.

    Parameters
    ----------
    path : Path
        Where a link leads is written, not the link.

    record : object
        For ``json.dumps``.

    tensors : dict of str to tensor
        On the CPU.
    """
    text = json.dumps(record, allow_nan=False).encode()
    of_text = torch.frombuffer(bytearray(text), dtype=torch.uint8)
    about = {"format": _FORMAT, "protocol": str(PROTOCOL), "sha256": _BLANK}
    raw = save_tensors({_RECORD: of_text, **tensors}, about)
    n_head = 8 + int.from_bytes(raw[:8], "little")
    checksum = hashlib.sha256(raw).hexdigest()
    head = raw[:n_head].replace(_field(_BLANK), _field(checksum))
    with whole_file(path.resolve()) as file:
        file.write(head)
        file.write(memoryview(raw)[n_head:])


def read_file(path):
    """Read what :func:`write_file` wrote, once its checksum is right.

    Parameters
    ----------
    path : Path

    Returns
    -------
    record : object
        From ``json.loads``.

    tensors : dict of str to tensor
        Together no larger than the file.

    Raises
    ------
    ValueError, RuntimeError, SafetensorError
        For any other file.
    """
    raw = path.read_bytes()  # once: another process may save to this name meanwhile
    tensors = load_tensors(raw)
    n_head = 8 + int.from_bytes(raw[:8], "little")
    about = json.loads(raw[8:n_head]).get("__metadata__") or {}
    require(about.get("format") == _FORMAT, "it was not written by skgan_aug")
    require(
        about.get("protocol") == str(PROTOCOL),
        f"its protocol is {about.get('protocol')!r:.80}, but this version of skgan_aug "
        f"reads protocol {PROTOCOL}",
    )
    require(
        about.get("sha256") == _checksum(raw, n_head, about.get("sha256")),
        "its checksum does not match: it was changed or damaged",
    )
    require(_RECORD in tensors, "it has no record")
    text = tensors.pop(_RECORD)
    require(text.dtype == torch.uint8 and text.dim() == 1, "its record is no text")
    return json.loads(text.numpy().tobytes()), tensors


def _checksum(raw, n_head, written):
    """Of the whole file, as it was before the checksum was written into it."""
    require(isinstance(written, str) and len(written) == len(_BLANK), "it has no checksum")
    digest = hashlib.sha256(raw[:n_head].replace(_field(written), _field(_BLANK)))
    digest.update(memoryview(raw)[n_head:])
    return digest.hexdigest()


def _field(checksum):
    return f'"sha256":"{checksum}"'.encode()
