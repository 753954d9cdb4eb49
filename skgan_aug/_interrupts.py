"""Ctrl-C while something trains."""

import signal
import threading
from contextlib import contextmanager


@contextmanager
def watched_interrupt(*, hold_back):
    """An event that Ctrl-C sets.

    Only the main thread may touch signal handlers; elsewhere, and where someone else
    handles Ctrl-C, the event is never set.

    Parameters
    ----------
    hold_back : bool
        Set the event alone, instead of raising KeyboardInterrupt wherever the block happens
        to be. A second Ctrl-C raises all the same.
    """
    asked = threading.Event()
    usual = signal.default_int_handler

    def handle(number, frame):
        asked.set()
        signal.signal(signal.SIGINT, usual)
        if not hold_back:
            usual(number, frame)

    in_main_thread = threading.current_thread() is threading.main_thread()
    is_ours = in_main_thread and signal.getsignal(signal.SIGINT) is usual
    if is_ours:
        signal.signal(signal.SIGINT, handle)
    try:
        yield asked
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, usual)
