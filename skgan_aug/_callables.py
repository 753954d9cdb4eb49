"""Functions that users pass in."""

from contextlib import contextmanager


@contextmanager
def failure_as_value_error(failed):
    """Raise ValueError for whatever a function of the user's raises inside the block.

    Parameters
    ----------
    failed : str
        What failed and on what, such as "selection failed on 5 rows of X".
    """
    try:
        yield
    except Exception as error:
        raise ValueError(f"{failed} with {type(error).__name__}: {error}") from error
