"""What the displays share: new figures, colours, names as they are."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from .._text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours without black and yellow: told apart by colour-blind readers, and
# seen on white as well as on black. Markers tell the same apart in print; their number has no
# divisor in common with that of the colours, so that 42 series differ.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#808080"
_LEGEND = 1  # inches that every figure has for one


def new_axes(*, figsize) -> Axes:
    """Make a figure of one plot."""
    return new_grid(1, 1, figsize=figsize)[0, 0]


def new_grid(n_rows, n_columns, *, figsize, layout="constrained") -> np.ndarray:
    """Make a figure of a grid of plots: axes of shape (n_rows, n_columns)."""
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise ImportError("Drawing needs matplotlib: pip install 'skgan_aug[plot]'") from error
    _, axes = plt.subplots(n_rows, n_columns, figsize=figsize, layout=layout, squeeze=False)
    return axes


def figure_of(ax) -> Figure:
    """The figure that axes are in, or the part of one that a caller took them from."""
    return ax.figure


def shape_axes(axes, *shape):
    """Bring axes, an array or a list of them, to a shape; refuse another number of them."""
    axes = np.array(axes, dtype=object)
    if axes.size != np.prod(shape):
        raise ValueError(
            f"axes holds {axes.size}, but {np.prod(shape)} are drawn on: give as many, or "
            "None for a new figure."
        )
    return axes.reshape(shape)


def keep_as_written(*texts):
    """Keep matplotlib from reading dollar signs in names as formulas."""
    for text in texts:
        text.set_parse_math(False)


def title_of(pair, class_names):
    """What a source and a target class are shown as."""
    return " → ".join(name_of(label, class_names) for label in pair)


def wrapped(name, width=24):
    """Break a name, as long as those of diseases are, into lines of so many characters."""
    return fill(name, width)


def height_of_line(names, width=24):
    """Inches of each of several lines with such names beside axes."""
    return 0.15 + 0.17 * max(wrapped(name, width).count("\n") + 1 for name in names)


def add_title(ax, title, *, inches=np.inf):
    """Write a title over axes, at the left, in lines about as long, or so many inches."""
    title = wrapped_title(title, min(_inches(ax), inches))
    keep_as_written(ax.set_title(title, loc="left"))


def wrapped_title(title, inches):
    return wrapped(title, max(24, int(inches / 0.1)))


def add_legend(ax, handles, names, *, over=None, width=24, **place):
    """Put a legend over axes, with as many columns as there is room for over them."""
    names = [wrapped(name, width) for name in names]
    longest = max(len(line) for name in names for line in name.split("\n"))
    n_columns = int(np.clip(1.1 * _inches(over or ax) / (0.7 + 0.085 * longest), 1, 4))
    legend = ax.legend(handles, names, ncols=n_columns, frameon=False, **place)
    keep_as_written(*legend.get_texts())


def make_room(ax):
    """Make a figure of our own higher by what a long legend would take from its axes."""
    legend = ax.get_legend().get_window_extent().height / ax.figure.dpi
    ax.figure.set_figheight(ax.figure.get_figheight() + max(0, legend - _LEGEND))


def _inches(part):
    """Width of axes, as they are before a layout widens them, or of a figure."""
    return part.get_window_extent().width / part.figure.dpi


def style_of(position):
    """Return colour and marker of the series at this position."""
    return {
        "color": COLORS[position % len(COLORS)],
        "marker": MARKERS[position % len(MARKERS)],
    }


def name_of(label, class_names):
    """Name a class for people; of a sequence of names, the label is the position."""
    if class_names is None:
        return printable(label)
    if not hasattr(class_names, "get"):
        class_names = dict(enumerate(class_names))
    return printable(class_names.get(label, label))
