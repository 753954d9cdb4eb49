"""A folder that is filled file by file, and can be gone on with."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import stat
import uuid
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from .._files import regular_file, write_whole
from ..datasets._files import import_pillow

_SETTINGS, _MANIFEST, _LEFT_OUT = "augment.json", "manifest.csv", "left_out.csv"
_WORK = ".skgan-aug"
_MOST_BYTES = 2**30  # of the list of what a class gains
_MAX_NAME_BYTES = 240  # of 255 that file systems take
COLUMNS = ("file", "class", "kind", "source_file", "score")


def check_output(out: str | os.PathLike[str], root: str | os.PathLike[str]) -> None:
    """Refuse, without writing, a folder that is not ours to fill.

    Parameters
    ----------
    out : path
        New, empty, or begun by an earlier run.

    root : path
        The folder of the originals.

    Raises
    ------
    ValueError
        When ``out`` holds other files, is no folder, or lies in ``root`` (or the other way
        round).

    Examples
    --------
    >>> import tempfile
    >>> from skgan_aug.folders import check_output
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check_output(f"{folder}/balanced", f"{folder}/pets")  # silent: it is new
    ...     check_output(folder, f"{folder}/pets")
    Traceback (most recent call last):
        ...
    ValueError: ... must not lie in one another. Give another folder.
    """
    out, real, real_root = Path(out), Path(out).resolve(), Path(root).resolve()
    if real == real_root or real_root in real.parents or real in real_root.parents:
        raise ValueError(f"{out} and {root} must not lie in one another. Give another folder.")
    if not os.path.lexists(out):
        return
    if not out.is_dir():
        kind = "a file" if out.exists() else "a link that leads nowhere"
        raise ValueError(f"{out} is {kind}. Give a new folder.")
    entries = {entry.name for entry in out.iterdir()}
    if entries - {_WORK} and _SETTINGS not in entries:
        raise ValueError(f"{out} is not empty, and nothing is overwritten. Give a new folder.")


class OutputFolder:
    """A folder to be filled.

    Parameters
    ----------
    path : path
        New, empty, or begun by an earlier run.
    """

    def __init__(self, path):
        self.path = Path(path).absolute()  # other processes may be in another folder
        self.work = self.path / _WORK

    @contextmanager
    def begin(self, settings):
        """Keep other runs out, and make sure that an earlier one meant the same.

        Parameters
        ----------
        settings : dict
            What shapes the result, as JSON knows it.
        """
        self.work.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.work / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise ValueError(f"Another run is filling {self.path}. Wait for it.") from error
        try:
            self._agree_on(settings)
            yield
        finally:
            lock.release()
            if self.is_finished:
                shutil.rmtree(self.work)

    def filling(self, number):
        """Lock for who fills class ``number``: workers outlive a run that is killed."""
        return FileLock(self.work / f"class{number}.lock")

    @property
    def is_finished(self):
        """Whether the manifest, which comes last, is there."""
        return (self.path / _MANIFEST).is_file()

    def place(self, source, name, *, copy):
        """Link ``source`` as ``name``, or copy it where that cannot be; never overwrite."""
        destination = self.inside(name)
        destination.parent.mkdir(parents=True, exist_ok=True)
        if destination.exists():
            if destination.stat().st_size != Path(source).stat().st_size:
                raise ValueError(f"{destination} is there, but is not {source}. Remove it.")
            return  # an earlier run put it there
        if not copy:
            try:
                os.link(os.path.realpath(source), destination)
                return
            except OSError:  # another disk, or one without links, or too many of them
                pass
        self._copy(source, destination)

    def part_links(self, folder):
        """Put copies in place of what is linked in ``folder``, one of this folder."""
        folder = self.inside(folder)
        for file in folder.iterdir() if folder.is_dir() else ():
            found = file.lstat()
            if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
                self._copy(file, file)

    def _copy(self, source, destination):
        unfinished = self.work / f"{uuid.uuid4().hex}.tmp"
        shutil.copy2(source, unfinished)
        os.replace(unfinished, destination)

    def inside(self, name):
        """Path of a file of this folder; whoever wrote the name, it does not lead out."""
        path = self.path / name
        if not os.path.realpath(path).startswith(os.path.realpath(self.path) + os.sep):
            raise ValueError(f"{path} lies outside of {self.path}. Give a new folder.")
        return path

    def stage(self, image, number, row):
        """Write a uint8 image as PNG, aside, as file ``row`` of class ``number``."""
        staged = self.inside(self._staged(number, row))
        staged.parent.mkdir(exist_ok=True)
        import_pillow().fromarray(image).save(staged)

    def publish(self, number, row, name):
        """Move a staged image to where it belongs, unless an earlier run did."""
        staged, destination = self._staged(number, row), self.inside(name)
        if staged.exists() == destination.exists():
            state = "is in the way" if staged.exists() else "is gone"
            raise ValueError(f"{destination} {state}. Put it right, or give a new folder.")
        if staged.exists():
            destination.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staged, destination)

    def read_part(self, number):
        """What an earlier run kept of class ``number``; None if it did not get there."""
        path = self.work / f"class{number}.json"
        try:
            with regular_file(path, _MOST_BYTES) as file:
                part = json.load(file)
            _check_part(part)
            return part
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise ValueError(f"{path} is damaged. Give a new folder.") from error

    def keep_part(self, number, part):
        """Remember what class ``number`` gains, once its images are staged."""
        write_whole(self.work / f"class{number}.json", json.dumps(part).encode())

    def finish(self, rows, left_out):
        """Write the list of what was left out, if anything was, and the manifest.

        Parameters
        ----------
        rows : iterable of tuple
            Values of ``COLUMNS``.

        left_out : list of tuple (str, str)
            Files and reasons.
        """
        if left_out:
            self._write_csv(_LEFT_OUT, ("file", "reason"), left_out)
        self._write_csv(_MANIFEST, COLUMNS, rows)

    def _agree_on(self, settings):
        path = self.path / _SETTINGS
        settings = json.loads(json.dumps(settings))
        if not path.exists():
            self._put(_SETTINGS, json.dumps(settings, indent=1).encode())
            return
        try:
            earlier = json.loads(path.read_text())
            difference = _first_difference(earlier, settings)
        except (ValueError, AttributeError) as error:
            raise ValueError(f"{path} is damaged. Give a new folder.") from error
        if difference:
            raise ValueError(
                f"{self.path} was begun with other settings: {difference}. Give the same ones "
                "to go on, or a new folder."
            )

    def _staged(self, number, row):
        return self.work / f"class{number}" / f"{row}.png"

    def _write_csv(self, name, header, rows):
        # Names of files may be any bytes.
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(header)
        writer.writerows(rows)
        self._put(name, text.getvalue().encode("utf-8", "surrogateescape"))

    def _put(self, name, raw):
        """Write a file of this folder by way of the working one, which is cleared away."""
        write_whole(self.work / name, raw)
        os.replace(self.work / name, self.path / name)


def _check_part(part):
    """Refuse what :meth:`OutputFolder.keep_part` never wrote."""
    if not isinstance(part, dict) or part.keys() != {"rows", "warnings"}:
        raise ValueError("it is no list of added files")
    if not (isinstance(part["rows"], list) and _are_texts(part["warnings"])):
        raise ValueError("it lists no files")
    if not all(_are_texts(row) and len(row) == len(COLUMNS) for row in part["rows"]):
        raise ValueError("its rows are no rows of a manifest")


def _are_texts(values):
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _first_difference(earlier, now):
    """What differs first between the settings of two runs; None where nothing does."""
    for name, value in now.items():
        before = earlier.get(name)
        if before == value:
            continue
        if name == "files":
            return "the images that it was begun with were others, or have changed"
        if isinstance(value, dict) and isinstance(before, dict):
            return _first_difference(before, value) or f"{name} has other entries"
        if isinstance(value, list) and isinstance(before, list):
            pairs = [(a, b) for a, b in zip(before, value, strict=False) if a != b]
            before, value = pairs[0] if pairs else (before, value)
        return f"{name} was {before!s:.200}, and is {value!s:.200}"
    return None


class FileNames:
    """Names for added files, each given once.

    Parameters
    ----------
    taken : iterable of Path
        Files that are there already.
    """

    def __init__(self, taken):
        # Some file systems do not tell cases apart.
        self.taken = {str(name).casefold() for name in taken}
        self.counts = {}

    def new(self, folder, stem, suffix):
        """``folder/stem-1suffix``, or the next number that is free."""
        while len(os.fsencode(stem + suffix)) > _MAX_NAME_BYTES:
            stem = stem[1:].lstrip(".")  # what begins with a dot is hidden, and not loaded
        key = str(folder / stem).casefold()
        while True:
            self.counts[key] = self.counts.get(key, 0) + 1
            name = folder / f"{stem}-{self.counts[key]}{suffix}"
            if str(name).casefold() not in self.taken:
                self.taken.add(str(name).casefold())
                return name
