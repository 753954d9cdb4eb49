"""What the terminal shows: progress and table."""

import warnings
from contextlib import contextmanager
from datetime import timedelta

import numpy as np
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
from ..comparison import SCORES, row_title, row_titles
from ..comparison._answer import with_spread
from ..comparison._summary import SCORE_TITLES

HEADINGS = (*SCORE_TITLES.values(), "seconds")


def as_text(text, style=""):
    """Text that holds names: shown as it is, not read as markup or obeyed by the terminal."""
    return Text(printable(text), style=style)


@contextmanager
def plain_warnings(console):
    """Print each warning once, as a line above the progress where `console` shows one."""
    shown = set()

    def show(message, *args, **kwargs):
        text = " ".join(str(message).split())
        if text not in shown:  # every cell would say it again
            console.print(as_text(f"Warning: {text}", "yellow"), soft_wrap=True)
        shown.add(text)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


class CellProgress:
    """How many cells are done, which was the last, how long it takes.

    A bar on a terminal; elsewhere, as in the log of a cluster, a line for each cell.
    """

    def __init__(self, console, n_cells, first, *, with_folds):
        self.with_folds = with_folds
        self.progress = Progress(
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("elapsed,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            transient=True,
            disable=not console.is_interactive,
        )
        self.progress.add_task(first, total=n_cells)

    def __enter__(self):
        self.progress.start()
        return self

    def __exit__(self, *exception):
        self.progress.stop()

    def advance(self, cell):
        """Count a finished cell."""
        (task,) = self.progress.tasks
        fold = f", fold {cell['fold'] + 1}" if self.with_folds else ""
        outcome = "done" if cell["error"] is None else "failed"
        text = f"{row_title(cell, with_ratio=True)}, seed {cell['seed'] + 1}{fold}: {outcome}"
        self.progress.update(task.id, advance=1, description=text)
        if self.progress.disable:
            elapsed = timedelta(seconds=int(task.elapsed or 0))
            line = f"{task.completed:.0f} of {task.total:.0f}: {text}, {elapsed} elapsed"
            self.progress.console.print(as_text(line), soft_wrap=True)


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


def key_to_spreads(rows, verdict):
    """Say what ± means, which in the verdict is not what it is in the table."""
    if np.isnan([row[f"{score}_sd"] for row in rows for score in SCORES]).all():
        return "Scores in points."
    key = "Scores in points: mean ± standard deviation of runs"
    return f"{key}; below, ± half of a 95% interval." if "±" in verdict else f"{key}."


def _figures(row):
    if row["n_failed"] == row["n_cells"]:
        return f"could not run: {row['error']}"
    scores = (with_spread(row[score], row[f"{score}_sd"]) for score in SCORES)
    figures = "  ".join(f"{text:>17}" for text in scores) + f"  {row['seconds']:>8.1f}"
    if row["n_failed"]:
        figures += f"  {row['n_failed']} of {row['n_cells']} could not run: {row['error']}"
    return figures
