"""The command line: ``skgan-aug compare``, ``augment`` and ``cache``."""

import codecs
import signal
import sys
from contextlib import contextmanager

_SIMPLER = {"−": "-", "–": "-", "±": "+/-"}
INTERRUPTED, _TERMINATED = 130, 143  # what shells expect of a command that a signal ended


def main():
    """Run the command line; without typer and rich, say how to get them."""
    try:
        import rich  # noqa: F401
        import typer  # noqa: F401
    except ImportError as error:
        sys.exit(f"skgan-aug needs {error.name}: pip install 'skgan_aug[cli]'")
    with _ended_by_signals():
        from ._app import app

        codecs.register_error("skgan_aug", _simplify)
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="skgan_aug")
        app()


@contextmanager
def _ended_by_signals():
    """Let SIGTERM do what Ctrl-C does: by itself it would leave worker processes at work.

    Schedulers and containers send it, to this process alone.
    """
    asked = []

    def interrupt(number, frame):
        asked.append(number)
        handle = signal.getsignal(signal.SIGINT)
        if not callable(handle):  # ignored, as in the background of a script
            handle = signal.default_int_handler
        handle(number, frame)

    usual = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:  # while modules are imported
        sys.exit(_TERMINATED if asked else INTERRUPTED)
    except SystemExit as end:
        sys.exit(_TERMINATED if asked else end.code)
    finally:
        signal.signal(signal.SIGTERM, usual)


def _simplify(error):
    """Write what an encoding lacks otherwise: without its sign a loss would read as a gain."""
    lacking = error.object[error.start : error.end]
    return "".join(_SIMPLER.get(character, "?") for character in lacking), error.end
