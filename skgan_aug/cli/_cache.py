"""``skgan-aug cache``: what a folder of trained CycleGANs holds, and how to empty it."""

import time

from rich.console import Console
from rich.table import Table

from .._text import counted
from ..training import CycleGANCache
from ._console import as_text

_MEGABYTE = 2**20


def list_cache(folder):
    """Print a line per CycleGAN, the least recently used first."""
    entries = _open(folder).entries()
    table = Table(box=None, pad_edge=False)
    for heading in ("trained", "last used", "MB"):
        table.add_column(
            heading, justify="right" if heading == "MB" else "left", overflow="fold"
        )
    for entry in entries:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used))
        table.add_row(as_text(entry.title), used, f"{entry.n_bytes / _MEGABYTE:.1f}")
    console = Console()
    console.print(table)
    n_bytes = sum(entry.n_bytes for entry in entries)
    size = f"{n_bytes / _MEGABYTE:.1f} MB"
    console.print(f"{counted(len(entries), 'CycleGAN')}, {size}", highlight=False)


def clear_cache(folder):
    """Remove every CycleGAN of a cache."""
    n_removed = _open(folder).clear()
    removed = counted(n_removed, "CycleGAN")
    Console().print(as_text(f"Removed {removed} from {folder}."), soft_wrap=True)


def _open(folder):
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}.")
    return CycleGANCache(folder)
