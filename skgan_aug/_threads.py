"""What all threads of a process share, and what a fork leaves of it."""

import os
import threading
import warnings
from contextlib import contextmanager

import torch

_turn = threading.RLock()
_switching = threading.Lock()
_filtering = threading.Lock()


@contextmanager
def taking_turns():
    """Keep other threads of this process out of such blocks: torch's generators are shared."""
    with _turn:
        yield


@contextmanager
def one_thread():
    """Compute on one thread inside the block.

    Sums are rounded in another order by another number of threads: with one, the result is
    the same however many pairs train side by side, which is what uses the cores.
    """
    n_threads = torch.get_num_threads()
    _set_num_threads(1)
    try:
        yield
    finally:
        _set_num_threads(n_threads)


@contextmanager
def without_warning(message):
    """Hide a warning inside the block, which should be short.

    Filters are shared too: of blocks that overlap, the later would leave the filters of the
    earlier for good.
    """
    with _filtering, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=message)
        yield


def _set_num_threads(n):
    """Change the number of this thread alone.

    Torch counts for each thread apart, but gives those that start later the number that was
    set last, wherever that was.
    """
    with _switching:
        usual = _in_new_thread(torch.get_num_threads)
        torch.set_num_threads(n)
        _in_new_thread(lambda: torch.set_num_threads(usual))


def _in_new_thread(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def _begin_anew():
    """In a forked child only the thread that forked is left.

    Another may have held a lock. And of OpenMP's threads torch knows nothing new: whatever
    it handed to them would wait for ever.
    """
    global _turn, _switching, _filtering
    _turn, _switching, _filtering = threading.RLock(), threading.Lock(), threading.Lock()
    if torch.get_num_threads() > 1:
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_begin_anew)
