"""What the terminal shows: progress and table."""

import math
import warnings
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from .._text import printable
from ..comparison import SCORES, row_titles, sampler_title

HEADINGS = ("balanced accuracy", "macro F1", "minority recall", "seconds")


def as_text(text, style=""):
    """Text that holds names: shown as it is, not read as markup or obeyed by the terminal."""
    return Text(printable(text), style=style)


@contextmanager
def plain_warnings():
    """Print warnings as one line each."""

    def show(message, *args, **kwargs):
        text = " ".join(str(message).split())
        Console(stderr=True).print(as_text(f"Warning: {text}", "yellow"), soft_wrap=True)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


class CellProgress:
    """One line on stderr: how many cells are done, which was the last, how long it takes."""

    def __init__(self, n_cells, first):
        self.progress = Progress(
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("elapsed,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=Console(stderr=True),
            transient=True,
        )
        self.task = self.progress.add_task(first, total=n_cells)

    def __enter__(self):
        self.progress.start()
        return self

    def __exit__(self, *exception):
        self.progress.stop()

    def advance(self, cell):
        """Count a finished cell."""
        outcome = "done" if cell["error"] is None else "failed"
        text = f"{sampler_title(cell['sampler'])}, seed {cell['seed'] + 1}: {outcome}"
        self.progress.update(self.task, advance=1, description=text)


def summary_table(rows):
    """Lay out the rows of `summarize_comparison`, in points.

    A sampler that failed has the reason in place of figures, however long:
    columns of a bordered table would break it into pieces.
    """
    titles = row_titles(rows)
    width = max(map(len, [*titles, "sampler"]))
    header = "  ".join([f"{'sampler':<{width}}", *(f"{text:>17}" for text in HEADINGS[:-1])])
    text = Text(f"\n{header}  {HEADINGS[-1]:>8}\n", style="bold")
    best = max(
        (row[SCORES[0]] for row in rows if row["n_failed"] < row["n_cells"]), default=None
    )
    for title, row in zip(titles, rows, strict=True):
        line, style = f"{title:<{width}}  {_figures(row)}\n", ""
        if row["error"] is not None:
            style = "red"
        elif row[SCORES[0]] == best:
            style = "green"
        text.append(line, style=style or "not bold")
    return text


def _figures(row):
    if row["n_failed"] == row["n_cells"]:
        return f"could not run: {row['error']}"
    scores = (mean_and_sd(row[score], row[f"{score}_sd"]) for score in SCORES)
    figures = "  ".join(f"{text:>17}" for text in scores) + f"  {row['seconds']:>8.1f}"
    if row["n_failed"]:
        figures += f"  {row['n_failed']} of {row['n_cells']} could not run: {row['error']}"
    return figures


def mean_and_sd(mean, sd):
    """Write a score in points."""
    return f"{100 * mean:.1f}" + ("" if math.isnan(sd) else f" ± {100 * sd:.1f}")
