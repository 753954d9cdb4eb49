"""Trained CycleGANs on disk, found again by what they were trained on and how."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from .._files import regular_file, write_whole
from .history import check_history

if TYPE_CHECKING:
    from .cyclegan import CycleGAN

_PROTOCOL = 1
_DAMAGES = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,
    OverflowError,
    SafetensorError,
)
_KEY = re.compile("[0-9a-f]{64}")
_ENTRY, _WEIGHTS, _LOCK = ".json", ".safetensors", ".lock"
_MOST_RECORD = 2**26  # bytes of an entry's losses and of a header, far beyond what is written


@dataclass(frozen=True)
class CacheEntry:
    """A trained CycleGAN in a cache.

    Parameters
    ----------
    key : str
        Hash of all that shaped its training.

    title : str
        The pair of classes.

    n_bytes : int
        What it takes on disk.

    used : float
        Seconds since the epoch when it was last written or read.
    """

    key: str
    title: str
    n_bytes: int
    used: float


class CycleGANCache:
    """A folder of trained CycleGANs, shared safely by any number of processes.

    An entry is a safetensors file of weights and a JSON file with their checksum and the
    losses. Nothing in it is executed when it is read. Both are written aside and renamed,
    the JSON last: an entry is whole or absent. What does not match its checksum is trained
    anew, with a warning.

    Parameters
    ----------
    folder : str or path
        Where; made with the first entry.

    max_bytes : int, default=None
        Largest size of all entries together when one is added, which stays whatever its
        size; the least recently used ones go first. None: no limit.

    Examples
    --------
    >>> import tempfile
    >>> from skgan_aug.training import CycleGANCache
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     CycleGANCache(folder).entries()
    []
    """

    def __init__(self, folder: str | os.PathLike[str], max_bytes: int | None = None) -> None:
        self.folder = Path(folder)
        self.max_bytes = max_bytes

    def get(
        self,
        key: str,
        train: Callable,
        make: Callable,
        *,
        n_snapshots: int,
        title: str | None = None,
    ) -> CycleGAN:
        """Return the CycleGAN that ``train`` would make, training it where it is not kept.

        Of several processes that lack the same one, one trains and the others wait.

        Parameters
        ----------
        key : str
            Of :func:`~skgan_aug.training.key.training_key`.

        train : callable
            Called without arguments; returns a trained CycleGAN.

        make : callable
            Called without arguments; returns an untrained one. With the seed of the
            training: not all that a factory draws is among the weights.

        n_snapshots : int
            How many the trained one has.

        title : str, default=None
            The pair of classes, for listings.

        Returns
        -------
        cyclegan : CycleGAN
            Trained, now or before.
        """

        def load():
            if not os.path.lexists(self.folder / f"{key}{_ENTRY}"):
                return None  # before a network is made, which may be read from elsewhere
            blank = make()
            blank.keep_snapshots(n_snapshots)
            return self._load(key, blank)

        cyclegan = load()
        if cyclegan is not None:
            return cyclegan
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = self._lock(key)
            lock.acquire()
        except OSError as error:
            self._warn_of_writing(error)
            return train()
        try:
            cyclegan = load()  # another may have trained it since
            if cyclegan is None:
                cyclegan = train()
                self._save(key, cyclegan, title)
        finally:
            with suppress(OSError):  # of a network's file system; what was trained is not lost
                lock.release()
        return cyclegan

    def _lock(self, key):
        """A lock that whoever may write to the folder may hold."""
        writes = stat.S_IMODE(self.folder.stat().st_mode) & 0o222 | 0o200
        mode = writes | writes << 1  # to lock a file is to read it, too
        return FileLock(self.folder / f"{key}{_LOCK}", mode=mode)

    def entries(self) -> list[CacheEntry]:
        """List what is kept.

        Returns
        -------
        entries : list of CacheEntry
            The least recently used first.
        """
        entries = []
        for path in self.folder.glob(f"*{_ENTRY}"):
            if not _KEY.fullmatch(path.stem):
                continue
            try:
                title = str(json.loads(_read(path, _MOST_RECORD))["title"])
                n_bytes = sum(
                    each.lstat().st_size for each in (path, path.with_suffix(_WEIGHTS))
                )
                entries.append(CacheEntry(path.stem, title, n_bytes, path.lstat().st_mtime))
            except _DAMAGES:
                continue  # foreign, or going away this moment
        return sorted(entries, key=lambda entry: (entry.used, entry.key))

    def clear(self) -> int:
        """Remove every entry; other files in the folder stay.

        Returns
        -------
        n_removed : int
            How many there were.
        """
        entries = self.entries()
        for entry in entries:
            self._remove(entry.key)
        self._remove_unfinished()
        return len(entries)

    def _load(self, key, cyclegan):
        """``cyclegan`` as an entry says, or None where it is gone or damaged."""
        path = self.folder / f"{key}{_ENTRY}"
        n_bytes = sum(weights.nbytes for weights in cyclegan.state_dict().values())
        try:
            record = json.loads(_read(path, _MOST_RECORD))
            raw = _read(path.with_suffix(_WEIGHTS), n_bytes + _MOST_RECORD)
            if record["protocol"] != _PROTOCOL:
                raise ValueError(f"its protocol is {record['protocol']}, not {_PROTOCOL}")
            if record["sha256"] != _checksum(raw, record["history"]):
                raise ValueError("its checksum does not match")
            cyclegan.load_state_dict(load_tensors(raw))
            cyclegan.history = check_history(record["history"])
        except _DAMAGES as error:
            if not os.path.lexists(path):  # removed since, by a process that needs its room
                return None
            warnings.warn(
                f"{path} is no entry of this cache ({error}): its CycleGAN is trained anew.",
                stacklevel=2,
            )
            return None
        with suppress(OSError):  # in a folder that may only be read
            os.utime(path)
        return cyclegan.eval()

    def _save(self, key, cyclegan, title):
        """Write an entry; where that fails, say so and go on with what was trained."""
        path = self.folder / f"{key}{_ENTRY}"
        try:
            raw = _serialised(cyclegan.state_dict())
            record = {
                "protocol": _PROTOCOL,
                "title": str(title),
                "sha256": _checksum(raw, cyclegan.history),
                "finished": time.strftime("%Y-%m-%d %H:%M:%S"),
                "history": cyclegan.history,
            }
            write_whole(path.with_suffix(_WEIGHTS), raw)
            write_whole(path, json.dumps(record, indent=1).encode())
        except (OSError, TypeError, KeyError) as error:  # the last: an unknown dtype
            with suppress(OSError):
                self._remove(key)  # weights alone are no entry, but take their room
            self._warn_of_writing(error)
            return
        try:
            self._evict(keep=key)
        except OSError as error:  # of listing them
            self._warn_of_writing(error)

    def _warn_of_writing(self, error):
        warnings.warn(
            f"memory={str(self.folder)!r} cannot be written ({error}): trained CycleGANs are "
            "not kept.",
            stacklevel=2,
        )

    def _evict(self, keep):
        if self.max_bytes is None:
            return
        self._remove_unfinished()
        entries = self.entries()
        n_bytes = sum(entry.n_bytes for entry in entries)
        for entry in entries:
            if n_bytes <= self.max_bytes:
                return
            if entry.key == keep:
                continue
            try:
                self._remove(entry.key)
            except OSError as error:  # of somebody else, say
                warnings.warn(
                    f"memory={str(self.folder)!r} holds more than cache_size="
                    f"{self.max_bytes}: an entry cannot be removed ({error}).",
                    stacklevel=2,
                )
                return
            n_bytes -= entry.n_bytes

    def _remove_unfinished(self):
        """Remove weights without an entry: a process was killed between the two files.

        Not where another holds the lock, and writes them this moment; and not where there is
        none: whoever wrote the file, it was not this class.
        """
        for path in self.folder.glob(f"*{_WEIGHTS}"):
            key = path.stem
            is_ours = _KEY.fullmatch(key) and path.with_suffix(_LOCK).is_file()
            if not is_ours or os.path.lexists(path.with_suffix(_ENTRY)):
                continue
            with suppress(OSError, Timeout), self._lock(key).acquire(blocking=False):
                if not os.path.lexists(path.with_suffix(_ENTRY)):
                    self._remove(key)

    def _remove(self, key):
        for suffix in (_ENTRY, _WEIGHTS):
            file = self.folder / f"{key}{suffix}"
            if not file.is_dir():  # which is not ours
                file.unlink(missing_ok=True)


def _serialised(weights):
    for name, value in weights.items():
        if not torch.is_tensor(value):
            raise TypeError(
                f"{name} of a network is a {type(value).__name__}, but only tensors are kept: "
                "register buffers"
            )
    # Some may be tied, which safetensors refuses.
    return save_tensors(
        {n: t.clone(memory_format=torch.contiguous_format) for n, t in weights.items()}
    )


def _checksum(raw, history):
    """Of the weights and the losses, so that neither can change unnoticed."""
    return hashlib.sha256(raw + json.dumps(history).encode()).hexdigest()


def _read(path, most_bytes):
    with regular_file(path, most_bytes) as file:
        return file.read(most_bytes)
