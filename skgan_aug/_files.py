"""Files that are whole or absent, and folders that are what they seem."""

import os
import secrets
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path):
    """Open a file to write, which takes the name ``path`` once it is complete.

    Whatever goes wrong inside the block, nothing half-written is left, and a file that was
    there before stays as it was.

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
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno and not error.filename2:
            error.filename = str(path)  # nobody has heard of the unfinished one
        raise


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


def check_path(parameter, path):
    """Refuse what no file system could name; anything but str or path is let through.

    Raises
    ------
    ValueError
        Naming the parameter that holds it.
    """
    if not isinstance(path, str | Path):
        return
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
