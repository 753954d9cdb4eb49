"""write_report: a comparison as one page that needs nothing but a browser."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from .._files import output_file
from .._text import counted, printable
from ..comparison import (
    SCORES,
    paired_difference,
    row_titles,
    sampler_title,
    summarize_comparison,
)
from ..comparison._answer import (
    answer,
    at_ratio,
    choose_baselines,
    choose_sampler,
    join_words,
    standing_of,
    subject,
    with_spread,
)
from ..comparison._summary import SCORE_TITLES, check_score
from ..inspection._figure import name_of
from ._pictures import draw_pictures


def write_report(
    result: Bunch | dict,
    path: str | os.PathLike[str],
    *,
    title: str = "Comparison of over-samplers",
    description: str | None = None,
    sampler: str | None = None,
    baselines: Sequence[str] | None = None,
    score: str = "balanced_accuracy",
    class_names: Mapping | Sequence | np.ndarray | None = None,
    command: str | None = None,
) -> Path:
    """Write a comparison as a self-contained HTML page.

    The page says what was asked, answers in one sentence that is no surer than the
    intervals of the paired differences, and shows table, pictures, settings, versions and
    seeds. It loads nothing from anywhere and runs no script.

    Parameters
    ----------
    result : Bunch or dict
        What :func:`~skgan_aug.comparison.compare_samplers` returned, or several of these as
        ``{condition: result}``, such as ``{"without augmentation": ..., "with flips and
        shifts": ...}``.

    path : str or path
        Where the page is written.

    title : str, default="Comparison of over-samplers"
        Of the page.

    description : str, default=None
        What the images are.

    sampler : str, default=None
        Which sampler is judged; by default ``"cyclegan"``, or else the last that adds
        rows.

    baselines : str or list of str, default=None
        With which it is compared; by default SMOTE, random over-sampling, logit adjustment
        and no resampling, as far as they were compared.

    score : {"balanced_accuracy", "macro_f1", "minority_recall"}, \
            default="balanced_accuracy"
        Which score decides.

    class_names : dict or sequence, default=None
        How classes are called, where not by their labels: {label: name}, or the names
        of labels 0, 1 and so on, as ``target_names`` of a data set are.

    command : str, default=None
        What makes the same page again.

    Returns
    -------
    path : Path
        The page.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skgan_aug.comparison import compare_samplers
    >>> from skgan_aug.reporting import write_report
    >>> X, y = load_wine(return_X_y=True)
    >>> result = compare_samplers(
    ...     X, y, samplers=["none", "smote"], classifier=DecisionTreeClassifier(), cv=3)
    >>> with TemporaryDirectory() as folder:
    ...     write_report(result, Path(folder, "report.html")).name
    'report.html'
    """
    check_requirements()
    check_score(score)
    results = {None: result} if "sampler" in result else _by_condition(result)
    if not results:
        raise ValueError("result is empty: give a comparison, or {condition: comparison}.")
    parts = [
        _describe_part(condition, each, sampler, baselines, score, class_names)
        for condition, each in results.items()
    ]
    page = _load_template().render(
        title=title,
        description=description,
        question=_question(parts, score),
        score_titles=[SCORE_TITLES[name] for name in SCORES],
        parts=parts,
        command=command,
    )
    path = Path(path)
    with output_file(path) as file:
        file.write(page.encode())
    return path


def _by_condition(results):
    """Conditions as words: they may be given as numbers, such as sizes of images."""
    return {None if key is None else str(key): result for key, result in dict(results).items()}


def check_requirements() -> None:
    """Refuse to begin where a report could not be written.

    Raises
    ------
    ImportError
        Naming the package that is missing, and the remedy.

    Examples
    --------
    >>> from skgan_aug.reporting import check_requirements
    >>> check_requirements()  # silent where both are installed
    """
    try:
        import jinja2  # noqa: F401
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"A report needs {error.name}: pip install 'skgan_aug[report]'"
        ) from error


def _load_template():
    from jinja2 import Environment, StrictUndefined

    # Every name on the page comes from data: all of it is escaped, nothing is marked safe.
    environment = Environment(
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = files(__package__).joinpath("report.html.j2")
    return environment.from_string(template.read_text(encoding="utf-8"))


def _finalize(value):
    """Text of ours or of the data, before it is escaped; what has been is left alone."""
    return printable(value) if type(value) is str else value


def _question(parts, score):
    first = parts[0]
    others = [sampler_title(name) for name in first["baselines"]]
    beside = f" more than {join_words(others, 'or')}" if others else ""
    return f"Does {subject(first['sampler'])} raise {SCORE_TITLES[score]}{beside}?"


def _describe_part(condition, result, sampler, baselines, score, class_names):
    """Return what the page shows of one comparison."""
    sampler = choose_sampler(result, sampler)
    baselines = choose_baselines(result, sampler, baselines)
    return {
        "condition": condition,
        "answer": answer(result, sampler, baselines, score=score, condition=condition),
        "sampler": sampler,
        "title": " ".join(filter(None, (sampler_title(sampler), at_ratio(result)))),
        "baselines": baselines,
        "rows": _table_rows(result, sampler),
        "differences": _difference_rows(result, sampler, baselines),
        "pictures": draw_pictures(
            result, sampler, baselines, score=score, class_names=class_names
        ),
        "settings": _settings_rows(result, class_names),
    }


def _table_rows(result, sampler):
    rows = summarize_comparison(result)
    return [
        {
            "title": title,
            "is_judged": row["sampler"] == sampler,
            "cells": [with_spread(row[score], row[f"{score}_interval"]) for score in SCORES],
            "seconds": f"{row['seconds']:.{0 if row['seconds'] >= 10 else 1}f}",
            "n_runs": row["n_cells"] - row["n_failed"],
            "n_failed": row["n_failed"],
            "error": row["error"],
        }
        for title, row in zip(row_titles(rows), rows, strict=True)
    ]


def _difference_rows(result, sampler, baselines):
    rows = []
    for name in baselines:
        differences = [
            paired_difference(result, sampler, name, score=score) for score in SCORES
        ]
        n_pairs = differences[0].n_pairs
        cells = [
            {
                "text": _difference_in_words(difference, n_pairs),
                "is_decided": standing_of(difference) in ("raised", "lowered"),
            }
            for difference in differences
        ]
        title = f"{sampler_title(name)} ({counted(n_pairs, 'run')})"
        rows.append({"title": title, "cells": cells})
    return rows


def _difference_in_words(difference, n_pairs):
    """In points, with the number of runs where it is not that of the other scores."""
    text = with_spread(difference.mean, difference.high - difference.mean, signed=True)
    if difference.n_pairs in (0, n_pairs):
        return text
    return f"{text} ({counted(difference.n_pairs, 'run')})"


def _settings_rows(result, class_names):
    """Return pairs of a heading and a value, for people."""
    settings = result.settings

    def in_words(labels):
        return ", ".join(name_of(label, class_names) for label in labels)

    n_folds, seeds = settings["n_folds"], settings["seeds"]
    runs = counted(len(seeds), "seed")
    if n_folds > 1:
        runs += f" × {n_folds} folds"
    counts = (
        f"{name_of(label, class_names)}: {count}"
        for label, count in settings["train_counts"].items()
    )
    steps = settings["classifier_steps"]
    rows = [
        ("Shape of a row", " × ".join(map(str, settings["row_shape"]))),
        ("Training images of each class", ", ".join(counts)),
        ("Test images", str(settings["n_test"])),
        ("Over-sampled classes", in_words(result.minority_classes.tolist())),
        ("Ratios", ", ".join(f"{ratio:g}" for ratio in settings["ratios"])),
        ("Runs", runs),
        ("random_state", str(settings["random_state"])),
        ("Seeds drawn from it", ", ".join(map(str, seeds))),
        ("Classifier", settings["classifier"]),
        ("Steps of the classifier", "its own" if steps is None else str(steps)),
        ("Where device and precision are auto", "{device}, {precision}".format(**settings)),
    ]
    for name, sampler in settings["samplers"].items():
        rows.append((sampler_title(name), sampler or "the training images as they are"))
    versions = (f"{package} {number}" for package, number in result.versions.items())
    return [*rows, ("Versions", ", ".join(versions))]
