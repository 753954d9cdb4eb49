"""Files that are whole or absent, and folders that are what they seem."""

import os
import secrets
import stat
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path):
    """Open a file to write, which takes the name ``path`` once it is complete.

    Whatever goes wrong inside the block, nothing half-written is left, and a file that was
    there before stays as it was. One that is replaced passes on its permissions.

    Parameters
    ----------
    path : Path
        In a folder that exists.

    Yields
    ------
    file : binary file

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skgan_aug._files import whole_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder) / "digits") as file:
    ...         n_bytes = file.write(b"0123")
    ...     (Path(folder) / "digits").read_bytes()
    b'0123'
    """
    # Not of tempfile, which would keep everybody but the owner from reading the result.
    unfinished = path.with_name(f"{secrets.token_hex(8)}.tmp")
    try:
        with open(unfinished, "xb") as file:
            _keep_mode(path, file)
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno and not error.filename2:
            error.filename = str(path)  # nobody has heard of the unfinished one
        raise


def _keep_mode(path, file):
    """Let nobody read a file who could not read the one that it replaces."""
    if not hasattr(os, "fchown") or not path.exists():  # as on Windows
        return
    former = path.stat()
    mode = stat.S_IMODE(former.st_mode)
    if os.fstat(file.fileno()).st_gid != former.st_gid:
        try:
            os.fchown(file.fileno(), -1, former.st_gid)
        except OSError:  # not a group of ours
            mode &= ~stat.S_IRWXG
    os.fchmod(file.fileno(), mode)


def write_whole(path, raw):
    """Write bytes to a file by way of :func:`whole_file`."""
    with whole_file(path) as file:
        file.write(raw)


@contextmanager
def output_file(path):
    """Open a file that a user named, to write; devices and pipes are written as they are.

    Parameters
    ----------
    path : Path
        Anything else is whole or absent; where a link leads is written, not the link.

    Yields
    ------
    file : binary file
    """
    if path.exists() and not path.is_file():  # such as /dev/stdout
        with open(path, "wb") as file:
            yield file
    else:
        with whole_file(path.resolve()) as file:
            yield file


@contextmanager
def regular_file(path, most_bytes):
    """Open a file of a folder that others may write to.

    Links are not followed, so that nothing outside the folder is read, and pipes and devices
    not waited for.

    Parameters
    ----------
    path : path
        The file.

    most_bytes : int
        The largest size that it can rightly have.

    Yields
    ------
    file : binary file

    Raises
    ------
    OSError
        When it is not there, or a link.

    ValueError
        When it is no regular file, or larger.
    """
    # Windows knows neither, and makes no such files either.
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | flags)
    with open(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("it is no regular file")
        if about.st_size > most_bytes:
            raise ValueError(f"it has {about.st_size} bytes, more than it can need")
        yield file


def check_path(parameter, path):
    """Refuse what no file system could name; anything but str or path is let through.

    Raises
    ------
    ValueError
        Naming the parameter that holds it.
    """
    if not isinstance(path, str | Path):
        return
    if path == "":  # which pathlib takes for the folder that happens to be the current one
        raise ValueError(f"{parameter}='' is no path: pass None, or '.' if that is meant.")
    try:
        os.stat(path)
    except ValueError as error:
        raise ValueError(f"{parameter}={path!r} is no path: {error}.") from error
    except OSError:  # it may be made yet
        pass


def make_folder(parameter, path):
    """Make a folder, or say why that cannot be.

    Raises
    ------
    ValueError
        Naming the parameter that holds it.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"{parameter}={str(path)!r:.200} cannot be made: {error.strerror}. Give a folder "
            "that can be written."
        ) from error
