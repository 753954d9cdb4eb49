"""One safetensors file that holds a record as JSON beside its tensors, and a checksum."""

import hashlib
import json

import torch
from safetensors import safe_open
from safetensors.torch import save as save_tensors

from .._files import whole_file
from ._values import require

PROTOCOL = 1
_FORMAT = "skgan_aug"
_RECORD = "record"  # the tensor of bytes that are the JSON: a header has a largest size
_BLANK = "0" * 64  # stands for the checksum while it is taken
_CHUNK = 1 << 20


def write_file(path, record, tensors):
    """Write a file whole, or not at all.

    Parameters
    ----------
    path : Path

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
    with whole_file(path) as file:
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
        Mapped from the file; none larger than the file.

    Raises
    ------
    ValueError, RuntimeError, SafetensorError
        For any other file.
    """
    with safe_open(path, framework="pt") as file:
        about = file.metadata() or {}
        require(about.get("format") == _FORMAT, "it was not written by skgan_aug")
        require(
            about.get("protocol") == str(PROTOCOL),
            f"its protocol is {about.get('protocol')!r:.80}, but this version of skgan_aug "
            f"reads protocol {PROTOCOL}",
        )
        require(
            about.get("sha256") == _checksum(path, about.get("sha256")),
            "its checksum does not match: it was changed or damaged",
        )
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    require(_RECORD in tensors, "it has no record")
    text = tensors.pop(_RECORD)
    require(text.dtype == torch.uint8 and text.dim() == 1, "its record is no text")
    return json.loads(text.numpy().tobytes()), tensors


def _checksum(path, written):
    """Of the whole file, as it was before the checksum was written into it."""
    require(isinstance(written, str) and len(written) == len(_BLANK), "it has no checksum")
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        # The header is no longer than what safetensors has mapped and parsed.
        n_header = file.read(8)
        header = file.read(int.from_bytes(n_header, "little"))
        digest.update(n_header + header.replace(_field(written), _field(_BLANK)))
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _field(checksum):
    return f'"sha256":"{checksum}"'.encode()
