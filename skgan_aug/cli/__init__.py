"""The command line: ``skgan-aug compare``, ``augment`` and ``cache``."""

import codecs
import sys

_SIMPLER = {"−": "-", "–": "-", "±": "+/-"}


def main():
    """Run the command line; without typer and rich, say how to get them."""
    try:
        import rich  # noqa: F401
        import typer  # noqa: F401
    except ImportError as error:
        sys.exit(f"skgan-aug needs {error.name}: pip install 'skgan_aug[cli]'")
    from ._app import app

    codecs.register_error("skgan_aug", _simplify)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="skgan_aug")
    app()


def _simplify(error):
    """Write what an encoding lacks otherwise: without its sign a loss would read as a gain."""
    lacking = error.object[error.start : error.end]
    return "".join(_SIMPLER.get(character, "?") for character in lacking), error.end
