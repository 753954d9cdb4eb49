"""Displays of a comparison as SVG images that go into a page."""

import base64
import io
import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..comparison import (
    paired_values,
    row_title,
    row_titles,
    sampler_title,
    summarize_comparison,
)
from ..comparison._answer import at_ratio, points
from ..comparison._summary import SCORE_TITLES
from ..inspection import (
    ClassRecallDisplay,
    RatioCurveDisplay,
    SamplerComparisonDisplay,
    TranslationsDisplay,
)
from ..inspection._figure import COLORS, GREY, height_of_line, make_room, name_of
from ..inspection._sampler_comparison import height_of_row
from ..inspection._translations import height_of, most_triples

_WIDTH = 5  # inches: on a phone letters are to stay readable
# Drawn in this colour, and in the page's colour of text thereafter.
_INK = "#010203"
_STYLE = (
    "<style>svg{color:#1d2127}@media (prefers-color-scheme:dark){svg{color:#e4e6ea}}</style>"
)
# Any: matplotlib types the keys one by one.
_RC: Any = {
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), _INK
    ),
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "grid.color": GREY,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "svg.fonttype": "none",  # the browser has letters for names that matplotlib has not
    "svg.hashsalt": "skgan_aug",  # the same page for the same comparison
    "text.usetex": False,
}


@dataclass(frozen=True)
class Picture:
    """An image for the page, with words for those who do not see it."""

    title: str
    caption: str
    alt: str
    source: str


def draw_pictures(result, sampler, baselines, *, score, class_names):
    """Draw what there is to see in a comparison.

    Parameters
    ----------
    result : Bunch
        What :func:`~skgan_aug.comparison.compare_samplers` returned.

    sampler : str
        The one that is judged.

    baselines : list of str
        Those it is compared with.

    score : str
        Which score is drawn.

    class_names : dict or None
        How classes are called.

    Returns
    -------
    pictures : list of Picture
    """
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        # A browser has fonts for letters that matplotlib's own lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        # The user's styles are not for this page: large letters would leave no room to draw.
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        pictures = [_scores(result, score)]
        if at_ratio(result):  # there are several
            pictures.append(_ratios(result, score))
        before = "none" if "none" in baselines else next(iter(baselines), None)
        if before is not None and len(paired_values(result, sampler, before)[0]):
            pictures.append(_recalls(result, before, sampler, class_names))
        whose = _translator(result, sampler)
        if whose is not None:
            pictures.append(_translations(result, whose, class_names))
    return pictures


def _scores(result, score):
    rows = summarize_comparison(result)
    figure, ax = _new_figure(0.8 + height_of_row(row_titles(rows)) * len(rows))
    SamplerComparisonDisplay(rows=rows, score=score, spread="interval").plot(
        ax=ax, color=COLORS[0]
    )
    shown = ", ".join(
        f"{row_title(row, with_ratio=True)} {points(row[score])}"
        for row in rows
        if np.isfinite(row[score])
    )
    failed = any(row["n_failed"] for row in rows)
    caption = f"Dots are means over all runs{' that succeeded' if failed else ''}."
    if np.isfinite([row[f"{score}_interval"] for row in rows]).any():
        caption += (
            " Whiskers are 95% intervals of each mean; they hold the difference between draws "
            "of the data too, which paired differences do not."
        )
    return Picture(
        title=SCORE_TITLES[score].capitalize(),
        caption=caption,
        alt=f"{SCORE_TITLES[score].capitalize()} of each sampler in points: {shown}.",
        source=_as_source(figure),
    )


def _ratios(result, score):
    figure, ax = _new_figure(3.6)
    RatioCurveDisplay.from_comparison(result, score=score, ax=ax)
    make_room(ax)
    return Picture(
        title="Augmentation ratio",
        caption="The size that over-sampled classes are raised to, as a share of the largest.",
        alt=f"{SCORE_TITLES[score].capitalize()} against augmentation ratio, a line for each "
        "sampler; the table has the figures.",
        source=_as_source(figure),
    )


def _recalls(result, before, after, class_names):
    names = [name_of(label, class_names) for label in result.classes.tolist()]
    figure, ax = _new_figure(1 + height_of_line(names) * len(names))
    display = ClassRecallDisplay.from_comparison(
        result, before=before, after=after, class_names=class_names, ax=ax
    )
    where = f" {at_ratio(result)}" if at_ratio(result) else ""
    changes = ", ".join(
        f"{name} {old:.1f} to {new:.1f}"
        for name, old, new in zip(
            display.names,
            np.asarray(display.before_.get_xdata()),
            np.asarray(display.after_.get_xdata()),
            strict=True,
        )
        if np.isfinite(new)  # else no test image is of this class
    )
    return Picture(
        title="Recall of each class",
        caption=f"Recall{where}{_where_both_ran(result, before, after)}. Over-sampled classes "
        "are bold. At the right, the difference in points.",
        alt=f"Recall of each class with {sampler_title(before)} and with "
        f"{sampler_title(after)}{where}, in points: {changes}.",
        source=_as_source(figure),
    )


def _where_both_ran(result, *samplers):
    errors = result.error[np.isin(result.sampler, samplers)]
    return " over the runs in which both succeeded" if any(errors) else ""


def _translator(result, sampler):
    """The sampler whose translations are shown: the one that is judged, or else the first.

    None where nobody translated, or images that are neither grey nor RGB, which must not
    cost the page.
    """
    first = next(iter(result.translations), None)
    whose = sampler if sampler in result.translations else first
    examples = result.translations.get(whose, {}).values()
    can_be_shown = all(sources.shape[3:] in ((), (1,), (3,)) for sources, *_ in examples)
    return whose if can_be_shown else None


def _translations(result, whose, class_names):
    examples = result.translations[whose]
    side = (_WIDTH - 1.2) / most_triples(examples)
    height = height_of(examples, class_names, _WIDTH, side)
    figure, axes = _new_figure(height, len(examples), layout="compressed")
    TranslationsDisplay(examples=examples, class_names=class_names).plot(axes=axes)
    pairs = ", ".join(
        f"{name_of(source, class_names)} to {name_of(target, class_names)}"
        for source, target in examples
    )
    return Picture(
        title="Translations",
        caption=f"By {sampler_title(whose)}, from the first draw of the data. Below each "
        "translation stands the real training image of its class that it is closest to, by "
        "pixels.",
        alt=f"Source images, their translations by {sampler_title(whose)} and the nearest "
        f"real images: {pairs}.",
        source=_as_source(figure),
    )


def _new_figure(height, n_rows=1, *, layout="constrained"):
    from matplotlib.figure import Figure

    # Not from pyplot, which would open windows and keep the figures.
    figure = Figure(figsize=(_WIDTH, height), layout=layout)
    return figure, figure.subplots(n_rows)


def _as_source(figure):
    """Return the address of an SVG image that holds the figure in itself."""
    buffer = io.StringIO()
    nothing_else = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(buffer, format="svg", metadata=nothing_else)
    drawn = buffer.getvalue()
    svg = drawn[drawn.index("<svg") :].replace(_INK, "currentColor")
    svg = re.sub(r"(<svg[^>]*>)", lambda opening: opening[1] + _STYLE, svg, count=1)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
