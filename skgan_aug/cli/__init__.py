"""The command line: ``skgan-aug compare``, ``augment`` and ``cache``."""

import sys


def main():
    """Run the command line; without typer and rich, say how to get them."""
    try:
        import rich  # noqa: F401
        import typer  # noqa: F401
    except ImportError as error:
        sys.exit(f"skgan-aug needs {error.name}: pip install 'skgan_aug[cli]'")
    from ._app import app

    for stream in (sys.stdout, sys.stderr):  # not all encodings have a minus sign
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app()
